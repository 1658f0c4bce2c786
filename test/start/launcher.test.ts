import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { codeFile, ENTRY, partFile, WRAPPING } from '../../src/start/bundle.ts';
import { writeRaw } from '../support/writers.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const ROOT = process.cwd();
const BEFORE = join(ROOT, 'samples/web-1/before.kdump');
const AFTER = join(ROOT, 'samples/web-1/after.kdump');
const scratch = scratchFolder();

let packages = 0;

/** A package as the build leaves it, to be spoiled. What is not made for the start alone is linked. */
function packageAt(): string {
  const root = scratch.path(`package-${packages++}`);
  mkdirSync(join(root, 'dist'), { recursive: true });
  for (const made of ['dist/bin', 'dist/bundle'])
    cpSync(join(ROOT, made), join(root, made), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  for (const linked of ['dist/src', 'dist/plugins', 'node_modules', 'policies', 'profiles'])
    symlinkSync(join(ROOT, linked), join(root, linked));
  return root;
}

/** Runs the launcher of a package. */
function vestige(root: string, words: readonly string[], options = '') {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'dist/bin/vestige.js'), ...words],
    {
      encoding: 'utf8',
      env: {
        ...process.env,
        NODE_OPTIONS: options,
        NO_COLOR: '1',
        XDG_CACHE_HOME: scratch.path('cache'),
        XDG_STATE_HOME: scratch.path('state'),
      },
    },
  );
  return { status, stdout, stderr };
}

/** The same words to the modules that the bundle is made of. */
function modules(words: readonly string[]) {
  const script = `import { main } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/src/cli/main.js')).href)};
    process.exitCode = await main(${JSON.stringify(words)});`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      NO_COLOR: '1',
      XDG_CACHE_HOME: scratch.path('cache'),
      XDG_STATE_HOME: scratch.path('state'),
    },
  });
  return { status, stdout, stderr };
}

/** Node's option that runs `body` first, in worker threads too. */
const first = (body: string): string => `--import data:text/javascript,${encodeURIComponent(body)}`;

describe('the launcher', () => {
  it.each(['main', 'reading', 'judging'])('finds code that V8 takes: %s', (part) => {
    const modules = ['bundle', 'engine'].map(
      (name) => pathToFileURL(join(ROOT, `dist/src/start/${name}.js`)).href,
    );
    const script = `import { openPart } from ${JSON.stringify(modules[0])};
      import { optimizeLater } from ${JSON.stringify(modules[1])};
      optimizeLater();
      process.stdout.write(String(openPart('dist/bundle', '${part}').script.cachedDataRejected));`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    expect(stdout).toBe('false');
  });

  it.each([
    [['--version'], 0],
    [['--help'], 0],
    [['help', 'pslist'], 0],
    [['pslst', AFTER], 2],
    [['pslist', AFTER, '--no-cache', '--json'], 0],
    [['diff', BEFORE, AFTER, '--no-cache', '--plugins', 'pslist,modules'], 1],
    [['check', AFTER, '--no-cache', '--format', 'sarif'], 1],
    [['report', AFTER, '--no-cache', '--output', scratch.path('page.html')], 0],
  ])('answers %j as the modules do', (words, code) => {
    const answer = vestige(ROOT, words);
    expect(answer).toEqual(modules(words));
    expect(answer.status).toBe(code);
  });

  it.each<[string, (root: string, code: string) => void]>([
    ['is not there', (_, code) => rmSync(code)],
    ['is no code', (_, code) => writeFileSync(code, 'x'.repeat(100_000))],
    ['was written in part', (_, code) => truncateSync(code, 300_000)],
    ['has other bytes in the middle', (_, code) => damage(code, 400_000)],
    [
      'is that of another bundle',
      (root) => appendFileSync(join(root, 'dist/bundle', partFile('main')), '// more\n'),
    ],
  ])('answers the same where the code %s', (_, spoil) => {
    const root = packageAt();
    const words = ['pslist', AFTER, '--no-cache'];
    const whole = vestige(root, words);
    for (const part of ['main', 'reading']) spoil(root, join(root, 'dist/bundle', codeFile(part)));
    expect(vestige(root, words)).toEqual(whole);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['pslist', AFTER],
    ['triage', AFTER],
    ['diff', BEFORE, AFTER],
    ['scan', '--settle', '0', '--history', scratch.path('history.sqlite'), BEFORE, AFTER],
  ])('answers %s from memory without the parts that read, judge, or are seldom used', (...words) => {
    const root = packageAt();
    const asked = vestige(root, words);
    const again = vestige(root, words);
    for (const part of ['reading', 'judging', 'rest']) rmSync(join(root, 'dist/bundle', partFile(part)));
    expect(vestige(root, words)).toEqual(again);
    expect(again.stderr).toBe(asked.stderr);
  });

  it('runs in a package that lies elsewhere, and finds there what comes with it', () => {
    const root = packageAt();
    writeFileSync(join(root, 'package.json'), '{ "type": "module", "version": "9.8.7" }');
    expect(vestige(root, ['--version']).stdout).toBe('9.8.7\n');
    rmSync(join(root, 'policies'));
    expect(vestige(root, ['policy', 'list', 'cloud-linux']).status).toBe(2);
  });

  it.each([[(path: string) => ['--plugin', path]], [(path: string) => [`--plugin=${path}`]]])(
    'gives a plugin of the user the classes that the program knows',
    (flag) => {
      const path = scratch.file(
        'mine.mjs',
        `import { definePlugin, EvidenceFault, UsageError } from ${JSON.stringify(pathToFileURL(join(ROOT, 'dist/src/index.js')).href)};
         class Gone extends EvidenceFault { code = 'gone'; }
         export default definePlugin({
           name: 'mine', summary: 'Throw what it is told to', example: '', version: 1, identity: ['n'],
           options: { refuse: { help: 'refuse', parse: Boolean } },
           *subjects(kernel, { refuse }) {
             if (refuse) throw new UsageError('mine refuses');
             yield 1;
             throw new Gone('no more is there');
           },
           columns: { n: { int: (n) => n }, gone: { int: () => { throw new Gone('it is gone'); } } },
         });`,
      );
      const asked = vestige(ROOT, [...flag(path), 'mine', AFTER, '--format', 'jsonl']);
      expect(asked).toMatchObject({ status: 0, stdout: expect.stringContaining('"gone":{"absent":"gone"}') });
      expect(asked.stdout).toContain('mine stopped early: no more is there');
      expect(vestige(ROOT, [...flag(path), 'mine', AFTER, '--refuse', 'yes'])).toEqual({
        status: 2,
        stdout: 'n  gone\n',
        stderr: 'vestige: mine: mine refuses\n',
      });
    },
  );

  it('sweeps on threads, which find their modules beside the bundle', () => {
    const raw = scratch.path('after.raw');
    writeRaw(raw, openSnapshot(AFTER).memory.source);
    truncateSync(raw, 2 ** 30 + 2 ** 22); // as much as is worth threads; a hole of zeros
    const threads = scratch.file('threads', '');
    const hook = first(`import { appendFileSync } from 'node:fs';
      import { isMainThread } from 'node:worker_threads';
      if (!isMainThread) appendFileSync(${JSON.stringify(threads)}, 'x');`);
    const { status, stdout, stderr } = vestige(ROOT, ['keys', raw, '--no-cache'], hook);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toBe(vestige(ROOT, ['keys', AFTER, '--no-cache']).stdout);
    expect(readFileSync(threads, 'latin1').length > 0).toBe(availableParallelism() > 1);
  });

  it('does not end as if all were well where no answer comes', () => {
    const root = packageAt();
    const [before, after] = WRAPPING;
    const main = `'${ENTRY}': () => ({ main: () => new Promise(() => {}) })`;
    writeFileSync(join(root, 'dist/bundle', partFile('main')), `${before}${main}${after}`);
    expect(vestige(root, ['plugins']).status).toBe(13);
  });

  it('has the JavaScript of the very better-sqlite3 that is installed beside it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Readonly<Record<string, string>>;
    };
    expect(dependencies['better-sqlite3']).toMatch(/^\d+\.\d+\.\d+$/); // its addon is no interface that lasts
  });

  it('leaves the names in the stack of a bug', () => {
    const broken = first(
      `Object.defineProperty(process.stdout, 'isTTY', { get() { throw new TypeError('boom'); } });`,
    );
    const { status, stderr } = vestige(ROOT, ['plugins'], broken);
    expect(status).toBe(70);
    expect(stderr).toMatch(/^vestige: this is a bug in vestige .*\nTypeError: boom\n/);
    expect(stderr).toMatch(/\n {4}at showList \(.*main\.cjs:\d+:\d+\)\n/);
  });
});

function damage(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.fill(0x5a, at, at + 64);
  writeFileSync(path, bytes);
}
