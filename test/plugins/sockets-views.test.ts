// Two views of a machine's sockets: what its tables have, and what the kernel counts and processes hold.
// What one has and the other lacks is shown, marked and said; what could not be walked to its end accuses nobody.
import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import { ip, Network, port } from '../support/network.ts';
import { ask, column, observed } from '../support/rows.ts';

const answer = (network: Network) => ask(sockets, network.linux());

const LISTENER = { skc_family: 2, skc_state: 10, skc_rcv_saddr: ip(192, 0, 2, 1), skc_num: 4444 };
const TCP = { sk_type: 1, sk_protocol: 6 };
const UNKNOWN = { absent: 'walk-incomplete' };
const UDP = { sk_type: 2, sk_protocol: 17 };

describe('sockets by tables, counts and descriptors', () => {
  it('shows and marks a listener that was taken out of its table and that a process still holds', async () => {
    const network = new Network('init(1) door(66)');
    const hidden = network.put('listening', 'sock', LISTENER, TCP);
    network.hold(66, { 3: hidden });
    network.unlinkFirst('listening');
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([{ pid: 66, fd: 3, state: 'LISTEN', localPort: 4444, hidden: true }]);
    expect(notes).toEqual([
      'the kernel counts 1 TCP sockets in network namespace 4026531840, and its tables have 0',
    ]);
    expect(observed(sockets, { rows, notes })).toEqual([
      "1 socket is in use and not in the kernel's table of them: tcp port 4444 (door)",
    ]);
  });

  it.each([
    ['UDP', 'udp', { skc_family: 2, skc_num: 53 }, UDP, 'sock'],
    ['packet', 'packet', { skc_family: 17 }, { num: port(3) }, 'packet_sock'],
    ['Unix', 'unix', { skc_family: 1, skc_state: 1 }, {}, 'unix_sock'],
  ] as const)('marks an unlinked socket: %s', async (_, table, common, own, type) => {
    const network = new Network('init(1)');
    const isHeldHidden = async () => (await answer(network)).rows.find(({ fd }) => fd === 0)?.['hidden'];
    network.put(table, type, common, own);
    network.hold(1, { 0: network.put(table, type, common, own) });
    expect(await isHeldHidden()).toBe(false);
    network.unlinkFirst(table);
    expect(await isHeldHidden()).toBe(true);
  });

  it('accuses nobody where the page of a table is zeros', async () => {
    const network = new Network('init(1)');
    network.hold(1, { 0: network.put('unix', 'unix_sock', { skc_family: 1, skc_state: 1 }) });
    network.unlinkAll('unix');
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([{ hidden: UNKNOWN }]);
    expect(notes).toContain('a page of the table of Unix sockets holds nothing but zeros');
  });

  it('marks a netlink socket that is bound and unlinked, and none that is not bound', async () => {
    const network = new Network('init(1)');
    network.hold(1, { 0: network.putNetlink({ skc_state: 7 }, { portid: 812, bound: 1 }) });
    network.unlinkFirst('netlink');
    const bound = await answer(network);
    expect(column(bound, 'hidden')).toEqual([true]);
    expect(bound.notes).toContain(
      'hash table of netlink route sockets has 0 entries, and the kernel counts 1',
    );
    const other = new Network('init(1)');
    other.hold(1, { 0: other.loose('netlink_sock', { skc_family: 16, skc_state: 7 }) });
    expect(await answer(other)).toMatchObject({ rows: [{ hidden: null }], notes: [] });
  });

  it('says that the kernel counts sockets which nobody holds and no table has', async () => {
    const network = new Network('init(1)');
    network.put('established', 'sock', { ...LISTENER, skc_state: 1 }, TCP);
    network.put('established', 'sock', { ...LISTENER, skc_state: 1, skc_num: 5 }, TCP);
    network.unlinkFirst('established');
    const { rows, notes } = await answer(network);
    expect(rows).toHaveLength(1);
    expect(notes).toEqual([
      'the kernel counts 2 TCP sockets in network namespace 4026531840, and its tables have 1',
    ]);
  });

  it('says so where a table has more than the kernel counts', async () => {
    const network = new Network('init(1)');
    network.put('packet', 'packet_sock', { skc_family: 17 });
    network.count('PACKET', -1);
    expect((await answer(network)).notes).toEqual([
      'the kernel counts 0 packet sockets in network namespace 4026531840, and its tables have 1',
    ]);
  });

  it('holds UDP against what each slot of its table counts', async () => {
    const network = new Network('init(1)');
    network.put('udp', 'sock', { skc_family: 2, skc_num: 53 }, UDP);
    network.unlinkFirst('udp');
    network.count('UDP', -1);
    expect((await answer(network)).notes).toEqual([
      'hash table of UDP sockets has 0 entries, and the kernel counts 1',
    ]);
  });

  it('counts neither the stand-ins of TCP nor sockets that were closed', async () => {
    const network = new Network('init(1)');
    network.put('established', 'inet_timewait_sock', { ...LISTENER, skc_state: 6 }, { tw_substate: 6 });
    network.hold(1, { 0: network.loose('sock', { ...LISTENER, skc_state: 7 }, TCP) });
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([
      { state: 'TIME-WAIT', hidden: false },
      { state: 'UNCONN', hidden: null },
    ]);
    expect(notes).toEqual([]);
  });

  it('accuses nobody where a table could not be read to its end', async () => {
    const network = new Network('init(1)');
    network.hold(1, { 3: network.loose('sock', LISTENER, TCP) });
    network.lose('established');
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([{ state: 'LISTEN', hidden: UNKNOWN }]);
    expect(notes).toHaveLength(1);
  });

  it('accuses nobody in a namespace whose tables were not found', async () => {
    const network = new Network('init(1)');
    const elsewhere = network.drawn.draw('net');
    network.hold(1, { 3: network.loose('unix_sock', { skc_family: 1, skc_net: elsewhere }) });
    expect(await answer(network)).toMatchObject({ rows: [{ hidden: UNKNOWN }], notes: [] });
  });

  it('finds a Unix socket that is in no table at the other end of one that is', async () => {
    const network = new Network('init(1)');
    const { drawn } = network;
    const far = network.loose('unix_sock', { skc_family: 1, skc_state: 1 });
    network.put('unix', 'unix_sock', { skc_family: 1, skc_state: 1 }, { peer: far });
    // One that was closed has left its table and has no file any more: it only waits for the other end.
    expect((await answer(network)).rows).toHaveLength(1);
    const file = drawn.member(drawn.draw('socket_alloc'), 'socket_alloc', 'socket');
    drawn.write(far, 'sock', { sk_socket: file });
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([{ hidden: false }, { hidden: true, pid: null }]);
    expect(notes).toEqual([]);
  });

  it('tells the descriptors that a thread has for itself from those of its process', async () => {
    const network = new Network('init(1)', { traits: { 1: { threads: [1n, 1n] } } });
    const { drawn } = network;
    const own = network.put('listening', 'sock', LISTENER, TCP);
    const other = network.put('listening', 'sock', { ...LISTENER, skc_num: 22 }, TCP);
    network.hold(1, { 3: own });
    const ofThread = drawn.read(drawn.task(1), 'task_struct', 'files');
    network.hold(1, { 3: other });
    drawn.write(drawn.task(2), 'task_struct', { files: ofThread });
    const { rows, notes } = await answer(network);
    expect(notes).toEqual([]);
    expect(rows).toMatchObject([
      { pid: 1, tid: null, fd: 3, localPort: 22 },
      { pid: 1, tid: 2, fd: 3, localPort: 4444 },
    ]);
  });
});
