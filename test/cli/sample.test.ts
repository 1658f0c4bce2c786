import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/store/connection.ts';
import { spawning } from './spawned.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const folder = mkdtempSync(join(tmpdir(), 'vestige-sample-'));
const cache = join(folder, 'vestige', 'cache.sqlite');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const vestige = spawning(folder);

interface Document {
  readonly kernel: { readonly steps: unknown };
  readonly results: readonly { readonly plugin: string; readonly rows: readonly Record<string, unknown>[] }[];
}

/** Questions without an answer on the machine of the samples. */
const NOT_THERE = [
  ...['containers', 'ptrace', 'deleted', 'locks', 'inotify'],
  ...['patches', 'kprobes', 'ftrace', 'tracepoints'],
];

describe('a real snapshot', () => {
  it('gives the same document the first time, from the cache, and without one', () => {
    const first = vestige('run', '--all', SAMPLE, '--json');
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(vestige('run', '--all', SAMPLE, '--json').stdout).toBe(first.stdout);
    const fresh = JSON.parse(vestige('run', '--all', SAMPLE, '--json', '--no-cache').stdout) as Document;
    const remembered = JSON.parse(first.stdout) as Document;
    expect(fresh.results).toEqual(remembered.results);
    expect({ ...fresh.kernel, steps: [] }).toEqual({ ...remembered.kernel, steps: [] });
    // The machine of the samples has no container, nobody traces or probes, and nobody has a lock.
    const empty = fresh.results.filter(({ rows }) => rows.length === 0).map(({ plugin }) => plugin);
    expect(empty.filter((plugin) => !NOT_THERE.includes(plugin))).toEqual([]);
  });

  it.each(['table', 'csv', 'jsonl'])(
    'is filtered, sorted and cut alike with and without the cache as %s',
    (format) => {
      const words = [
        'pslist',
        SAMPLE,
        '--format',
        format,
        '--name',
        '*s*',
        '--sort',
        '-rss,pid',
        '--limit',
        '9',
      ];
      const remembered = vestige(...words);
      expect(remembered.status).toBe(0);
      expect(remembered.stdout.split('\n').length).toBeGreaterThan(9);
      expect(vestige(...words, '--no-cache')).toEqual(remembered);
    },
  );

  it('ends an answer where the user says, says so, and remembers nothing of it', () => {
    const few = vestige('files', SAMPLE, '--no-header', '--max-rows', '7', '--strict');
    expect(few.status).toBe(1);
    expect(few.stdout.trimEnd().split('\n')).toHaveLength(7);
    expect(few.stderr).toBe(
      'note: files stopped early: there are more than 7 rows; --max-rows allows more\n',
    );
    expect(vestige('files', SAMPLE, '--max-cpu', '0.5ms').stderr).toMatch(
      /^note: files stopped early: it takes more than 0.00050 s of work; --max-cpu allows more$/m,
    );
    expect(vestige('dmesg', SAMPLE, '--max-bytes', '1K').stderr).toMatch(/more than 1024 bytes/);
    expect(vestige('files', SAMPLE, '--strict').status).toBe(0);
    expect(vestige('files', SAMPLE, '--max-rows', 'all')).toMatchObject({
      status: 2,
      stderr: 'vestige: --max-rows wants a number, not all\n',
    });
  });

  it('gives the same rows by an exported profile, remembered apart from those without', () => {
    const profile = join(folder, 'profile.json');
    expect(vestige('profile', 'export', SAMPLE, '--output', profile)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
    const by = vestige('pslist', SAMPLE, '--profile', profile, '--format', 'csv');
    expect(by.stdout).toBe(vestige('pslist', SAMPLE, '--format', 'csv').stdout);
    const database = connect(cache, { readonly: true });
    expect(database.prepare('SELECT count(*) FROM snapshot').pluck().get()).toBe(2);
    database.close();
  });

  it('never has its keys in the cache', () => {
    const { stdout } = vestige('keys', SAMPLE, '--reveal', '--json');
    const { results } = JSON.parse(stdout) as Document;
    const keys = results[0]!.rows.map(({ key }) => String(key));
    expect(keys.filter((key) => !/^[0-9a-f]{32,64}$/.test(key))).toEqual([]);
    const database = connect(cache, { readonly: true });
    expect(database.prepare('SELECT DISTINCT key FROM keys').pluck().all()).toEqual(['hidden']);
    database.close();
  });

  it('is one screen for triage, and says where a symbol is for explain', () => {
    const { status, stdout } = vestige('triage', SAMPLE);
    expect(status).toBe(0);
    for (const title of ['Processes', 'Listening', 'Established', 'Modules', 'AES keys', 'Could not be read'])
      expect(stdout).toMatch(new RegExp(`^${title}  `, 'm'));
    const explained = vestige('explain', SAMPLE, 'init_task');
    expect(explained.status).toBe(0);
    expect(explained.stdout).toMatch(/^symbol {7}init_task\n/m);
    expect(vestige('explain', SAMPLE, '0x10')).toMatchObject({ status: 1, stderr: '' });
  });
});
