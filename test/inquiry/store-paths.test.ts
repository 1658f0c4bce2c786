// What lies where: what scans recorded in the state folder, what can be found out again in the cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultCachePath, defaultHistoryPath, storePaths } from '../../src/inquiry/store-paths.ts';

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const BEFORE = 'samples/web-1/before.kdump';
const AFTER = 'samples/web-1/after.kdump';

let folder: string;
let cache: string;
let history: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-places-'));
  cache = join(folder, 'cache/vestige/cache.sqlite');
  history = join(folder, 'state/vestige/history.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

function vestige(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const places = { XDG_CACHE_HOME: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state') };
  const env = { ...process.env, ...places, NO_COLOR: '1' };
  return spawnSync(process.execPath, [VESTIGE, ...words], { encoding: 'utf8', env });
}

const scan = (...words: string[]) =>
  vestige('scan', '--settle', '0', '--plugins', 'pslist,modules', ...words, BEFORE);

describe('the usual files', () => {
  it('are those of the XDG folders, where these are absolute', () => {
    const env = { XDG_CACHE_HOME: '/c', XDG_STATE_HOME: '/s' };
    expect(defaultCachePath(env)).toBe('/c/vestige/cache.sqlite');
    expect(defaultHistoryPath(env)).toBe('/s/vestige/history.sqlite');
    expect(defaultHistoryPath({ XDG_STATE_HOME: 's' })).toMatch(
      /^\/.*\/\.local\/state\/vestige\/history\.sqlite$/,
    );
    expect(defaultCachePath({})).toMatch(/^\/.*\/\.cache\/vestige\/cache\.sqlite$/);
  });

  it('are one where a flag names one, and none where none is wanted', () => {
    expect(storePaths({ cache: '/one' })).toEqual({ cache: '/one' });
    expect(storePaths({ cache: false })).toBeUndefined();
  });
});

describe('what scans record', () => {
  it('is in the state folder, outlives the cache, and answers as what is remembered does', () => {
    expect(scan().status).toBe(0);
    expect([existsSync(history), existsSync(cache)]).toEqual([true, false]);
    vestige('pslist', AFTER);
    rmSync(join(folder, 'cache'), { recursive: true });
    const listed = JSON.parse(vestige('cache', 'list', '--json').stdout) as { plugins: string[] }[];
    expect(listed.map(({ plugins }) => plugins.sort())).toEqual([['modules', 'pslist']]);
    const asked = vestige('sql', '--format', 'csv', 'SELECT DISTINCT hostname FROM pslist');
    expect(asked.stdout).toBe('hostname\r\nweb-1\r\n');
    expect(vestige('report', 'web-1', '--output', '-').stdout).toContain('<!doctype html>');
    expect(vestige('cache', 'clear', '--yes').stdout).toBe(`${cache} is empty\n`);
    expect(vestige('sql', '--format', 'csv', 'SELECT count(*) AS n FROM snapshots').stdout).toBe(
      'n\r\n1\r\n',
    );
  });

  it('moves there from where it used to be, and a line says so once', () => {
    expect(scan('--cache', cache).status).toBe(0);
    const moved = `vestige: what scans recorded has moved from ${cache} to ${history}\n`;
    expect(vestige('sql', '--format', 'csv', 'SELECT count(*) AS n FROM snapshots')).toMatchObject({
      stdout: 'n\r\n1\r\n',
      stderr: moved,
    });
    const again = scan('--verbose');
    expect([again.status, again.stdout, again.stderr]).toEqual([
      0,
      expect.stringContaining('seen before'),
      '',
    ]);
  });

  it('is in the file that a flag names, by either name of the flag', () => {
    const named = join(folder, 'named.sqlite');
    expect(scan('--history', named).status).toBe(0);
    expect(scan('--cache', named, '--verbose').stdout).toContain('seen before');
    expect([existsSync(history), existsSync(cache)]).toEqual([false, false]);
  });
});

describe('a history that a flag names', () => {
  it('takes over from a cache beside it, as both lie in the folder of a service', () => {
    const [before, after] = ['cache.sqlite', 'history.sqlite'].map((name) => join(folder, name));
    scan('--cache', before!);
    const { status, stdout, stderr } = scan('--history', after!, '--verbose');
    expect([status, stderr]).toEqual([
      0,
      `vestige: what scans recorded has moved from ${before} to ${after}\n`,
    ]);
    expect(stdout).toContain('seen before');
  });
});

describe('cache clear', () => {
  it('says what of it nobody can find out again, and does nothing unasked', () => {
    const named = join(folder, 'named.sqlite');
    scan('--history', named);
    const { status, stdout, stderr } = vestige('cache', 'clear', '--cache', named);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /holds 2 answers about 1 snapshot and \d profiles?; scans recorded 1 snapshot with 0 findings: that cannot/,
    );
    expect(vestige('cache', 'list', '--cache', named).stdout).toContain('before.kdump');
  });
});
