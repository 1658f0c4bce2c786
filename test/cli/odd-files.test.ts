// Files that are not what a command expects: pipes that nobody writes to, folders that take no files, a program that is not
// whole. Each command ends, and says what is the matter in one line.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const AFTER = 'samples/web-1/after.kdump';
/** Whoever waits for a pipe waits for ever. */
const PATIENCE_MS = 60_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-odd-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function vestige(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VESTIGE, ...words], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    env: { ...process.env, XDG_CACHE_HOME: folder, XDG_STATE_HOME: folder, NO_COLOR: '1', ...env },
  });
  return { status, stdout, stderr };
}

function pipe(name: string): string {
  const path = join(folder, name);
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

describe('a pipe that nobody writes to', () => {
  it('is no cache', () => {
    const path = pipe('cache.sqlite');
    const { status, stdout, stderr } = vestige(['pslist', AFTER, '--pid', '2', '--cache', path]);
    expect([status, stdout.includes('kthreadd')]).toEqual([0, true]);
    expect(stderr).toBe(`vestige: cache ${path}: it is no regular file; going on without it\n`);
    expect(vestige(['scan', folder, '--history', path])).toEqual({
      ...{ status: 2, stdout: '' },
      stderr: `vestige: cache ${path}: it is no regular file\n`,
    });
  });

  it('is no policy that another includes', () => {
    pipe('base.yaml');
    const policy = join(folder, 'policy.yaml');
    writeFileSync(policy, 'version: 1\nname: ours\ninclude: [./base.yaml]\n');
    const { status, stdout } = vestige(['policy', 'validate', policy]);
    expect(status).not.toBe(0);
    expect(stdout).toContain('base.yaml: it is no regular file');
  });

  it('is no plugin', () => {
    const path = pipe('mine.mjs');
    expect(vestige(['--plugin', path, 'plugins'])).toMatchObject({
      ...{ status: 2, stderr: `vestige: cannot load plugin ${path}: it is no regular file\n` },
    });
  });
});

describe('a cache in a folder that takes no files', () => {
  /** Root is kept out by nothing but the way in which the file system is mounted. */
  const isRoot = process.getuid?.() === 0;
  const mayMount = (): boolean => spawnSync('mount', ['--bind', folder, folder]).status === 0;

  it('answers what it has, and adds nothing', () => {
    const words = ['pslist', AFTER, '--cache', join(folder, 'cache/cache.sqlite'), '--json'];
    mkdirSync(join(folder, 'cache'));
    const whole = vestige(words);
    if (isRoot && !mayMount()) return;
    if (isRoot) spawnSync('mount', ['-o', 'remount,ro,bind', folder]);
    else for (const path of ['cache/cache.sqlite', 'cache']) chmodSync(join(folder, path), 0o500);
    try {
      expect(vestige(words)).toEqual(whole);
      const { status, stderr } = vestige(['modules', ...words.slice(1)]);
      expect([status, stderr]).toEqual([
        0,
        expect.stringContaining('cannot be written; going on without it'),
      ]);
    } finally {
      if (isRoot) spawnSync('umount', [folder]);
      else chmodSync(join(folder, 'cache'), 0o700);
    }
  });
});

describe('a program whose compiled part is not built', () => {
  it('says so in one line and answers, and records nothing', () => {
    const hook = join(folder, 'unbuilt.cjs');
    writeFileSync(
      hook,
      `process.dlopen = () => { throw Object.assign(new Error('was compiled against\\nanother Node'), { code: 'ERR_DLOPEN_FAILED' }); };`,
    );
    const unbuilt = { NODE_OPTIONS: `--require=${hook}` };
    const why =
      'the compiled part of better-sqlite3 is not there, or is of another Node: npm rebuild better-sqlite3 makes it';
    const { status, stdout, stderr } = vestige(['pslist', AFTER, '--pid', '2'], unbuilt);
    expect([status, stdout.includes('kthreadd')]).toEqual([0, true]);
    expect(stderr).toBe(`vestige: cache ${folder}/vestige/cache.sqlite: ${why}; going on without it\n`);
    const scan = vestige(['scan', AFTER], unbuilt);
    expect([scan.status, scan.stdout, scan.stderr.split('\n').length]).toEqual([2, '', 2]);
    expect(scan.stderr).toContain(why);
  });
});

describe('what quotes memory', () => {
  it('is written for its owner alone', () => {
    const umask = process.umask(0);
    try {
      const path = (name: string): string => join(folder, name);
      vestige(['check', AFTER, '--format', 'sarif', '--output', path('verdict.sarif')]);
      vestige(['check', AFTER, '--write-baseline', path('baseline.json')]);
      vestige(['report', AFTER, '--output', path('page.html')]);
      for (const name of ['verdict.sarif', 'baseline.json', 'page.html', 'vestige/cache.sqlite'])
        expect([name, statSync(path(name)).mode & 0o777]).toEqual([name, 0o600]);
    } finally {
      process.umask(umask);
    }
  });
});
