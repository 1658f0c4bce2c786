import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { TableDiff } from '../../src/diff/tables.ts';
import type { ScannedSnapshot } from '../../src/store/scans.ts';
import type { Channel, Undelivered } from '../../src/watch/channel.ts';
import { type FileState, type Listed, listFiles } from '../../src/watch/listing.ts';
import { program, syslog } from '../../src/watch/program.ts';
import { isIn, outlived } from '../../src/watch/retention.ts';
import { settle } from '../../src/watch/settling.ts';
import { watch } from '../../src/watch/watch.ts';
import { signatureOf, webhook } from '../../src/watch/webhook.ts';
import { countDifferences, countsText } from '../../src/watch/wording.ts';
import { at } from './drawn.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestige-parts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('listing', () => {
  const place = join(folder, 'listing');
  const NAMES = [
    'a.kdump',
    '.hidden',
    'b.kdump.part',
    'vmcore-incomplete',
    'c~',
    'd.TMP',
    'template',
    'part',
  ];
  mkdirSync(join(place, 'one', 'two'), { recursive: true });
  for (const name of [...NAMES, 'one/e', 'one/two/f']) writeFileSync(join(place, name), name);
  const found = (depth?: number, places = [place]): string[] =>
    listFiles(places, depth).files.map(({ path }) => path.slice(place.length + 1));

  it('leaves out what is hidden or not whole by its name', () => {
    expect(found()).toEqual(['a.kdump', 'part', 'template']);
    expect(listFiles([place]).leftOut.length).toBe(5);
  });

  it('goes as deep as it is told to, and meets nothing twice', () => {
    expect(found(1)).toEqual(['a.kdump', 'one/e', 'part', 'template']);
    expect(found(9)).toEqual(['a.kdump', 'one/e', 'one/two/f', 'part', 'template']);
    expect(found(9, [join(place, 'one'), place, join(place, 'a.kdump')])).toEqual([
      'one/e',
      'one/two/f',
      'a.kdump',
      'part',
      'template',
    ]);
  });

  it('takes a file that is named whatever its name', () => {
    expect(found(0, [join(place, '.hidden')])).toEqual(['.hidden']);
    expect(listFiles(['/dev/null']).troubles).toEqual([{ path: '/dev/null', why: 'it is no regular file' }]);
  });
});

describe('settling', () => {
  const state = (modifiedMs: number, sizeBytes = 1): FileState => ({
    device: '1',
    inode: String(modifiedMs),
    sizeBytes,
    modified: String(BigInt(modifiedMs) * 1_000_000n),
    changed: '0',
  });
  const file = (path: string, modifiedMs: number): Listed => ({
    path,
    state: state(modifiedMs),
    isNamed: false,
  });

  it('waits for the youngest file, and takes none that changed meanwhile', async () => {
    let now = 100_000;
    const waits: number[] = [];
    const files = [file('old', 1), file('young', 97_000), file('grows', 98_000), file('ahead', 999_000)];
    const { still, moving } = await settle(files, 5_000, {
      now: () => now,
      wait: async (ms) => {
        waits.push(ms);
        now += ms;
      },
      stateOf: (path) =>
        path === 'grows' ? state(98_000, 2) : files.find((one) => one.path === path)!.state,
    });
    expect(still.map(({ path }) => path)).toEqual(['old', 'young', 'ahead']);
    expect(moving.map(({ path }) => path)).toEqual(['grows']);
    expect(waits).toEqual([5_005]);
  });

  it('takes nothing for settled where waiting ended early', async () => {
    const { still, moving } = await settle([file('young', 97_000), file('old', 1)], 5_000, {
      now: () => 100_000,
      wait: async () => undefined,
      stateOf: () => state(97_000),
    });
    expect([still.length, moving.length]).toEqual([1, 1]);
  });
});

describe('wording', () => {
  const diff = (plugin: string, more: Partial<TableDiff>): TableDiff => ({
    plugin,
    added: [],
    removed: [],
    changed: [],
    same: 0,
    folded: { churn: 0, counters: 0, ofProcesses: 0 },
    unsure: [],
    notes: [],
    ...more,
  });

  it.each<[readonly TableDiff[], string]>([
    [[], 'nothing new'],
    [[diff('pslist', { added: [{ pid: 1 }] })], '1 process new'],
    [
      [
        diff('pslist', { added: [{}, {}, { kernel: true }], removed: [{}] }),
        diff('sockets', { added: [{ state: 'LISTEN' }, { state: 'LISTEN' }, {}] }),
        diff('mine', { changed: [{ before: {}, after: {}, columns: [] }] }),
      ],
      '2 processes, 1 kernel thread, 2 listeners and 1 socket new, 1 process gone, 1 row of mine changed',
    ],
  ])('counts what differs', (tables, text) => {
    expect(countsText(countDifferences(tables, plugins))).toBe(text);
  });
});

describe('retention', () => {
  const snapshot = (machine: string | null, minutes: number): ScannedSnapshot => ({
    id: minutes,
    path: `/${machine}/${minutes}`,
    state: { device: '', inode: '', sizeBytes: 0, modified: '', changed: '' },
    machine,
    hostname: null,
    taken: at(-minutes),
    written: at(minutes),
  });
  const all = [
    snapshot(null, 0),
    snapshot(null, 1),
    ...[1, 2, 3].map((n) => snapshot('a', n)),
    snapshot('b', 1),
  ];
  const ids = (choice: object, minutes: number): string[] =>
    outlived(all, choice, Date.parse(at(minutes))).map(({ path }) => path);

  it('keeps the newest of each machine, whatever the limits', () => {
    expect(ids({}, 9_999)).toEqual([]);
    expect(ids({ keep: 2 }, 5)).toEqual(['/a/1']);
    expect(ids({ keep: 1, keepDays: 1 }, 5)).toEqual(['/a/1', '/a/2']);
    expect(ids({ keepDays: 1 }, 9_999)).toEqual(['/a/1', '/a/2']);
    expect(ids({ keepDays: 1 }, 24 * 60 + 2)).toEqual(['/a/1']);
  });

  it('knows what lies below a place', () => {
    expect([isIn('/a/b', ['/a']), isIn('/ab', ['/a']), isIn('/a', ['/a']), isIn('/x', ['/'])]).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });
});

const outcome = async (channel: Channel, body = '{}'): Promise<unknown> => {
  try {
    await channel.deliver({ id: 'the-id', body });
    return 'delivered';
  } catch (error) {
    const { message, isPassing } = error as Undelivered;
    return { message, isPassing };
  }
};

describe('a webhook', () => {
  it('signs what it posts, follows nowhere and waits for no one for ever', async () => {
    let answer = 204;
    const headers: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      headers.push({ ...request.headers });
      request.resume();
      if (answer > 0) response.writeHead(answer, { location: 'http://127.0.0.1:1/' }).end('thanks');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=secret`);
    const within = (timeoutMs: number) => webhook(url, 'key', { timeoutMs, now: () => 1_700_000_000_000 });
    const channel = within(60_000);
    expect(await outcome(channel)).toBe('delivered');
    expect(headers[0]).toMatchObject({
      'content-type': 'application/json',
      'vestige-id': 'the-id',
      'vestige-timestamp': '1700000000',
      'vestige-signature': signatureOf('key', '1700000000', '{}'),
    });
    answer = 500;
    expect(await outcome(channel)).toEqual({ message: `${url.host} answered 500`, isPassing: true });
    answer = 403;
    expect(await outcome(channel)).toEqual({ message: `${url.host} answered 403`, isPassing: false });
    answer = 302;
    expect(await outcome(channel)).toMatchObject({ isPassing: true });
    answer = 0;
    expect(await outcome(within(300))).toEqual({
      message: `${url.host} cannot be reached: no answer in time`,
      isPassing: true,
    });
    server.closeAllConnections();
    server.close();
    expect(await outcome(channel)).toMatchObject({
      message: expect.stringMatching(/ cannot be reached: (?:ECONNREFUSED|UND_ERR_SOCKET)$/),
      isPassing: true,
    });
    expect(headers.length).toBe(5);
    await outcome(webhook(url, undefined));
  });

  it('makes the signature that receivers can make', () => {
    // printf '1700000000.{}' | openssl dgst -sha256 -hmac key
    expect(signatureOf('key', '1700000000', '{}')).toBe(
      'sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae',
    );
  });
});

describe('a program', () => {
  const script = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o700);
    return path;
  };

  it('is given the message on its input, and nothing else', async () => {
    const out = join(folder, 'out');
    process.env['VESTIGE_WEBHOOK_SECRET'] = 'key';
    const path = script('take', `{ cat; echo; echo "$# $VESTIGE_WEBHOOK_SECRET"; } > ${out}`);
    expect(await outcome(program('command', path), '{"name":"$(reboot)"}')).toBe('delivered');
    delete process.env['VESTIGE_WEBHOOK_SECRET'];
    expect(readFileSync(out, 'utf8')).toBe('{"name":"$(reboot)"}\n0 \n');
  });

  it('may fail in every way', async () => {
    const big = 'x'.repeat(1 << 20);
    expect(await outcome(program('command', join(folder, 'none')))).toMatchObject({
      message: `cannot run ${join(folder, 'none')}: ENOENT`,
    });
    const sad = script('sad', 'echo no luck >&2; exit 3');
    expect(await outcome(program('command', sad), big)).toMatchObject({
      message: `${sad} ended with 3: no luck`,
    });
    const slow = script('slow', 'sleep 5');
    expect(await outcome(program('command', slow, [], 50))).toMatchObject({
      message: `${slow} was ended by SIGKILL`,
    });
    expect(await outcome(program('command', script('deaf', 'exec 0<&-')), big)).toBe('delivered');
  });

  it('puts a line into the log', async () => {
    const out = join(folder, 'log');
    const path = script('logger', `{ echo "$@"; cat; } > ${out}`);
    expect(await outcome(syslog(path), 'web-1: 1 process new')).toBe('delivered');
    expect(readFileSync(out, 'utf8')).toBe(
      '-t vestige -p daemon.notice -S 8KiB --socket-errors=on\nweb-1: 1 process new',
    );
  });
});

describe('watching', () => {
  const real = { now: () => Date.now(), wait: (ms: number) => new Promise<void>((r) => setTimeout(r, ms)) };

  it('looks soon after a file has come, and now and then without', async () => {
    const place = join(folder, 'watched');
    mkdirSync(place);
    const end = new AbortController();
    const passes: number[] = [];
    // A clock that stands nearly still until there is a sign, and then runs.
    const everyMs = 86_400_000;
    let clock = 0;
    const wait = async (ms: number) => {
      await real.wait(1);
      clock += passes.length === 1 ? 1 : ms * 1_000;
    };
    await watch(
      [place],
      { everyMs, settleMs: 50 },
      async () => {
        passes.push(clock);
        if (passes.length === 1) setTimeout(() => writeFileSync(join(place, 'new'), 'x'), 20);
        if (passes.length === 3) end.abort();
        return false;
      },
      end.signal,
      { now: () => clock, wait },
    );
    expect(passes[1]).toBeLessThan(everyMs);
    expect(passes[2]! - passes[1]!).toBeGreaterThanOrEqual(everyMs);
  });

  it('looks again soon where a file was still being written, also without any sign', async () => {
    const end = new AbortController();
    let passes = 0;
    await watch(
      [join(folder, 'nothing')],
      { everyMs: 3_600_000, settleMs: 100 },
      async () => {
        if (++passes === 3) end.abort();
        return true;
      },
      end.signal,
      real,
    );
    expect(passes).toBe(3); // an hour before its time
  });
});
