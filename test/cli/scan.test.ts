import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { PageModel } from '../../src/page/model.ts';
import { connect } from '../../src/store/connection.ts';
import { OLD_SCHEMAS } from '../store/old-schemas.ts';
import { modelOf } from './page-model.ts';

const ROOT = process.cwd();
const VESTIGE = join(ROOT, 'dist/bin/vestige.js');
const SAMPLE = join(ROOT, 'samples/web-1');
const FIRST = 'web-1 2026-11-23T11:37:31Z before.kdump: the first snapshot of this machine';
const SECOND = /^web-1 2026-11-23T11:40:44Z after\.kdump: \d+ processes,? .* new, .* gone/;

let folder = '';
let snapshots = '';
let cache = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vestige-scan-'));
  snapshots = join(folder, 'snapshots');
  cache = join(folder, 'cache.sqlite');
  mkdirSync(snapshots);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** When the host wrote each of the sample's files. */
const WRITTEN: Readonly<Record<string, string>> = {
  'before.kdump': '2026-11-23T11:37:34Z',
  'after.kdump': '2026-11-23T11:40:47Z',
};

const give = (...names: readonly string[]): void => {
  for (const name of names) {
    const path = join(snapshots, name);
    copyFileSync(join(SAMPLE, name), path);
    if (WRITTEN[name] !== undefined) utimesSync(path, new Date(WRITTEN[name]), new Date(WRITTEN[name]));
  }
};

const wordsOf = (more: readonly string[]): string[] => [
  ...['scan', snapshots, '--cache', cache, '--plugins', 'pslist,sockets', '--settle', '0'],
  ...more,
];

/** Runs a scan to its end. */
function scan(...more: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [VESTIGE, ...wordsOf(more)], {
    encoding: 'utf8',
  });
  return { status, out: stdout.trim().split('\n'), err: stderr.trim() };
}

/** Starts one. */
function start(words: readonly string[]): { child: ChildProcess; said: () => string; end: Promise<unknown> } {
  const child = spawn(process.execPath, [VESTIGE, ...words]);
  let said = '';
  child.stdout.on('data', (data: Buffer) => (said += data.toString()));
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  return { child, said: () => said, end: once(child, 'close').then(([code]) => code as unknown) };
}

const until = async (holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 300 && !holds(); tries++) await sleep(50);
};

describe('vestige scan', () => {
  it('tells what is new, once, and by its exit code', () => {
    give('before.kdump');
    expect(scan()).toEqual({ status: 0, out: [FIRST], err: '' });
    give('after.kdump');
    const { status, out, err } = scan();
    expect({ status, err, lines: out.length }).toEqual({ status: 1, err: '', lines: 1 });
    expect(out[0]).toMatch(SECOND);
    expect(scan()).toEqual({ status: 0, out: [''], err: '' });
    linkSync(join(snapshots, 'after.kdump'), join(snapshots, 'zlink'));
    expect(scan('--verbose').out).toEqual(
      [
        `${snapshots}/after.kdump: the same snapshot, its file touched`,
        `${snapshots}/before.kdump: seen before`,
      ].reverse(),
    );
    copyFileSync(join(SAMPLE, 'after.kdump'), join(snapshots, 'copy'));
    expect(scan('--json').out.map((line) => JSON.parse(line) as unknown)).toEqual([
      { event: 'again', path: join(snapshots, 'copy'), of: join(snapshots, 'after.kdump') },
    ]);
  });

  it('gives one JSON object for each snapshot, and the same to a webhook and a program', async () => {
    give('before.kdump', 'after.kdump');
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (data: Buffer) => bodies.push(data.toString()));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const program = join(folder, 'take');
    writeFileSync(program, `#!/bin/sh\ncat > ${folder}/taken\n`, { mode: 0o700 });
    const { port } = server.address() as AddressInfo;
    const { end, said } = start(
      wordsOf(['--json', '--webhook', `http://127.0.0.1:${port}/`, '--command', program]),
    );
    expect(await end).toBe(1);
    server.close();
    const [first, second] = said()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ event: 'recorded', hostname: 'web-1', previous: null, isNews: false });
    expect(second).toMatchObject({ previous: join(snapshots, 'before.kdump'), isNews: true });
    const posted = JSON.parse(bodies.join('')) as Record<string, unknown>;
    expect(posted).toMatchObject({ schema: 1, summary: second!['summary'], story: second!['story'] });
    expect((posted['results'] as { plugin: string }[]).map(({ plugin }) => plugin)).toEqual([
      'pslist',
      'sockets',
    ]);
    const taken = JSON.parse(readFileSync(join(folder, 'taken'), 'utf8')) as Record<string, unknown>;
    expect({ ...taken, id: 0 }).toEqual({ ...posted, id: 0 });
  });

  it('names machines as it is told to, before anything that they say', () => {
    give('before.kdump');
    expect(scan('--machine-by-folder').out).toEqual([FIRST.replace('web-1', 'snapshots')]);
    give('after.kdump');
    const { status, out } = scan('--machine', 'shop');
    expect({ status, lines: out.length }).toEqual({ status: 1, lines: 1 });
    // The boot is that of a machine that was named otherwise: two histories, and a word about it.
    expect(out[0]).toMatch(
      /^shop .*: 1 high finding new \(boot-id-claimed-twice\); snapshots tells the boot ID /,
    );
  });

  it('uses what was asked before, and leaves what it finds to those who ask later', () => {
    give('before.kdump');
    expect(scan().status).toBe(0);
    rmSync(join(snapshots, 'before.kdump'));
    give('after.kdump');
    expect(scan().out[0]).toMatch(SECOND); // the old file is not needed
  });

  it('tells a snapshot that is cut or still being written from one that is whole', async () => {
    give('before.kdump');
    const part = join(snapshots, 'after.kdump');
    const whole = readFileSync(join(SAMPLE, 'after.kdump'));
    writeFileSync(part, whole.subarray(0, 3_000_000));
    const { status, out, err } = scan('--tries', '2');
    expect({ status, out }).toEqual({ status: 0, out: [FIRST] });
    expect(err).toMatch(/after\.kdump: still being written, or cut: .*; looked at 1 of 2 times$/);
    expect(scan('--tries', '2')).toMatchObject({ status: 2, err: /damaged: / });
    expect(scan('--tries', '2')).toEqual({ status: 0, out: [''], err: '' });
    const write = () => appendFileSync(part, whole.subarray(3_000_000, 3_000_100));
    write(); // before the scan first looks
    const { end, said } = start(wordsOf(['--settle', '2s', '--verbose']));
    const writing = setInterval(write, 100);
    expect(await end).toBe(0);
    clearInterval(writing);
    expect(said()).toContain('after.kdump: it is still being written');
    writeFileSync(part, whole);
    expect(scan().status).toBe(1);
  });

  it('waits for another scan that records in the same file, or says that it is at work', async () => {
    give('before.kdump', 'after.kdump');
    const both = [start(wordsOf([])), start(wordsOf([]))];
    const codes = await Promise.all(both.map(({ end }) => end));
    expect(codes.sort()).toEqual([0, 1]);
    expect(
      both
        .map(({ said }) => said())
        .join('')
        .trim()
        .split('\n').length,
    ).toBe(2);
    const holder = connect(`${cache}-scan`);
    holder.exec('BEGIN EXCLUSIVE');
    expect(scan('--wait', '0')).toEqual({
      status: 2,
      out: [''],
      err: 'vestige: another scan records in the same file',
    });
    expect(scan('--if-free')).toEqual({ status: 0, out: [''], err: '' });
    holder.close();
  });

  it('refuses a cache of a newer version untouched, and brings one of an older up to date', () => {
    give('before.kdump');
    const newer = connect(cache);
    newer.pragma(`application_id = ${0x56535447}`);
    newer.pragma('user_version = 99');
    newer.close();
    const before = readFileSync(cache);
    const { status, err } = scan();
    expect({ status, same: readFileSync(cache).equals(before) }).toEqual({ status: 2, same: true });
    expect(err).toMatch(/the file has schema 99/);
    for (const schema of OLD_SCHEMAS) {
      rmSync(cache);
      const older = connect(cache);
      older.exec(schema);
      older.close();
      expect(scan()).toEqual({ status: 0, out: [FIRST], err: '' });
    }
  });

  it.each([
    [['--delete-files'], '--delete-files wants --keep or --keep-days: they say what is forgotten'],
    [['--keep', '0'], '--keep wants a whole number from 1 on, not 0'],
    [['--settle', 'soon'], '--settle wants a time like 5s or 2m, not soon'],
    [['--webhook', 'ftp://x/'], '--webhook wants an address of http or https, not ftp:'],
    [
      ['--webhook', 'http://me:pw@x/'],
      '--webhook wants no password in the address: command lines are seen by others',
    ],
    [['--plugins', 'pslits'], 'there is no plugin pslits (did you mean pslist?)'],
    [['--machine', ''], '--machine wants a name'],
    [['--machine', 'a', '--machine-by-folder'], '--machine contradicts --machine-by-folder'],
    [['--fail-on', 'high'], '--fail-on wants --policy: it is of findings'],
    [['--baseline', 'x'], '--baseline wants --policy: it is of findings'],
    [
      ['--policy', 'cloud-linux', '--fail-on', 'hihg'],
      '--fail-on wants one of info, low, medium, high, critical, not hihg (did you mean high?)',
    ],
  ])('refuses %j', (words, complaint) => {
    expect(scan(...words)).toEqual({ status: 2, out: [''], err: `vestige: ${complaint}` });
  });
});

describe('vestige scan with a policy', () => {
  /** How many findings a second line tells to be new, by severity, and the first rules. */
  const NEW =
    /after\.kdump: (\d critical, \d high, \d medium, \d low) findings new \(([a-z-]+, [a-z-]+, …)\); \d+ processes/;

  it('tells the story of the sample: nothing is found before, and each finding once', () => {
    give('before.kdump');
    expect(scan('--policy', 'cloud-linux')).toEqual({
      status: 0,
      out: [FIRST.replace('the first', 'no findings; the first')],
      err: '',
    });
    give('after.kdump');
    const { status, out, err } = scan('--policy', 'cloud-linux');
    expect({ status, err }).toEqual({ status: 1, err: '' });
    const [, severities, rules] = NEW.exec(out[0]!) ?? [];
    expect(rules).toBe('memory-only-executable, kernel-thread-impostor, …');
    const query = 'select severity, count(*) as count from findings where isNew group by 1 order by 1';
    const { stdout } = spawnSync(process.execPath, [VESTIGE, 'sql', '--cache', cache, '--json', query], {
      encoding: 'utf8',
    });
    const { rows } = JSON.parse(stdout) as { rows: { severity: string; count: number }[] };
    const counts = new Map(rows.map(({ severity, count }) => [severity, count]));
    const words = ['critical', 'high', 'medium', 'low'].map((word) => `${counts.get(word)} ${word}`);
    expect(severities).toBe(words.join(', '));
    // The same state of the machine again: by its clock it is the same snapshot.
    expect(scan('--policy', 'cloud-linux')).toEqual({ status: 0, out: [''], err: '' });
  });

  it('gives findings to programs: what is new in full, and counts of all', () => {
    give('before.kdump', 'after.kdump');
    const program = join(folder, 'take');
    writeFileSync(program, `#!/bin/sh\ncat > ${folder}/taken\n`, { mode: 0o700 });
    const { status } = scan('--policy', 'cloud-linux', '--fail-on', 'high', '--command', program);
    expect(status).toBe(1);
    const { verdict } = JSON.parse(readFileSync(join(folder, 'taken'), 'utf8')) as {
      verdict: { new: object[]; summary: { findings: number } };
    };
    expect(verdict).toMatchObject({ policy: 'cloud-linux', newLeftOut: 0, gone: 0, unevaluated: [] });
    expect(verdict.new.length).toBe(verdict.summary.findings);
    expect(verdict.new).toContainEqual({
      rule: 'shell-on-socket',
      severity: 'critical',
      title: expect.any(String),
      message: 'bash (183), of user 33, is typed into from 203.0.113.66:4444',
      plugin: expect.any(String),
      attack: expect.arrayContaining([expect.stringMatching(/^T\d+/)]),
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it('lets pass what a baseline of the machine knows', () => {
    give('before.kdump', 'after.kdump');
    const known = join(folder, 'known.json');
    const check = [VESTIGE, 'check', ...['before', 'after'].map((name) => join(snapshots, `${name}.kdump`))];
    spawnSync(process.execPath, [...check.slice(0, 2), check[3]!, '--write-baseline', known, '--no-cache']);
    const { out } = scan('--policy', 'cloud-linux', '--baseline', known, '--fail-on', 'critical');
    expect(out[1]).toMatch(/after\.kdump: [\da-z ,]+ findings new \(guardian-gone, new-listener, …\);/);
    expect(out[0]).not.toContain('no baseline');
    rmSync(cache);
    const other = readFileSync(known, 'utf8').replace('"hostname": "web-1"', '"hostname": "db-1"');
    writeFileSync(known, other);
    const again = scan('--policy', 'cloud-linux', '--baseline', known);
    expect(again.out.map((line) => line.includes('; no baseline is of this machine; '))).toEqual([
      true,
      true,
    ]);
  });

  it('reads nothing where the policy or a baseline is wrong, and tells all that is', () => {
    give('before.kdump');
    const policy = join(folder, 'mine.yaml');
    writeFileSync(
      policy,
      [
        ...['version: 1', 'name: mine', 'rules:'],
        ...['  - id: a', '    title: A', '    severity: high', '    plugin: pslits'],
        ...[
          '  - id: b',
          '    title: B',
          '    severity: high',
          '    plugin: pslist',
          '    where: row.nmae == "x"',
        ],
      ].join('\n'),
    );
    writeFileSync(join(folder, 'no-baseline'), 'x');
    const flaws = scan(
      '--policy',
      policy,
      '--baseline',
      join(folder, 'no-baseline'),
      '--baseline',
      '/nowhere',
    );
    expect({ ...flaws, err: flaws.err.replaceAll(folder, '').split('\n') }).toEqual({
      status: 2,
      out: [''],
      err: [
        'vestige: /no-baseline is no baseline, or not a whole one: it is no JSON',
        'vestige: cannot read /nowhere: no such file',
        `vestige: /mine.yaml:7:13: rule "a": there is no plugin pslits (did you mean pslist?); there are ${plugins.map(({ name }) => name).join(', ')}`,
        'vestige: /mine.yaml:12:16: rule "b": there is no column nmae in pslist (did you mean name?)',
      ],
    });
    expect(scan('--policy', '/nowhere.yaml').err).toBe('vestige: cannot read /nowhere.yaml: no such file');
    expect(scan('--policy', 'cloud-linx').err).toMatch(
      /^vestige: there is no policy cloud-linx \(did you mean/,
    );
    expect(existsSync(cache)).toBe(false);
  });
});

describe('vestige scan with reports', () => {
  it('writes a page about each snapshot, judged as the scan judges it, and owes it while it cannot', () => {
    give('before.kdump', 'after.kdump');
    const reports = join(folder, 'reports');
    writeFileSync(reports, 'no folder');
    const words = ['--policy', 'cloud-linux', '--report', reports];
    const { status, out, err } = scan(...words);
    expect({ status, lines: out.length, err }).toEqual({
      status: 2,
      lines: 2,
      err: `vestige: ${snapshots}/before.kdump is recorded, but its report is not written, the next scan tries again: cannot make ${reports}/web-1: ENOTDIR`,
    });
    rmSync(reports);
    rmSync(join(snapshots, 'before.kdump'));
    expect(scan(...words, '--verbose')).toEqual({
      status: 0,
      err: '',
      out: [
        `${snapshots}/before.kdump: its report is ${reports}/web-1/20261123T113734Z.html`,
        `${snapshots}/after.kdump: its report is ${reports}/web-1/20261123T114047Z.html`,
        `${snapshots}/after.kdump: seen before`,
      ],
    });
    const [first, second, latest] = ['20261123T113734Z', '20261123T114047Z', 'latest'].map((name) =>
      modelOf(readFileSync(join(reports, 'web-1', `${name}.html`), 'utf8')),
    );
    const failed = ({ verdicts }: PageModel): string[] =>
      verdicts.flatMap(({ rules }) => rules.flatMap(({ id, outcome }) => (outcome === 'failed' ? [id] : [])));
    expect(failed(first!)).toEqual([]);
    expect(failed(second!)).toEqual(expect.arrayContaining(['shell-on-socket', 'guardian-gone']));
    expect(latest).toEqual(second);
    expect(scan(...words)).toEqual({ status: 0, out: [''], err: '' });
  });

  it('wants a folder', () => {
    expect(scan('--report', '')).toMatchObject({ status: 2, err: 'vestige: --report wants a folder' });
  });
});

/** A small disk, where the system lets us have one. */
const mount = (bytes: string, options = ''): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `${options}size=${bytes}`, 'vestige', folder]).status === 0;

describe('a full disk', () => {
  const probe = mkdtempSync(join(tmpdir(), 'vestige-mount-'));
  const mayMount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'vestige', probe]).status === 0;
  if (mayMount) spawnSync('umount', [probe]);

  it.runIf(mayMount).each(['64k', '192k', '256k', '288k', '320k', '384k', '448k'])(
    'that has room for %s ends the scan with a line, and loses nothing',
    (bytes) => {
      give('before.kdump', 'after.kdump');
      const elsewhere = mkdtempSync(join(tmpdir(), 'vestige-scan-'));
      renameSync(snapshots, join(elsewhere, 'snapshots'));
      snapshots = join(elsewhere, 'snapshots');
      expect(mount(bytes)).toBe(true);
      try {
        const { status, out, err } = scan();
        // The larger ones have room for the first snapshot, or for both.
        if (status !== 1) expect(err).toMatch(/^vestige: cache .*: the disk is full$/);
        expect(mount('32m', 'remount,')).toBe(true);
        const after = scan();
        const lines = [...out, ...after.out].filter((line) => line !== '');
        expect([status, after.status, after.err]).toEqual(status === 1 ? [1, 0, ''] : [2, 1, '']);
        expect(lines).toEqual([FIRST, expect.stringMatching(SECOND)]);
        const database = connect(cache, { readonly: true });
        expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
        database.close();
      } finally {
        spawnSync('umount', [folder]);
        rmSync(elsewhere, { recursive: true, force: true });
      }
    },
  );
});

describe('vestige watch', () => {
  it('scans what comes, and ends a day before its next look when it is told to', async () => {
    give('before.kdump');
    const [, , ...flags] = wordsOf([]);
    const { child, said, end } = start(['watch', snapshots, ...flags, '--every', '24h']);
    await until(() => said().includes(FIRST));
    copyFileSync(join(SAMPLE, 'after.kdump'), join(snapshots, '.after.part'));
    renameSync(join(snapshots, '.after.part'), join(snapshots, 'after.kdump'));
    await until(() => /after\.kdump: .* new/.test(said()));
    child.kill('SIGTERM');
    expect(await end).toBe(0);
    expect(said().trim().split('\n').length).toBe(2);
    expect(scan()).toEqual({ status: 0, out: [''], err: '' });
  });
});
