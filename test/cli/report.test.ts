import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { PageModel } from '../../src/page/model.ts';
import { drawStore } from '../store/month.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { desk, folder, snapshotFile } from './desk.ts';
import { modelOf } from './page-model.ts';

vi.mock('../../src/session/session.ts', async () => (await import('./desk.ts')).session);
vi.mock('../../src/session/traced.ts', async () => (await import('./desk.ts')).traced);
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  ...(await import('./desk.ts')).output,
}));

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const [BEFORE, AFTER] = ['before', 'after'].map((name) =>
  join(process.cwd(), `samples/web-1/${name}.kdump`),
) as [string, string];
const scratch = scratchFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command line writes, in a folder of its own and with a cache that the tests share. */
function report(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  mkdirSync(scratch.path('here'), { recursive: true });
  const { status, stdout, stderr } = spawnSync(process.execPath, [VESTIGE, 'report', ...words], {
    encoding: 'utf8',
    cwd: scratch.path('here'),
    maxBuffer: 1 << 26,
    env: {
      ...process.env,
      XDG_CACHE_HOME: scratch.path(''),
      XDG_STATE_HOME: scratch.path(''),
      NO_COLOR: '1',
    },
  });
  return { status, stdout, stderr };
}

const here = (name: string): string => join(scratch.path('here'), name);

const modelIn = (file: string): PageModel => modelOf(readFileSync(file, 'utf8'));

/** Three snapshots of one machine and one of another, as scans leave them. */
function pastCache(): string {
  const path = scratch.path('past.sqlite');
  if (existsSync(path)) return path;
  const process = (pid: number) => ({ pid, ppid: 0, name: `p${pid}`, started: new Date(pid), kernel: false });
  const at = (hour: number, machine: string, pids: readonly number[], more = {}) => ({
    ...{ machine, taken: `2026-01-01T0${hour}:00:00.000Z` },
    answers: { pslist: pids.map(process), ...more },
  });
  drawStore(path, [
    at(2, 'web-1', [1, 2]),
    at(1, 'web-1', [1]),
    at(3, 'web-1', [1, 3], { modules: [{ name: 'loop' }] }),
    at(3, 'orders-db-7', [1]),
  ]);
  return path;
}

describe('vestige report', () => {
  it('tells the story of the samples in one file, and where it is', () => {
    const words = [BEFORE, AFTER, '--output', here('web-1.html')];
    expect(report(...words)).toEqual({ status: 0, stdout: `${here('web-1.html')}\n`, stderr: '' });
    const { machine, changes, notable, timeline, unread, tables, verdicts } = modelIn(here('web-1.html'));
    expect([machine.name, machine.path, unread]).toEqual(['web-1', AFTER, []]);
    expect(changes).toMatchObject({
      before: { path: BEFORE },
      relation: 'the same machine, the same boot, 3 min 13 s later',
    });
    expect(changes?.events.length).toBe(22);
    expect(verdicts.map(({ policy }) => policy)).toEqual(['cloud-linux']);
    const outcomes = new Map(verdicts[0]!.rules.map(({ id, outcome }) => [id, outcome]));
    for (const id of ['memory-only-executable', 'shell-on-socket', 'guardian-gone', 'unsigned-module'])
      expect([id, outcomes.get(id)]).toEqual([id, 'failed']);
    expect(new Set(outcomes.values())).toEqual(new Set(['failed', 'passed']));
    expect(notable.processes.map(({ pid }) => pid).sort()).toEqual([183, 199, 201, 209]);
    expect(timeline?.moments.map(({ path }) => path)).toEqual([BEFORE, AFTER]);
    expect(tables.map(({ name, rowCount }) => `${name} ${rowCount}`)).toEqual(
      expect.arrayContaining([
        ...[
          'pslist 74',
          'sockets 29',
          'files 90',
          'maps 382',
          'env 178',
          'modules 20',
          'dmesg 391',
          'keys 17',
        ],
      ]),
    );
    expect(new Set(tables.at(-1)!.columns[1]!.cells)).toEqual(new Set(['hidden']));
    expect(statSync(here('web-1.html')).mode & 0o777).toBe(0o600);
  });

  it('is about the newest whatever the order, and the same from the cache and without one', () => {
    const [once, again] = [
      report(AFTER, BEFORE, '--output', '-'),
      report(BEFORE, AFTER, '--output', '-', '--no-cache'),
    ];
    expect([once.status, again.status]).toEqual([0, 0]);
    const [{ machine, ...one }, { machine: other, ...two }] = [modelOf(once.stdout), modelOf(again.stdout)];
    expect(JSON.stringify(one) === JSON.stringify(two)).toBe(true);
    expect([machine.path, other.path]).toEqual([AFTER, AFTER]);
  });

  it('is named after the machine and the moment, and compared with what is remembered', () => {
    report(BEFORE);
    const name = 'report-web-1-20261123T114044Z.html';
    expect(report(AFTER)).toEqual({ status: 0, stdout: `${name}\n`, stderr: '' });
    // What the guest calls itself and its moment writes over nothing.
    expect(report(AFTER).stdout).toBe('report-web-1-20261123T114044Z-2.html\n');
    const { changes, timeline } = modelIn(here(name));
    expect(changes?.before.path).toBe(BEFORE);
    expect(timeline?.moments.length).toBe(2);
  });

  it('is about a machine by its name, from what is remembered alone', () => {
    for (const word of ['web-1', 'id of web-1']) {
      const { status, stderr } = report(word, '--cache', pastCache(), '--output', here('past.html'));
      expect([status, stderr]).toEqual([0, '']);
      const model = modelIn(here('past.html'));
      const unevaluated = model.verdicts[0]!.rules.filter(({ outcome }) => outcome === 'unevaluated');
      expect(unevaluated.map(({ id }) => id)).toContain('shell-on-socket');
      expect(model.machine.path).toBe('/snapshots/3.raw');
      expect(model.tables.map(({ name }) => name)).toEqual(['pslist', 'modules']);
      expect(model.unread).toEqual(
        expect.arrayContaining(
          ['sockets', 'files', 'maps', 'env', 'dmesg', 'keys'].map(
            (name) => `${name}: nobody has asked this of the snapshot`,
          ),
        ),
      );
      expect(model.changes?.before.path).toBe('/snapshots/1.raw');
      expect(model.changes?.events.map(({ change, what }) => `${change} ${what}`)).toEqual([
        'appeared 3 p3',
        'vanished 2 p2',
      ]);
      expect(model.timeline?.moments.map(({ path }) => path)).toEqual(
        [2, 1, 3].map((n) => `/snapshots/${n}.raw`),
      );
    }
  });

  it('is compared with the snapshot that is asked for, and called what is asked for', () => {
    const words = [AFTER, '--since', AFTER, '--title', 'Monday <b>', '--output', '-', '--no-cache'];
    const { stdout } = report(...words);
    expect(stdout).toContain('<title>Monday &lt;b&gt; · Vestige</title>');
    expect(modelOf(stdout).changes?.remarks).toEqual([
      'both were taken at the same moment: is this the same snapshot twice?',
    ]);
  });

  it('is judged by the policy that is named, or by none', () => {
    const policy = scratch.file(
      'own.yaml',
      'version: 1\nname: own\nrules:\n  - id: any\n    title: A process runs\n    severity: low\n    plugin: pslist\n    message: something runs\n',
    );
    const words = ['web-1', '--cache', pastCache(), '--output', '-'];
    expect(modelOf(report(...words, '--policy', policy).stdout).verdicts).toMatchObject([
      { policy: 'own', rules: [{ id: 'any', outcome: 'failed', findingCount: 2 }] },
    ]);
    expect(modelOf(report(...words, '--no-policy').stdout).verdicts).toEqual([]);
  });

  it('keeps the mode of a file that is there, and replaces it as a whole', () => {
    writeFileSync(here('there.html'), 'old', { mode: 0o644 });
    expect(report('web-1', '--cache', pastCache(), '--output', here('there.html')).status).toBe(0);
    expect(statSync(here('there.html')).mode & 0o777).toBe(0o644);
    expect(readFileSync(here('there.html'), 'utf8')).toMatch(/^<!doctype html>\n.*\n<\/html>\n$/s);
  });

  it.each<[string, () => string[], string]>([
    [
      'a word that is neither a file nor a machine',
      () => ['web-2', '--cache', pastCache()],
      'web-2 is no file, and no machine of this name is remembered (did you mean web-1?)',
    ],
    [
      'a file by the name of a machine, which is taken',
      () => {
        scratch.file('here/orders-db-7', 'text');
        return ['orders-db-7', '--cache', pastCache()];
      },
      'orders-db-7 is a text file, not memory',
    ],
    [
      'a machine where nothing is remembered',
      () => ['web-1', '--no-cache'],
      'web-1 is no file, and no machine of this name is remembered',
    ],
    ['a file that is not there', () => ['./gone.raw'], 'cannot open ./gone.raw: no such file'],
    [
      'a folder that is not there',
      () => [AFTER, '--output', '/no/such/folder/page.html'],
      'cannot write /no/such/folder/page.html: ENOENT',
    ],
    ['a folder as the file', () => [AFTER, '--output', '/tmp'], 'cannot write /tmp: it is a folder'],
    [
      'a policy that is none',
      () => [AFTER, '--policy', 'clod-linux'],
      'there is no policy clod-linux (did you mean cloud-linux?); there are cloud-linux, integrity, and files: ./clod-linux.yaml',
    ],
    [
      'a policy with a flaw',
      () => [AFTER, '--policy', scratch.file('flaw.yaml', 'version: 1\nname: flaw\nrules: 5\n')],
      `${scratch.path('flaw.yaml')}:3:8: rules wants a list, not 5`,
    ],
    ['a file without a name', () => [AFTER, '--output', ''], '--output wants the name of a file'],
  ])('ends with 2 and one line for %s, and leaves no file', (_, words, message) => {
    const written = words();
    const before = readdirSync(scratch.path('here'));
    const { status, stdout, stderr } = report(...written);
    expect([status, stdout, stderr]).toEqual([2, '', `vestige: ${message}\n`]);
    expect(readdirSync(scratch.path('here'))).toEqual(before);
  });

  it('refuses snapshots of two machines', async () => {
    const files = ['memory.raw', 'other.raw'].map(snapshotFile) as [string, string];
    Object.assign(desk, { out: '', err: '' });
    expect(await main(['report', ...files, '--no-cache', '--output', '-'])).toBe(2);
    expect([desk.out, desk.err]).toEqual([
      '',
      `vestige: a report is about one machine: ${files[0]} is of guest, ${files[1]} of other\n`,
    ]);
  });

  it('compares with the latest that is remembered of a machine where --since names one', () => {
    const words = [AFTER, '--since', 'web-1', '--cache', pastCache(), '--output', '-'];
    const { status, stdout, stderr } = report(...words);
    expect(status).toBe(0);
    expect(stderr).toContain('web-1: the snapshot of 2026-01-01T03:00:00.000Z, /snapshots/3.raw\n');
    expect(modelOf(stdout).changes?.before.path).toBe('/snapshots/3.raw');
  });
});
