import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { summarize } from '../../src/triage/summarize.ts';
import type { TriageSummary } from '../../src/triage/summary.ts';

/** The summary of plugins that answered with these rows. */
const paint = (
  answers: Readonly<Record<string, readonly Row[]>>,
  notes: readonly string[] = [],
): TriageSummary =>
  summarize(
    Object.entries(answers).map(([plugin, rows]) => ({ plugin, version: 1, rows, notes })),
    plugins,
  );

/** What the question has for itself in the summary. */
const partOf = (question: string, rows: readonly Row[]) =>
  paint({ [question]: rows }).sections.find((part) => part.question === question)!;

const process = (pid: number, name: string, more: Row = {}): Row => ({
  pid,
  name,
  uid: 0,
  euid: 0,
  kernel: false,
  started: new Date(pid * 1000),
  args: name,
  ...more,
});
const tcp = (more: Row): Row => ({
  netns: 1,
  pid: 10,
  process: 'sshd',
  fd: 3,
  family: 'inet',
  type: 'stream',
  protocol: 'tcp',
  localAddress: '0.0.0.0',
  localPort: 22,
  remoteAddress: null,
  remotePort: null,
  state: 'LISTEN',
  inode: 100,
  ...more,
});

/** Why a process is worth a look, of rows about process 10. */
const reasonsFor = (answers: Readonly<Record<string, readonly Row[]>>): readonly string[] =>
  paint(answers).processes.listed.find(({ pid }) => pid === 10)!.reasons;

describe('the reasons to look at a process', () => {
  it.each<[what: string, Row, string[]]>([
    ['nothing', process(10, 'sshd', { exe: '/usr/sbin/sshd' }), []],
    ['a deleted program', process(10, 'x', { exe: '/usr/bin/x (deleted)' }), ['its executable is deleted']],
    [
      'a program that is in memory only',
      process(10, 'x', { exe: '/memfd:x (deleted)' }),
      ['runs from memory only (memfd)'],
    ],
    ['a program in a scratch folder', process(10, 'x', { exe: '/dev/shm/a/x' }), ['runs from /dev/shm/a']],
    ["a kernel thread's name", process(10, 'kworker/0:1'), ['looks like a kernel thread']],
    ['a mark of kernel threads', process(10, 'x', { kernelFlag: true }), ['marked as a kernel thread']],
    [
      "a kernel thread's command line",
      process(10, 'x', { args: '[kthreadd]' }),
      ['looks like a kernel thread'],
    ],
    [
      'a process whose first thread has ended',
      process(10, 'x', { state: 'Z', exe: '/usr/bin/x' }),
      ['its first thread has ended and others go on'],
    ],
    ['a zombie', process(10, 'x', { state: 'Z', exe: null, args: null }), []],
    ['a hidden process', process(10, 'x', { hidden: true }), ['hidden from the kernel’s own lists']],
    ["root's rights", process(10, 'x', { uid: 1000 }), ["root's rights for user 1000"]],
    ['a process without an executable', process(10, 'x', { exe: null }), []],
    [
      'cells that could not be read',
      process(10, 'x', {
        uid: { absent: 'swapped' },
        exe: { absent: 'not-in-snapshot' },
        args: { absent: 'swapped' },
      }),
      [],
    ],
  ])('are right for %s', (_what, row, reasons) => {
    expect(reasonsFor({ pslist: [row] })).toEqual(reasons);
  });

  it('are never given for true kernel threads', () => {
    expect(paint({ pslist: [process(2, 'kworker/0:1', { kernel: true })] }).processes).toEqual({
      total: 1,
      kernelThreads: 1,
      listed: [],
    });
  });

  it('are given for a hidden process that calls itself a kernel thread', () => {
    const row = process(10, 'kworker/0:1', { kernel: true, hidden: true });
    expect(paint({ pslist: [row] }).processes).toMatchObject({
      kernelThreads: 1,
      listed: [{ pid: 10, reasons: ['hidden from the kernel’s own lists'] }],
    });
  });

  it('tell a shell on a socket from a server that was handed one', () => {
    const on = (name: string, fd: number): readonly string[] =>
      reasonsFor({
        pslist: [process(10, name)],
        sockets: [tcp({ process: name, fd, state: 'ESTABLISHED' })],
      });
    expect(on('bash', 0)).toEqual(['a shell on a socket']);
    expect(on('python3.11', 1)).toEqual(['a shell on a socket']);
    expect(on('bash', 5)).toEqual([]);
    expect(on('in.tftpd', 0)).toEqual([]);
  });

  it('name who sees raw packets and whose libraries are replaced', () => {
    expect(
      reasonsFor({
        pslist: [process(10, 'x')],
        sockets: [tcp({ family: 'packet' }), tcp({ family: 'packet', fd: 4 })],
        env: [{ pid: 10, name: 'LD_PRELOAD', value: '/tmp/x.so' }],
      }),
    ).toEqual(['sees raw packets', 'LD_PRELOAD is /tmp/x.so']);
  });

  it('tell a packet socket that receives nothing from one that sees everything, and name a hidden one', () => {
    const packet = tcp({ family: 'packet', protocol: null, state: 'UNCONN' });
    const reasonsOf = (row: Row) => reasonsFor({ pslist: [process(10, 'x')], sockets: [row] });
    expect(reasonsOf(packet)).toEqual(['sends raw packets']);
    expect(reasonsOf({ ...packet, protocol: { absent: 'not-in-snapshot' } })).toEqual(['sees raw packets']);
    expect(reasonsOf(tcp({ hidden: true }))).toEqual(['holds a hidden socket']);
    expect(reasonsOf(tcp({ hidden: { absent: 'walk-incomplete' } }))).toEqual([]);
  });

  it('stand before the rest, and the latest started first among equals', () => {
    const { listed } = paint({
      pslist: [
        process(1, 'init'),
        process(20, 'new'),
        process(10, 'bad', { exe: '/tmp/bad' }),
        process(15, 'mid'),
      ],
    }).processes;
    expect(listed.map(({ pid }) => pid)).toEqual([10, 20, 15, 1]);
  });
});

describe('the sockets of a summary', () => {
  it('are one line each, with everyone who holds them', () => {
    const { listening } = paint({
      sockets: [tcp({}), tcp({ pid: 11, process: 'child' }), tcp({ pid: 11, process: 'child', fd: 9 })],
    });
    expect(listening).toEqual([
      { protocol: 'tcp', local: '0.0.0.0:22', remote: null, holders: 'sshd (10), child (11)' },
    ]);
  });

  it('are listening, established or neither', () => {
    const { listening, established } = paint({
      sockets: [
        tcp({
          inode: 1,
          family: 'inet6',
          localAddress: '::',
          protocol: 'udp',
          type: 'dgram',
          state: null,
          localPort: 53,
        }),
        tcp({
          inode: 2,
          remoteAddress: '192.0.2.1',
          remotePort: 40000,
          state: 'ESTABLISHED',
          pid: null,
          process: null,
        }),
        tcp({ inode: 3, state: 'TIME_WAIT', remoteAddress: '192.0.2.1', remotePort: 1 }),
        tcp({ inode: 4, family: 'unix', protocol: null, state: 'LISTEN' }),
      ],
    });
    expect(listening).toEqual([{ protocol: 'udp', local: '[::]:53', remote: null, holders: 'sshd (10)' }]);
    expect(established).toEqual([
      { protocol: 'tcp', local: '0.0.0.0:22', remote: '192.0.2.1:40000', holders: null },
    ]);
  });
});

describe('sockets of every family', () => {
  const vsock = (more: Row): Row =>
    tcp({ family: 'vsock', protocol: null, localAddress: '*', localPort: 4402, ...more });

  it('listen where they say so, whatever reaches them, but for those of this machine alone', () => {
    const { listening } = paint({
      sockets: [
        vsock({ inode: 1 }),
        tcp({ inode: 2, protocol: 'sctp', type: 'seqpacket', localPort: 4202 }),
        tcp({ inode: 3, family: 'bluetooth', protocol: 'rfcomm', localAddress: null, localPort: null }),
        tcp({ inode: 4, family: 'unix', protocol: null, localAddress: '/run/x', localPort: null }),
        // Bound and not listening: nobody can connect.
        tcp({ inode: 5, protocol: 'sctp', type: 'seqpacket', state: 'UNCONN' }),
        tcp({ inode: 6, family: { absent: 'not-in-snapshot' } }),
      ],
    });
    expect(listening.map(({ protocol, local }) => `${protocol} ${local}`)).toEqual([
      'vsock *:4402',
      'sctp 0.0.0.0:4202',
      'rfcomm *',
    ]);
  });

  it('are connected where they say so: to the host, by an association', () => {
    const connected = { state: 'ESTABLISHED', remoteAddress: '2', remotePort: 1024 };
    const { established } = paint({
      sockets: [
        vsock({ ...connected, inode: 1 }),
        tcp({ ...connected, inode: 2, protocol: 'sctp', type: 'seqpacket', remoteAddress: '192.0.2.1' }),
        tcp({ ...connected, inode: 3, protocol: 'udp', type: 'dgram', remoteAddress: '192.0.2.1' }),
        tcp({ ...connected, inode: 4, family: 'netlink', type: 'raw' }),
      ],
    });
    expect(established.map(({ protocol, remote }) => `${protocol} ${remote}`)).toEqual([
      'vsock 2:1024',
      'sctp 192.0.2.1:1024',
    ]);
  });

  it('come first where nobody holds them, or where they are not of TCP or UDP', () => {
    const { listening } = paint({
      sockets: [
        tcp({ inode: 1 }),
        vsock({ inode: 2 }),
        tcp({ inode: 3, localPort: 80, pid: null, process: null, fd: null }),
        tcp({ inode: 4, localPort: 443 }),
      ],
    });
    expect(listening.map(({ local }) => local)).toEqual([
      '0.0.0.0:80',
      '*:4402',
      '0.0.0.0:22',
      '0.0.0.0:443',
    ]);
  });

  it('name the interface that they are bound to', () => {
    const { listening } = paint({
      sockets: [
        tcp({ inode: 1, device: 'lo', localPort: 4241 }),
        tcp({ inode: 2, device: 'lo', family: 'inet6', localAddress: '::' }),
        tcp({ inode: 3, device: 'eth7', family: 'inet6', localAddress: 'fe80::1%eth7' }),
        tcp({ inode: 4, device: null }),
      ],
    });
    expect(listening.map(({ local }) => local)).toEqual([
      ...['0.0.0.0%lo:4241', '[::%lo]:22', '[fe80::1%eth7]:22', '0.0.0.0:22'],
    ]);
  });
});

describe('the rest of a summary', () => {
  it('names modules that came from elsewhere or are not yet or no longer live', () => {
    const module = (name: string, taints: string, state = 'Live'): Row => ({ name, taints, state });
    expect(
      partOf('modules', [module('ext4', ''), module('evil', 'OE'), module('going', '', 'Unloading')]),
    ).toEqual({
      ...{ question: 'modules', title: 'Modules', kind: 'module', most: 4 },
      ...{ total: 3, counted: null, passedOver: null },
      entries: [
        { what: 'evil', reasons: ['out of tree', 'unsigned'], count: 1 },
        { what: 'going', reasons: ['state Unloading'], count: 1 },
      ],
    });
  });

  it('counts keys by size and owner', () => {
    const key = (size: number, pid: number | null): Row => ({
      size,
      pid,
      process: pid === null ? null : 'openssl',
      mapping: pid === null ? null : '[heap]',
    });
    expect(partOf('keys', [key(256, 7), key(256, 7), key(128, 7), key(256, null)])).toEqual({
      ...{ question: 'keys', title: 'AES keys', kind: 'AES key', most: 6 },
      ...{ total: 4, counted: 'in use', passedOver: null },
      entries: [
        { what: '2 of 256 bits in openssl (7) [heap]', reasons: [], count: 2 },
        { what: '1 of 128 bits in openssl (7) [heap]', reasons: [], count: 1 },
        { what: '1 of 256 bits in no process', reasons: [], count: 1 },
      ],
    });
  });

  it('names nobody as holder of a constant or of a random generator’s state, and counts them', () => {
    const key = (use: string | null): Row => ({
      ...{ size: 256, pid: 7, process: 'openssl', mapping: '[heap]', use },
    });
    const part = partOf('keys', [key('public constant'), key('random generator'), key(null)]);
    expect(part.entries).toEqual([{ what: '1 of 256 bits in openssl (7) [heap]', reasons: [], count: 1 }]);
    expect(part).toMatchObject({
      total: 1,
      passedOver: '2 more are constants or states of random generators',
    });
  });

  it('says what could not be read: before the questions, then plugin by plugin', () => {
    const rows = [
      process(1, 'a', { args: { absent: 'swapped' } }),
      process(2, 'b', { args: { absent: 'swapped' }, uid: { absent: 'not-present' } }),
    ];
    expect(
      summarize(
        [{ plugin: 'pslist', version: 1, rows, notes: ['task list breaks after 2 entries'] }],
        plugins,
        ['the file is cut'],
      ).unread,
    ).toEqual([
      'the file is cut',
      'pslist: 2 cells swapped',
      'pslist: 1 cell not-present',
      'pslist: task list breaks after 2 entries',
    ]);
  });

  it('is empty where no question was answered', () => {
    expect(paint({})).toEqual({
      reach: {},
      processes: { total: 0, kernelThreads: 0, listed: [] },
      listening: [],
      established: [],
      lists: { processes: 'pslist', connections: 'sockets' },
      sections: [
        expect.objectContaining({ question: 'modules', total: 0, passedOver: null, entries: [] }),
        expect.objectContaining({ question: 'keys', total: 0, passedOver: null, entries: [] }),
      ],
      unread: [],
    });
  });
});

describe('how far a question was answered', () => {
  it('is told by its notes, by states that cannot be read, and by its failure', () => {
    const result = (plugin: string, more: object = {}) => ({
      plugin,
      version: 1,
      rows: [],
      notes: [],
      ...more,
    });
    const { reach } = summarize(
      [
        result('pslist'),
        result('sockets', { rows: [tcp({ state: { absent: 'not-in-snapshot' } })] }),
        result('modules', { notes: ['module.list list breaks after 0 entries'] }),
        result('env', { hasFailed: true }),
      ],
      plugins,
    );
    expect(reach).toEqual({ pslist: 'whole', sockets: 'partly', modules: 'partly', env: 'not at all' });
  });
});
