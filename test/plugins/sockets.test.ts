import { describe, expect, it } from 'vitest';
import sockets from '../../plugins/sockets.ts';
import type { SymbolName } from '../../src/kernel/linux/symbols.ts';
import { drawWords, linuxWith } from '../support/drawn-symbols.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

/** Kinds of socket begin with what all sockets have, and these members are behind it. */
const BEHIND = {
  ...{ 'unix_sock.addr': 1024, 'unix_sock.peer': 1032, 'packet_sock.num': 1024, 'packet_sock.ifindex': 1032 },
  ...{ 'netlink_sock.portid': 1024, 'netlink_sock.dst_portid': 1032, 'netlink_sock.flags': 1040 },
  ...{ 'netlink_sock.node': 1048, 'inet_timewait_sock.tw_substate': 1024 },
};
/** Where the functions of sockets' files are. */
const OPERATIONS = 0xffff_ffff_8123_4560n;

type Values = Readonly<Record<string, bigint | number | string>>;

/** A drawn kernel with one network namespace, whose tables are empty until sockets are put there. */
class Network {
  readonly drawn: FakeKernel;
  readonly net: bigint;
  readonly symbols: Partial<Record<SymbolName, bigint>>;
  /** Where the one bucket of each table is. */
  readonly #heads: Record<'established' | 'listening' | 'udp' | 'unix' | 'packet' | 'netlink', bigint>;

  constructor(drawing: string) {
    const drawn = fakeKernel(drawing, {
      without: ['inet_hashinfo.listening_hash', 'netns_ipv4.udp_table', 'rhash_lock_head'],
      at: BEHIND,
    });
    this.drawn = drawn;
    this.net = drawn.draw('net');
    drawn.write(drawn.member(this.net, 'net', 'ns'), 'ns_common', { inum: 4_026_531_840 });
    const one = () =>
      drawWords(
        drawn,
        Array.from({ length: 512 }, () => 0n),
      );
    const heads = { established: one(), listening: one(), udp: one(), unix: one(), packet: 0n, netlink: 0n };
    const hashinfo = drawn.draw('inet_hashinfo', { ehash: heads.established, lhash2: heads.listening });
    const udp = drawn.draw('udp_table', { hash: heads.udp });
    const netlink = drawn.draw('netlink_table');
    const buckets = drawn.draw('bucket_table', { size: 1 });
    drawn.write(drawn.member(netlink, 'netlink_table', 'hash'), 'rhashtable', { tbl: buckets });
    const packet = drawn.member(this.net, 'net', 'packet');
    const names = drawn.member(drawn.member(this.net, 'net', 'unx'), 'netns_unix', 'table');
    drawn.write(names, 'unix_table', { buckets: heads.unix });
    const devices = drawn.member(this.net, 'net', 'dev_base_head');
    const device = drawn.draw('net_device', { name: 'eth7\0', ifindex: 7 });
    this.#ring(devices, drawn.member(device, 'net_device', 'dev_list'));
    const list = drawn.virtual(drawn.image.take(16, 4096));
    this.#ring(list, drawn.member(this.net, 'net', 'list'));
    this.#heads = {
      ...heads,
      netlink: drawn.member(buckets, 'bucket_table', 'buckets'),
      packet: drawn.member(packet, 'netns_packet', 'sklist'),
    };
    const empty = drawWords(
      drawn,
      Array.from({ length: 32 }, () => 0n),
    );
    this.symbols = {
      ...{ net_namespace_list: list, tcp_hashinfo: hashinfo, udp_table: udp, socket_file_ops: OPERATIONS },
      ...{ raw_v4_hashinfo: empty, raw_v6_hashinfo: empty, ping_table: empty },
      nl_table: drawWords(drawn, [netlink]),
    };
  }

  /** A socket, put first into a chain. */
  put(
    table: 'established' | 'listening' | 'udp' | 'unix' | 'packet',
    type: string,
    common: Values,
    own: Values = {},
  ): bigint {
    const { drawn } = this;
    const socket = drawn.draw(type, own);
    drawn.write(socket, 'sock_common', { skc_net: this.net, ...common });
    this.#chain(this.#heads[table], drawn.member(socket, 'sock_common', 'skc_node'));
    return socket;
  }

  putNetlink(common: Values, own: Values): bigint {
    const { drawn } = this;
    const socket = drawn.draw('netlink_sock', own);
    drawn.write(socket, 'sock_common', { skc_net: this.net, skc_family: 16, ...common });
    this.#chain(this.#heads.netlink, drawn.member(socket, 'netlink_sock', 'node'));
    return socket;
  }

  answer() {
    return ask(sockets, linuxWith(this.drawn, this.symbols));
  }

  lose(table: 'established'): void {
    this.drawn.lose(this.#heads[table]);
  }

  #chain(head: bigint, link: bigint): void {
    const at = this.drawn.physical(head);
    this.drawn.image.put64(this.drawn.physical(link), this.drawn.image.get64(at));
    this.drawn.image.put64(at, link);
  }

  #ring(...links: readonly bigint[]): void {
    for (const [i, at] of links.entries()) {
      this.drawn.image.put64(this.drawn.physical(at), links[(i + 1) % links.length]!);
    }
  }
}

/** Four bytes in network order, as a little-endian number. */
const ip = (a: number, b: number, c: number, d: number): number => a | (b << 8) | (c << 16) | (d << 24);
/** A port in network order, as a little-endian number. */
const port = (number: number): number => ((number & 0xff) << 8) | (number >>> 8);

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
    const { rows, notes } = await network.answer();
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
      ...{ state: 'LISTEN', inode: null, uid: 33 },
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
    const { rows } = await network.answer();
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
    const answer = await network.answer();
    const spoilt = { absent: 'corrupt-structure' };
    expect(column(answer, 'localAddress')).toEqual([spoilt, null, '@ab@c', '/run/a']);
    expect(column(answer, 'remoteAddress')).toEqual([null, '/run/a', null, null]);
    expect(answer.rows[1]).toMatchObject({
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
    const answer = await network.answer();
    expect(column(answer, 'localPort')).toEqual([812, null, 0]);
    expect(column(answer, 'remotePort')).toEqual([0, null, null]);
    expect(column(answer, 'state')).toEqual(['ESTABLISHED', 'UNCONN', 'UNCONN']);
  });

  it('shows what packet sockets listen to', async () => {
    const network = new Network('init(1)');
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: port(0x88b5), ifindex: 7 });
    network.put('packet', 'packet_sock', { skc_family: 17 }, { num: port(3) });
    expect((await network.answer()).rows).toMatchObject([
      { family: 'packet', protocol: 'all', localAddress: null },
      { family: 'packet', protocol: '0x88b5', localAddress: 'eth7' },
    ]);
  });

  it('leaves out what is no socket, and says so', async () => {
    const network = new Network('init(1)');
    network.put('udp', 'sock', { skc_family: 2, skc_num: 53 }, { sk_type: 2, sk_protocol: 17 });
    network.put('udp', 'sock', { skc_family: 4711 });
    const { rows, notes } = await network.answer();
    expect(rows).toMatchObject([{ localAddress: '0.0.0.0', localPort: 53 }]);
    expect(notes).toEqual(['1 entries among UDP sockets are no such sockets and are left out']);
  });

  it('goes on with the other tables where one is lost', async () => {
    const network = new Network('init(1)');
    network.put('listening', 'sock', { skc_family: 2, skc_num: 22, skc_state: 10 });
    network.lose('established');
    const { rows, notes } = await network.answer();
    expect(rows).toHaveLength(1);
    expect(notes).toEqual([
      expect.stringMatching(
        /^1 of 1 buckets in the hash table of TCP connections cannot be read: physical page /,
      ),
    ]);
  });

  it('shows a socket that no table has, once for each descriptor', async () => {
    const network = new Network('init(1) client(7)');
    const { drawn } = network;
    const socket = drawn.draw('sock', { sk_type: 1, sk_protocol: 6, sk_uid: 5 });
    drawn.write(socket, 'sock_common', { skc_family: 2, skc_state: 7, skc_net: network.net });
    const inside = drawn.draw('socket_alloc');
    const holder = drawn.member(inside, 'socket_alloc', 'socket');
    drawn.write(holder, 'socket', { sk: socket });
    drawn.write(drawn.member(inside, 'socket_alloc', 'vfs_inode'), 'inode', { i_ino: 4711 });
    drawn.write(socket, 'sock', { sk_socket: holder });
    const file = drawn.draw('file', { f_op: OPERATIONS, private_data: holder });
    const other = drawn.draw('file', { f_op: 1n, private_data: holder });
    for (const [pid, files] of [
      [1, [0n, file, other]],
      [7, [file, 0n, file]],
    ] as const) {
      const fdt = drawn.draw('fdtable', {
        max_fds: 3,
        fd: drawWords(drawn, files),
        close_on_exec: drawWords(drawn, [0n]),
      });
      drawn.write(drawn.task(pid), 'task_struct', { files: drawn.draw('files_struct', { fdt }) });
    }
    const { rows, notes } = await network.answer();
    expect(notes).toEqual([]);
    const unbound = {
      localAddress: null,
      localPort: null,
      remoteAddress: null,
      state: 'UNCONN',
      inode: 4711,
      uid: 5,
    };
    expect(rows).toMatchObject([
      { pid: 1, process: 'init', fd: 1, ...unbound },
      { pid: 7, process: 'client', fd: 0, ...unbound },
      { pid: 7, process: 'client', fd: 2, ...unbound },
    ]);
  });

  it('believes descriptors more than a socket that denies its file', async () => {
    const network = new Network('init(1)');
    const { drawn } = network;
    const socket = network.put(
      'udp',
      'sock',
      { skc_family: 2, skc_num: 53 },
      { sk_type: 2, sk_protocol: 17 },
    );
    const holder = drawn.member(drawn.draw('socket_alloc'), 'socket_alloc', 'socket');
    drawn.write(holder, 'socket', { sk: socket });
    const file = drawn.draw('file', { f_op: OPERATIONS, private_data: holder });
    const fdt = drawn.draw('fdtable', { max_fds: 1, fd: drawWords(drawn, [file]) });
    drawn.write(drawn.task(1), 'task_struct', { files: drawn.draw('files_struct', { fdt }) });
    expect((await network.answer()).rows).toMatchObject([{ pid: 1, fd: 0, localPort: 53, inode: null }]);
  });

  it('says what it cannot find in a kernel that tells nothing of its network', async () => {
    const { rows, notes } = await ask(sockets, fakeKernel('init(1)').linux());
    expect(rows).toEqual([]);
    expect(notes).toContain('network namespaces: this kernel has no symbol net_namespace_list');
    expect(notes).toContain('tcp_hashinfo: this kernel has no symbol tcp_hashinfo');
    expect(notes).toContain('netlink sockets: this kernel has no symbol nl_table');
  });
});
