// What the documents show of the shipped samples is what the program prints, line by line.
// A line of dots stands for lines that are left out.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandsReference } from '../../build/commands-reference.ts';
import { plugins } from '../../plugins/index.ts';
import { spawning } from '../cli/spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestige-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const vestige = spawning(folder);

const readme = readFileSync('README.md', 'utf8');
const guides = readdirSync('docs/guide').map((name) => readFileSync(join('docs/guide', name), 'utf8'));

/** A command line of a document, and the lines that stand below it. */
interface Example {
  readonly command: string;
  readonly lines: readonly string[];
}

describe('what the documents show of the samples', () => {
  const examples = [readme, ...guides]
    .flatMap(examplesIn)
    .filter(({ command, lines }) => / samples\/web-1\//.test(command) && lines.length > 0)
    .filter(({ command }) => !/--output|\*/.test(command));

  it('are several commands', () => {
    expect(examples.length).toBeGreaterThan(4);
  });

  it.each(examples.map(({ command, lines }) => [command, lines] as const))('%s', (command, lines) => {
    const { stdout, stderr } = vestige(...command.split(' '));
    expect(stderr).toBe('');
    expect(missingOf(lines, stdout)).toEqual([]);
  });

  it('would be noticed where they were not so, or in another order', () => {
    expect(missingOf(['a', '…', 'c'], 'a\nb\nc\n')).toEqual([]);
    expect(missingOf(['c', 'a'], 'a\nb\nc\n')).toEqual(['a']);
    expect(missingOf(['a', 'b  2'], 'a\nb  1\n')).toEqual(['b  2']);
  });
});

describe('the README', () => {
  it('names every command in its table but the questions, of which it names some, and none that is not there', () => {
    const [, table = ''] = /\n## Commands\n\n([\s\S]*?)\n\n/.exec(readme) ?? [];
    const named = table.split('\n').flatMap((line) => {
      const [, first = '', text = ''] = line.split('|');
      return [...`${first}${/`run`/.exec(text)?.[0] ?? ''}`.matchAll(/`([\w-]+)`/g)].map(([, name]) => name!);
    });
    const reference = commandsReference();
    const declared = [
      ...[...reference.matchAll(/^\| `vestige ([\w-]+) /gm)].map(([, name]) => name!),
      ...[...reference.matchAll(/^## (?!Questions|Common)([\w-]+)/gm)].map(([, name]) => name!),
    ];
    const questions = new Set(plugins.map(({ name }) => name));
    expect(named.filter((name) => !declared.includes(name))).toEqual([]);
    expect(declared.filter((name) => !questions.has(name) && !named.includes(name))).toEqual([]);
  });

  it('gives the two commands that the checks run and the package has', () => {
    const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> })
      .scripts;
    const commands = [...readme.matchAll(/^npm install && npm (\w+) /gm)].map(([, script]) => script!);
    expect(commands).toEqual(['start', 'test']);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(commands));
    expect(readFileSync('.ci/run', 'utf8')).toContain('\nnpm install\nnpm test\n');
  });
});

it('CONTRIBUTING lists every check of .ci/run in its order', () => {
  const checks = [...readFileSync('.ci/run', 'utf8').matchAll(/^npm .*$/gm)].map(([line]) => line);
  const listed = [...readFileSync('CONTRIBUTING.md', 'utf8').matchAll(/^\| `(npm [^`]*)` \|/gm)].map(
    ([, line]) => line,
  );
  expect(listed).toEqual(checks);
});

function examplesIn(text: string): Example[] {
  const blocks = [...text.matchAll(/^```\n(\$ [\s\S]*?)^```/gm)].map(([, block]) => block!);
  return blocks
    .flatMap((block) => block.split(/^\$ /m).slice(1))
    .map((part) => {
      const [command = '', ...lines] = part.trimEnd().split('\n');
      return { command: command.replace(/^(npx )?vestige /, ''), lines };
    });
}

/** The lines that do not stand in a text in this order; blank ones and dots aside. */
function missingOf(lines: readonly string[], text: string): string[] {
  const printed = text.split('\n').map(plain);
  let next = 0;
  return lines.filter((line) => {
    if (['', '…'].includes(line.trim())) return false;
    const at = printed.indexOf(plain(line), next);
    if (at >= 0) next = at + 1;
    return at < 0;
  });
}

/** A line without what is only padding. */
const plain = (line: string): string => line.trimEnd();
