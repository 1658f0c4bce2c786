import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ip, Network, port } from '../support/network.ts';
import { ask, column } from '../support/rows.ts';

const answer = (network: Network) => ask(sockets, network.linux());

describe('sockets', () => {
  it('shows a listener, a connection, and the stand-ins of TCP', async () => {
    const network = new Network('init(1)');
    const local = { skc_family: 2, skc_rcv_saddr: ip(192, 0, 2, 1), skc_num: 443 };
    const remote = { skc_daddr: ip(203, 0, 113, 9), skc_dport: port(50_000) };
    const own = { sk_type: 1, sk_protocol: 6, sk_uid: 33 };
    const listener = network.put('listening', 'sock', { ...local, skc_state: 10 }, own);
    network.put('established', 'sock', { ...local, ...remote, skc_state: 1 }, own);
    network.put('established', 'sock', { ...local, ...remote, skc_state: 12, skc_listener: listener });
    const ended = { ...local, ...remote, skc_state: 6 };
    network.put('established', 'inet_timewait_sock', ended, { tw_substate: 5 });
    const { rows, notes } = await answer(network);
    expect(notes).toEqual([]);
    expect(rows).toHaveLength(4);
    expect(rows[0]).toEqual({
      ...{ netns: 4_026_531_840, pid: null, process: null, fd: null, family: 'inet', type: 'stream' },
      ...{
        protocol: 'tcp',
        localAddress: '192.0.2.1',
        localPort: 443,
        remoteAddress: null,
        remotePort: null,
      },
      ...{ device: null, state: 'LISTEN', inode: null, uid: 33, tid: null, hidden: false, container: null },
    });
    const common = { protocol: 'tcp', localPort: 443, remoteAddress: '203.0.113.9', remotePort: 50_000 };
    expect(rows.slice(1)).toMatchObject([
      { ...common, state: 'FIN-WAIT-2', type: 'stream', uid: null },
      { ...common, state: 'SYN-RECV', type: 'stream', uid: 33 },
      { ...common, state: 'ESTABLISHED', uid: 33 },
    ]);
  });

  it('names the link of addresses that mean nothing elsewhere', async () => {
    const network = new Network('init(1)');
    const six = (hex: string) => Buffer.from(hex, 'hex');
    const socket = network.put(
      'udp',
      'sock',
      { skc_family: 10, skc_num: 546, skc_state: 7, skc_bound_dev_if: 7 },
      { sk_type: 2, sk_protocol: 17 },
    );
    const { drawn } = network;
    const at = drawn.physical(drawn.member(socket, 'sock_common', 'skc_v6_rcv_saddr'));
    drawn.image.write(at, six('fe800000000000000000000000000001'));
    const { rows } = await answer(network);
    expect(rows).toMatchObject([
      {
        family: 'inet6',
        protocol: 'udp',
        localAddress: 'fe80::1%eth7',
        localPort: 546,
        remoteAddress: null,
        state: 'UNCONN',
      },
    ]);
  });

  it('shows names of Unix sockets and of their peers', async () => {
    const network = new Network('init(1)');
    const { drawn } = network;
    const name = (text: string, length = 2 + text.length) => {
      const address = drawn.draw('unix_address', { len: length });
      drawn.image.write(
        drawn.physical(drawn.member(address, 'unix_address', 'name')) + 2,
        Buffer.from(text, 'latin1'),
      );
      return address;
    };
    const common = { skc_family: 1, skc_state: 10 };
    const path = network.put('unix', 'unix_sock', common, { addr: name('/run/a\0') });
    network.put('unix', 'unix_sock', common, { addr: name('\0ab\0c') });
    network.put('unix', 'unix_sock', { ...common, skc_state: 1 }, { peer: path });
    network.put('unix', 'unix_sock', common, { addr: name('', 2000) });
    const all = await answer(network);
    const spoilt = { absent: 'corrupt-structure' };
    expect(column(all, 'localAddress')).toEqual([spoilt, null, '@ab@c', '/run/a']);
    expect(column(all, 'remoteAddress')).toEqual([null, '/run/a', null, null]);
    expect(all.rows[1]).toMatchObject({
      family: 'unix',
      protocol: null,
      localPort: null,
      remotePort: null,
    });
  });

  it('tells the kernel’s own netlink sockets from those that are not bound', async () => {
    const network = new Network('init(1)');
    network.putNetlink({ skc_state: 7 }, { portid: 0, flags: 1 });
    network.putNetlink({ skc_state: 7 }, { portid: 0, flags: 0 });
    network.putNetlink({ skc_state: 1 }, { portid: 812, dst_portid: 0 });
    const all = await answer(network);
    expect(column(all, 'localPort')).toEqual([812, null, 0]);
    expect(column(all, 'remotePort')).toEqual([0, null, null]);
    expect(column(all, 'state')).toEqual(['ESTABLISHED', 'UNCONN', 'UNCONN']);
  });

  it('shows what packet sockets listen to', async () => {
    const network = new Network('init(1)');
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: port(0x88b5), ifindex: 7 });
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: port(3) });
    expect((await answer(network)).rows).toMatchObject([
      { family: 'packet', protocol: 'all', localAddress: null },
      { family: 'packet', protocol: '0x88b5', localAddress: 'eth7' },
    ]);
  });

  it('leaves out what is no socket, and says so', async () => {
    const network = new Network('init(1)');
    network.put('udp', 'sock', { skc_family: 2, skc_num: 53 }, { sk_type: 2, sk_protocol: 17 });
    network.put('udp', 'sock', { skc_family: 4711 });
    const { rows, notes } = await answer(network);
    expect(rows).toMatchObject([{ localAddress: '0.0.0.0', localPort: 53 }]);
    expect(notes).toEqual([
      '1 entries among UDP sockets are no such sockets and are left out',
      'the kernel counts 2 UDP sockets in network namespace 4026531840, and its tables have 1',
    ]);
  });

  it('goes on with the other tables where one is lost', async () => {
    const network = new Network('init(1)');
    network.put('listening', 'sock', { skc_family: 2, skc_num: 22, skc_state: 10 }, { sk_protocol: 6 });
    network.lose('established');
    const { rows, notes } = await answer(network);
    expect(rows).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringMatching(
        /^1 of 1 buckets in the hash table of TCP connections cannot be read: physical page /,
      ),
    ]);
  });

  it('shows a socket that no table has, once for each descriptor', async () => {
    const network = new Network('init(1) client(7)');
    const own = { sk_type: 1, sk_protocol: 6, sk_uid: 5 };
    const socket = network.loose('sock', { skc_family: 2, skc_state: 7 }, own);
    network.hold(1, { 1: socket });
    network.hold(7, { 0: socket, 2: socket });
    const { rows, notes } = await answer(network);
    expect(notes).toEqual([]);
    const unbound = {
      ...{ localAddress: null, localPort: null, remoteAddress: null, state: 'UNCONN', inode: 4711, uid: 5 },
      hidden: null,
    };
    expect(rows).toMatchObject([
      { pid: 1, process: 'init', fd: 1, ...unbound },
      { pid: 7, process: 'client', fd: 0, ...unbound },
      { pid: 7, process: 'client', fd: 2, ...unbound },
    ]);
  });

  it('believes descriptors more than a socket that denies its file', async () => {
    const network = new Network('init(1)');
    const own = { sk_type: 2, sk_protocol: 17 };
    const socket = network.put('udp', 'sock', { skc_family: 2, skc_num: 53 }, own);
    network.hold(1, { 0: socket });
    network.drawn.write(socket, 'sock', { sk_socket: 0n });
    expect((await answer(network)).rows).toMatchObject([{ pid: 1, fd: 0, localPort: 53, inode: 4711 }]);
  });

  it('says what it cannot find in a kernel that tells nothing of its network', async () => {
    const { rows, notes } = await ask(sockets, fakeKernel('init(1)').linux());
    expect(rows).toEqual([]);
    expect(notes).toContain('network namespaces: this kernel has no symbol net_namespace_list');
    expect(notes).toContain('tcp_hashinfo: this kernel has no symbol tcp_hashinfo');
    expect(notes).toContain('netlink sockets: this kernel has no symbol nl_table');
  });
});
