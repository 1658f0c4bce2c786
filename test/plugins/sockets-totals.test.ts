// Sockets that the kernel counts as long as they live, held against all that were found: in tables, by descriptors, at
// other ends. What is counted and not found somebody hides; what nobody can find is explained, or said.
import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import { drawWords } from '../support/drawn-symbols.ts';
import { ip, Network } from '../support/network.ts';
import { ask } from '../support/rows.ts';

const notesOf = async (network: Network) => (await ask(sockets, network.linux())).notes;
const counts = (what: string, counted: number, found: number): string =>
  `the kernel counts ${counted} ${what} in network namespace 4026531840, and ${found} are found`;

const UNIX = { skc_family: 1, skc_state: 1 };
const PROGRAMS = { skc_net_refcnt: 1 };
const VSOCK = 40;
const CHARACTER = 0o020666;
/** So many closed ones may be on their way out where few are found. */
const LINGERING = 4;
const times = (count: number, action: () => void): void => {
  for (let nth = 0; nth < count; nth++) action();
};

describe('Unix sockets', () => {
  it('are missed where they are in no table, held by nobody and nobody is at their other end', async () => {
    const network = new Network('init(1)');
    times(LINGERING + 2, () => network.put('unix', 'unix_sock', UNIX));
    expect(await notesOf(network)).toEqual([]);
    times(LINGERING, () => network.unlinkFirst('unix'));
    expect(await notesOf(network)).toEqual([]);
    network.unlinkFirst('unix');
    expect(await notesOf(network)).toEqual([counts('Unix sockets', LINGERING + 2, 1)]);
  });

  it('are there where they are closed, and the other end is open', async () => {
    const network = new Network('init(1)');
    const closed = network.loose('unix_sock', UNIX);
    network.put('unix', 'unix_sock', UNIX, { peer: closed });
    expect(await notesOf(network)).toEqual([]);
  });

  it('are there where they are closed, and nobody has read their last message', async () => {
    const network = new Network('init(1)');
    const { drawn } = network;
    const closed = network.loose('unix_sock', UNIX);
    const reader = network.put('unix', 'unix_sock', UNIX);
    const queue = drawn.member(reader, 'sock', 'sk_receive_queue');
    const second = drawn.draw('sk_buff', { sk: closed, next: queue });
    const first = drawn.draw('sk_buff', { sk: closed, next: second });
    drawn.image.put64(drawn.physical(queue), first);
    expect(await notesOf(network)).toEqual([]);
    times(LINGERING + 1, () => network.loose('unix_sock', UNIX));
    expect(await notesOf(network)).toEqual([counts('Unix sockets', LINGERING + 3, 2)]);
  });

  it('are more than the kernel counts where somebody lowered its count', async () => {
    const network = new Network('init(1)');
    network.put('unix', 'unix_sock', UNIX);
    network.count('UNIX', -1);
    expect(await notesOf(network)).toEqual([counts('Unix sockets', 0, 1)]);
  });
});

describe('netlink sockets', () => {
  it('are counted where programs made them, bound or not', async () => {
    const network = new Network('init(1)');
    network.putNetlink({ skc_state: 7 }, { flags: 1 });
    network.putNetlink({ skc_state: 7 }, { portid: 812, bound: 1 });
    network.hold(1, { 0: network.loose('netlink_sock', { skc_family: 16, skc_state: 7 }) });
    expect(await notesOf(network)).toEqual([]);
    network.loose('netlink_sock', { skc_family: 16 });
    expect(await notesOf(network)).toEqual([counts('netlink sockets of programs', 3, 2)]);
  });
});

describe('sockets of families whose tables nobody reads', () => {
  it('are counted with all others, and missed where nobody holds one', async () => {
    const network = new Network('init(1)');
    network.hold(1, { 0: network.loose('sock', { skc_family: VSOCK, skc_state: 10, ...PROGRAMS }) });
    expect(await notesOf(network)).toEqual([]);
    times(LINGERING, () => network.loose('sock', { skc_family: VSOCK, skc_state: 10, ...PROGRAMS }));
    expect(await notesOf(network)).toEqual([]); // they may have been closed a moment before
    network.loose('sock', { skc_family: VSOCK, skc_state: 10, ...PROGRAMS });
    expect(await notesOf(network)).toEqual([counts('sockets of programs', LINGERING + 2, 1)]);
  });

  it('are counted by themselves in kernels before 5.17', async () => {
    const network = new Network('init(1)', { without: ['prot_inuse.all'] });
    const { drawn } = network;
    const { pointer, places } = drawn.takePerCpu(4);
    drawn.write(drawn.member(network.net, 'net', 'core'), 'netns_core', { sock_inuse: pointer });
    drawn.image.put32(places[0]!, LINGERING + 3);
    drawn.image.put32(places[1]!, -2);
    expect(await notesOf(network)).toEqual([counts('sockets of programs', LINGERING + 1, 0)]);
  });

  it('are there where they are inside the file of a tunnel', async () => {
    const network = new Network('init(1)');
    const { drawn } = network;
    const inside = drawn.draw('sock');
    drawn.write(inside, 'sock_common', { skc_net: network.net, ...PROGRAMS });
    network.countAll(LINGERING + 1);
    const f_inode = drawn.draw('inode', { i_mode: CHARACTER });
    const file = drawn.draw('file', { f_op: 1n, private_data: inside, f_inode });
    const fdt = drawn.draw('fdtable', {
      ...{ max_fds: 1, fd: drawWords(drawn, [file]), close_on_exec: drawWords(drawn, [0n]) },
    });
    expect(await notesOf(network)).toEqual([counts('sockets of programs', LINGERING + 1, 0)]);
    drawn.write(drawn.task(1), 'task_struct', { files: drawn.draw('files_struct', { fdt }) });
    expect(await notesOf(network)).toEqual([]);
  });

  it('say nothing of a namespace whose tables were already said to differ', async () => {
    const network = new Network('init(1)');
    network.count('PACKET', 1);
    network.countAll(1);
    expect(await notesOf(network)).toHaveLength(1);
  });
});

describe('connections in TIME-WAIT', () => {
  it('are held against what the namespace counts of them', async () => {
    const network = new Network('init(1)');
    const end = { skc_family: 2, skc_state: 6, skc_rcv_saddr: ip(192, 0, 2, 1), skc_num: 22 };
    for (let nth = 0; nth < 3; nth++)
      network.put('established', 'inet_timewait_sock', end, { tw_substate: 6 });
    expect(await notesOf(network)).toEqual([]);
    network.unlinkFirst('established');
    expect(await notesOf(network)).toEqual([
      'the kernel counts 3 TCP connections in TIME-WAIT in network namespace 4026531840, and its tables have 2',
    ]);
  });
});
