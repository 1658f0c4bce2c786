import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/plugin/cell.ts';
import { comparisons } from './compare/compare.ts';
import type { Comparison, Context } from './compare/expect.ts';
import { compareAnswer, type Outcome } from './compare/match.ts';
import type { ProcessTruth, Truth } from './truth.ts';

const TCP =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n' +
  '   0: 0100007F:157C 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0\n' +
  '   1: 0100007F:B3A4 0100007F:1B5E 06 00000000:00000000 03:0000000A 00000000     0        0 0 3 0\n';

function process(pid: number, name: string, extra: Partial<ProcessTruth> = {}): ProcessTruth {
  const rest = '0 0 -1 0 0 0 0 0 10 5 0 0 20 0 1 0 300 0 0';
  return {
    pid,
    stat: `${pid} (${name}) S 1 0 ${rest}\n`,
    status: 'Uid:\t7\t8\t8\t8\nGid:\t9\t9\t9\t9\nVmRSS:\t     120 kB\n',
    comm: `${name}\n`,
    cmdline: 'sleep\x0010\0',
    environ: 'A=1\0B=\xff\0',
    maps: '7f12a000-7f12b000 r-xp 00001000 fe:00 13                         /bin/a\\012b\n',
    cgroup: null,
    mountinfo: null,
    exe: '/opt/\xffa (deleted)',
    cwd: null,
    root: null,
    namespaces: {},
    threads: [],
    files: [{ fd: 3, link: 'socket:[1234]', fdinfo: 'pos:\t0\nflags:\t02000002\nino:\t1234\n', stat: null }],
    ...extra,
  };
}

const KEY = '000102030405060708090a0b0c0d0e0f';

const dummy = {
  ...{ name: 'dummy', initstate: 'live', refcnt: '2', coresize: '16384', taint: 'OE', holders: ['a', 'b'] },
  ...{ buildIdNote: '040000000300000003000000474e5500c0ffee', sections: {} },
};

const truth: Truth = {
  format: 1,
  recorder: { pid: 99, began: { realtime: 1010, boottime: 10 }, ended: { realtime: 1010.5, boottime: 10.5 } },
  system: {
    version: '',
    uname: [],
    hostname: '',
    cmdline: '',
    bootId: '',
    btime: 1000,
    cpus: 1,
    clockTicksPerSecond: 100,
    pageBytes: 4096,
    notes: '',
    buildId: '',
    symbols: {},
    meminfo: '',
    cpuinfo: '',
    iomem: '',
    mounts: '',
    devices: '',
  },
  processes: [process(20, 'a) (b')],
  networks: [{ inode: 7, by: '1', files: { tcp: TCP } }],
  modules: { proc: 'dummy 16384 2 a,b, Live 0xffffffffc0281000 (OE)\n', sys: [dummy] },
  kmsg: ['30,5,1500000,-;two\\x0alines\n SUBSYSTEM=x\n'],
  texts: {},
  workload: {
    keys: [
      { key: KEY, bits: 128, pid: 20, address: '7f12a208', use: 'planted' },
      { key: KEY.replace('0', '1'), bits: 128, pid: null, address: null, use: 'the kernel' },
    ],
    parts: {},
    missed: {},
  },
};
const context: Context = { truth, uptime: 11 };

const right: Readonly<Record<string, readonly Row[]>> = {
  pslist: [
    {
      ...{ pid: 20, ppid: 1, name: 'a) (b', threads: 1, uid: 7, euid: 8, gid: 9, state: 'S', nice: 0 },
      ...{
        started: new Date(1_003_000),
        cpuTime: 0.16,
        rss: 120,
        kernel: false,
        kernelFlag: false,
        args: 'sleep 10',
      },
      exe: '/opt/\\xffa (deleted)',
      task: 0xffff_8880_0123_4000n,
      hidden: false,
      views: 'list,pids,children',
      ...{ terminal: null, session: 0, group: 0, cwd: null, root: null, container: null, capabilities: '' },
      ...{ seccomp: null, oomScoreAdj: 0 },
    },
  ],
  pstree: [
    {
      ...{ pid: 20, ppid: 1, name: 'a) (b', depth: 0, threads: 1, uid: 7, state: 'S' },
      ...{ started: new Date(1_003_000), exe: '/opt/\\xffa (deleted)', args: 'sleep 10' },
      ...{ hidden: false, views: 'list,pids,children' },
    },
  ],
  keys: [
    {
      ...{ size: 128, key: KEY, fingerprint: fingerprintOf(KEY), physical: 0x9_9208n, pid: 20 },
      ...{ process: 'a) (b', mapping: '/bin/a\nb', address: 0x7f12_a208n, form: 'encryption', use: null },
    },
    {
      ...{ size: 128, key: KEY.replace('0', '1'), fingerprint: fingerprintOf(KEY.replace('0', '1')) },
      ...{
        physical: 0x1230n,
        pid: null,
        process: null,
        mapping: null,
        address: null,
        form: 'decryption',
        use: null,
      },
    },
  ],
  env: [
    { pid: 20, name: 'A', value: '1' },
    { pid: 20, name: 'B', value: '\\xff' },
  ],
  maps: [
    {
      ...{ pid: 20, start: 0x7f12_a000n, end: 0x7f12_b000n, flags: 'r-xp', offset: 4096, device: 'fe:00' },
      ...{ inode: 13, path: '/bin/a\nb' },
    },
  ],
  files: [
    {
      ...{ pid: 20, fd: 3, path: 'socket:[1234]', type: 'socket', device: '00:08', inode: 1234 },
      ...{ flags: 'O_RDWR|O_CLOEXEC', position: 0, tid: null },
    },
  ],
  modules: [
    {
      ...{ name: 'dummy', base: 0xffff_ffff_c028_1000n, size: 16384, references: 2, usedBy: 'a,b' },
      ...{ state: 'Live', taints: 'OE', buildId: 'c0ffee', hidden: false, views: 'list,tree,sysfs' },
    },
  ],
  dmesg: [
    {
      time: 1.5,
      date: new Date('1970-01-01T00:16:41.700Z'),
      level: 'info',
      facility: 'daemon',
      caller: 'T1',
      text: 'two\nlines',
    },
  ],
  sockets: [
    {
      ...{ netns: 7, pid: 20, process: 'a) (b', fd: 3, family: 'inet', type: 'stream', protocol: 'tcp' },
      ...{ localAddress: '127.0.0.1', localPort: 5500, remoteAddress: null, remotePort: null },
      ...{ device: null, state: 'LISTEN', inode: 1234, uid: 0, tid: null, hidden: false },
    },
  ],
};

function fingerprintOf(key: string): string {
  return createHash('sha256').update(Buffer.from(key, 'hex')).digest('hex').slice(0, 16);
}

function compare(
  plugin: string,
  rows: readonly Row[],
  notes: readonly string[] = [],
  against: Context = context,
): Outcome {
  const comparison = comparisons.find((candidate) => candidate.plugin === plugin) as Comparison;
  // Whatever is of a process has its container; here none is in one.
  const own = rows.map((row) => ('pid' in row ? { container: null, ...row } : row));
  return compareAnswer(comparison, against, { rows: own, notes });
}

describe('the guest as judge', () => {
  it('agrees with what is right, and counts a connection that was due to end', () => {
    for (const [plugin, rows] of Object.entries(right)) {
      expect(compare(plugin, rows).differences).toEqual([]);
    }
    expect(compare('sockets', right['sockets']!).tolerated).toEqual({ timeWaitEnded: 1 });
  });

  it('names a wrong cell in every column of every question', () => {
    for (const [plugin, rows] of Object.entries(right)) {
      for (const column of Object.keys(rows[0]!)) {
        const planted = rows.map((row, nth) =>
          nth === 0 ? { ...row, [column]: { absent: 'planted' } } : row,
        );
        const { differences } = compare(plugin, planted);
        const named = differences.some(
          (line) => line.includes('absent (planted)') || line.includes('missing'),
        );
        expect(named, `${plugin} ${column}`).toBe(true);
      }
    }
  });

  it('says which cell is wrong and what the guest says', () => {
    expect(compare('maps', [{ ...right['maps']![0]!, path: '/bin/c' }]).differences).toEqual([
      'maps pid 20 7f12a000: path is "/bin/c", the guest says "/bin/a\\nb"',
    ]);
  });

  it('tells what the program could not say, with its reason, from what it says wrong', () => {
    const [row] = right['modules'] as [Row];
    const silent = { ...row, taints: { absent: 'page not in the snapshot' } };
    expect(compare('modules', [silent]).explained).toEqual(['page not in the snapshot']);
    expect(compare('modules', [{ ...silent, size: 1 }]).explained).toBeUndefined();
    expect(compare('modules', [silent, { ...row, name: 'x' }]).explained).toBeUndefined();
    // An absent cell is no reason why a row is not there: a note may be.
    const [a] = right['env'] as [Row];
    expect(compare('env', [{ ...a, value: { absent: 'torn' } }]).explained).toBeUndefined();
    expect(compare('env', [a]).explained).toBeUndefined();
    expect(compare('env', [a], ['half of it']).explained).toEqual(['half of it']);
    expect(compare('env', right['env']!).explained).toBeUndefined();
  });

  it('names a missing row, an invented one, and one that is there twice', () => {
    const [a, b] = right['env'] as [Row, Row];
    expect(compare('env', [a]).differences).toEqual(['env missing pid 20 B']);
    expect(compare('env', [a, b, { pid: 5, name: 'X', value: '' }]).differences).toEqual([
      'env invented pid 5 X',
    ]);
    expect(compare('env', [a, b, b]).differences).toEqual(['env invented pid 20 B']);
    expect(compare('sockets', []).differences).toEqual([
      'sockets missing tcp 127.0.0.1:5500 → -:- LISTEN netns 7 inode 1234 pid 20 fd 3',
    ]);
  });

  it('believes a key only where its process has memory, and no key that nobody has', () => {
    const [held, kernels] = right['keys'] as [Row, Row];
    const copy = { ...held, physical: 0x5_5208n };
    expect(compare('keys', [held, kernels, copy]).tolerated).toEqual({ keyCopy: 1 });
    expect(compare('keys', [held, kernels, { ...copy, address: 0x1208n }]).differences).toEqual([
      'keys key 00010203… of pid 20: mapping is "/bin/a\\nb", the guest says nothing is mapped there',
    ]);
    expect(compare('keys', [held, kernels, { ...copy, mapping: '[heap]' }]).differences).toEqual([
      'keys key 00010203… of pid 20: mapping is "[heap]", the guest says "/bin/a\\nb"',
    ]);
    expect(compare('keys', [held, kernels, { ...copy, physical: 0x5_5200n }]).differences).toEqual([
      'keys key 00010203…: 0x7f12a208 cannot be physical 0x55200',
    ]);
    const stranger = 'f'.repeat(32);
    const invented = { ...kernels, key: stranger, fingerprint: fingerprintOf(stranger) };
    expect(compare('keys', [held, kernels, invented]).differences).toEqual([
      `keys invented 128-bit key ${stranger} at 0x1230 of null`,
    ]);
    expect(compare('keys', [held, kernels, { ...copy, form: 'folded', size: 192 }]).differences).toHaveLength(
      2,
    );
  });

  it('excuses of a sleeping recorder what moves, and nothing else', () => {
    const recorded: Truth = { ...truth, recorder: { ...truth.recorder, pid: 20 } };
    const judged = (plugin: string, rows: readonly Row[]) =>
      compare(plugin, rows, [], { ...context, truth: recorded });
    const [file] = right['files'] as [Row];
    expect(judged('files', [{ ...file, position: 9 }]).tolerated).toEqual({ recorder: 1 });
    expect(judged('files', [{ ...file, path: '/x' }]).differences).toHaveLength(1);
    expect(judged('files', []).differences).toHaveLength(1);
    expect(judged('env', []).differences).toHaveLength(2);
    expect(judged('maps', []).tolerated).toEqual({ recorder: 1 });
    const processes = [process(20, 'python3', { cmdline: 'python3\0/guest/record.py\x0020\0' })];
    const another: Truth = { ...recorded, processes };
    expect(compare('env', [], [], { ...context, truth: another })).toMatchObject({
      differences: [],
      tolerated: { recorderBecameAnother: 2 },
    });
  });

  it('names the peer of a Unix socket that ss saw', () => {
    const line = (inode: number, path: string) =>
      `0000000000000000: 00000003 00000000 00000000 0001 03 ${inode}${path}\n`;
    const unix = `Num       RefCount Protocol Flags    Type St Inode Path\n${line(41, ' /run/a')}${line(42, '')}`;
    const seen: Truth = {
      ...truth,
      networks: [{ inode: 7, by: '1', files: { unix } }],
      processes: [],
      texts: { ss: 'u_str ESTAB 0 0 /run/a 41 * 42 \nu_str ESTAB 0 0 * 42 * 41 \n' },
    };
    const row = (inode: number, localAddress: string | null, remoteAddress: string | null): Row => ({
      ...{ netns: 7, pid: null, process: null, fd: null, family: 'unix', type: 'stream', protocol: null },
      ...{
        localAddress,
        localPort: null,
        remoteAddress,
        remotePort: null,
        device: null,
        state: 'ESTABLISHED',
        inode,
        uid: 0,
        tid: null,
        hidden: false,
      },
    });
    const judged = (rows: readonly Row[]) => compare('sockets', rows, [], { ...context, truth: seen });
    expect(judged([row(41, '/run/a', null), row(42, null, '/run/a')]).differences).toEqual([]);
    expect(judged([row(41, '/run/a', '/run/a'), row(42, null, null)]).differences).toHaveLength(2);
  });

  it('notices order, columns it does not know, and notes', () => {
    const [a, b] = right['env'] as [Row, Row];
    expect(compare('env', [b, a]).differences).toEqual(['env pid 20 B: out of order']);
    expect(compare('env', [{ ...a, more: 1 }, b]).differences).toHaveLength(1);
    expect(compare('env', [a, b], ['a page is missing']).differences).toEqual([
      'env note: a page is missing',
    ]);
  });

  it('believes no more of what it tolerates than there can be', () => {
    const workers = Array.from({ length: 7 }, (_, nth) => ({
      ...right['pslist']![0]!,
      ...{ pid: 500 + nth, name: `kworker/0:${nth}`, task: BigInt(nth) },
    }));
    const { differences, tolerated } = compare('pslist', [...right['pslist']!, ...workers]);
    expect(tolerated).toEqual({ kworkerCameOrWent: 7 });
    expect(differences).toEqual([
      'pslist 7 times "workers of the kernel come and go as work does", and at most 6 are believed',
    ]);
  });
});
