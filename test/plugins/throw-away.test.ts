// A question that somebody writes by CONTRIBUTING alone, in one file: it has a scanner and an artefact, is begun by the
// scaffold in a copy of this tree, and works wherever questions do without another file being touched.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { modelOf } from '../cli/page-model.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const ROOT = process.cwd();
const BEFORE = join(ROOT, 'samples/web-1/before.kdump');
const AFTER = join(ROOT, 'samples/web-1/after.kdump');
const NAME = 'elf-headers';
const MOST_LINES = 40;

const scratch = scratchFolder();
const tree = scratch.path('tree');

function node(script: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...words], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    env: {
      ...process.env,
      XDG_CACHE_HOME: scratch.path('cache'),
      XDG_STATE_HOME: scratch.path('cache'),
      NO_COLOR: '1',
    },
  });
  if (status === null || status > 1) throw new Error(`${script} ${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}

const vestige = (...words: string[]): string => node('dist/bin/vestige.js', ...words);

/** The rows of the answer to the question, as its JSON has them. */
const rows = (path: string, ...words: string[]): { physical: string; type: string }[] =>
  vestige(NAME, path, '--format', 'jsonl', ...words)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { plugin?: string; physical: string; type: string })
    .filter(({ physical }) => physical !== undefined);

beforeAll(() => {
  mkdirSync(tree);
  const parts = ['src', 'plugins', 'bin', 'build', 'test', 'dist', 'policies', 'profiles', 'schema'];
  for (const part of [...parts, 'package.json', 'tsconfig.json'])
    cpSync(join(ROOT, part), join(tree, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  node('dist/build/new-question.js', NAME);
  const written = join(ROOT, 'test/plugins/throw-away');
  cpSync(join(written, 'question.ts.txt'), join(tree, `plugins/${NAME}.ts`));
  cpSync(join(written, 'test.ts.txt'), join(tree, `test/plugins/${NAME}.test.ts`));
  node('node_modules/typescript/bin/tsc', '-p', '.');
  node('dist/build/main.js');
}, 600_000);

describe('a question in one file', { timeout: 300_000 }, () => {
  it('is short, and passes its own test', () => {
    const text = readFileSync(join(tree, `plugins/${NAME}.ts`), 'utf8');
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
    expect(node('node_modules/vitest/vitest.mjs', 'run', `test/plugins/${NAME}.test.ts`)).toContain(
      '2 passed',
    );
  });

  it('has its place in --help, its own help, completion and the list of questions', () => {
    expect(vestige('--help')).toMatch(/elf-headers .*Find the headers of ELF files/);
    expect(vestige('help', NAME)).toMatch(/--type <list>[\s\S]*--save <folder>[\s\S]*where it begins in RAM/);
    expect(vestige('completion', 'bash')).toContain(NAME);
    expect(vestige('plugins')).toContain('physical, type, entry');
  });

  it('finds what there is, and the same when it is asked again and by threads of one scan', () => {
    const found = rows(AFTER);
    expect(found.length).toBeGreaterThan(10);
    expect(found.map(({ type }) => type)).toContain('executable');
    expect(rows(AFTER)).toEqual(found);
    expect(rows(AFTER, '--type', 'executable').length).toBeLessThan(found.length);
  });

  it('is part of triage, diff, the page and SQL', () => {
    const found = rows(AFTER).length;
    expect(vestige('triage', AFTER)).toContain(`ELF files  ${found};`);
    const differences = vestige('diff', BEFORE, AFTER, '--plugins', NAME);
    expect(differences).toMatch(/ELF header {2}0x[0-9a-f]+ executable 0x[0-9a-f]+/);
    expect(differences).toMatch(/ELF headers: \d+ new, \d+ gone/);
    vestige('report', AFTER, '--output', scratch.path('page.html'));
    const { tables } = modelOf(readFileSync(scratch.path('page.html'), 'utf8'));
    expect(tables.find(({ name }) => name === NAME)?.rowCount).toBe(found);
    const count = vestige(
      'sql',
      '--format',
      'csv',
      `select count(*) as n from "${NAME}" where snapshot = '${AFTER}'`,
    );
    expect(count).toBe(`n\r\n${found}\r\n`);
  });

  it('saves the bytes behind its rows', () => {
    const folder = scratch.path('saved');
    const found = rows(AFTER, '--type', 'executable', '--save', folder);
    const files = readdirSync(folder).filter((name) => name.endsWith('.elf'));
    expect(files.length).toBe(found.length);
    for (const name of files) {
      const bytes = readFileSync(join(folder, name));
      expect([bytes.length, bytes.toString('latin1', 1, 4)]).toEqual([64, 'ELF']);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    const listed = readFileSync(join(folder, 'manifest.jsonl'), 'utf8').trim().split('\n');
    expect(listed.length).toBe(found.length);
  });
});
