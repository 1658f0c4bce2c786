// A drawn machine's network: one namespace, tables that are empty until sockets are put there, and the kernel's own counts,
// which are right unless a test makes them wrong.
import type { SymbolName } from '../../src/kernel/linux/symbols.ts';
import { drawWords, linuxWith } from './drawn-symbols.ts';
import { type FakeKernel, fakeKernel, type KernelWishes } from './kernel.ts';

/** Kinds of socket begin with what all sockets have, and these members are behind it. */
const BEHIND = {
  ...{ 'unix_sock.addr': 1024, 'unix_sock.peer': 1032, 'packet_sock.num': 1024, 'packet_sock.ifindex': 1032 },
  ...{ 'netlink_sock.portid': 1024, 'netlink_sock.dst_portid': 1032, 'netlink_sock.flags': 1040 },
  ...{ 'netlink_sock.bound': 1048, 'netlink_sock.node': 1056, 'inet_timewait_sock.tw_substate': 1024 },
  ...{ 'sctp_sock.type': 1024, 'sctp_sock.ep': 1032 },
};
/** Where the functions of sockets' files are. */
const OPERATIONS = 0xffff_ffff_8123_4560n;
/** What a bucket holds that has no entry, in tables whose chains end with a number. */
const EMPTY = 1n;
const TIME_WAIT = 6;
const STANDS_IN = [TIME_WAIT, 12];
/** NETLINK_F_KERNEL_SOCKET. */
const KERNEL_SOCKET = 1;

export type Values = Readonly<Record<string, bigint | number | string>>;
export type TableName = 'established' | 'listening' | 'udp' | 'unix' | 'packet';

/** The protocols whose sockets the namespace counts, in the order of their numbers. */
const PROTOCOLS = ['TCP', 'TCPv6', 'UDP', 'UDPv6', 'RAW', 'PACKET', 'UNIX', 'NETLINK'] as const;
export type Counted = (typeof PROTOCOLS)[number];
const COUNTED_BY: Readonly<Partial<Record<TableName, Counted>>> = {
  established: 'TCP',
  listening: 'TCPv6',
  udp: 'UDP',
  packet: 'PACKET',
};

export class Network {
  readonly drawn: FakeKernel;
  readonly net: bigint;
  readonly symbols: Partial<Record<SymbolName, bigint>>;
  readonly #heads: Record<TableName | 'netlink', bigint>;
  readonly #netlinkHash: bigint;
  /** The files of sockets that processes have been given. */
  readonly #files = new Map<bigint, bigint>();
  /** Where the CPUs keep their counters, physically. */
  readonly #counters: readonly number[];

  constructor(drawing: string, { without = [], at = {}, ...wishes }: KernelWishes = {}) {
    const drawn = fakeKernel(drawing, {
      ...wishes,
      without: [
        ...['inet_hashinfo.listening_hash', 'netns_ipv4.udp_table', 'rhash_lock_head'],
        'inet_timewait_death_row.tw_refcount',
        ...(without.includes('prot_inuse.all') ? [] : ['netns_core.sock_inuse']),
        ...without,
      ],
      at: { ...BEHIND, ...at },
    });
    this.drawn = drawn;
    this.net = drawn.draw('net');
    drawn.write(drawn.member(this.net, 'net', 'ns'), 'ns_common', { inum: 4_026_531_840 });
    const one = (word: bigint) => drawWords(drawn, [word, ...Array.from({ length: 511 }, () => 0n)]);
    const heads = { established: one(EMPTY), listening: one(EMPTY), udp: one(0n), unix: one(0n) };
    const hashinfo = drawn.draw('inet_hashinfo', { ehash: heads.established, lhash2: heads.listening });
    const udp = drawn.draw('udp_table', { hash: heads.udp });
    const netlink = drawn.draw('netlink_table');
    const buckets = drawn.draw('bucket_table', { size: 1 });
    this.#netlinkHash = drawn.member(netlink, 'netlink_table', 'hash');
    drawn.write(this.#netlinkHash, 'rhashtable', { tbl: buckets });
    const packet = drawn.member(this.net, 'net', 'packet');
    const names = drawn.member(drawn.member(this.net, 'net', 'unx'), 'netns_unix', 'table');
    drawn.write(names, 'unix_table', { buckets: heads.unix });
    const devices = drawn.member(this.net, 'net', 'dev_base_head');
    const device = drawn.draw('net_device', { name: 'eth7\0', ifindex: 7 });
    this.ring(devices, drawn.member(device, 'net_device', 'dev_list'));
    const list = drawn.virtual(drawn.image.take(16, 4096));
    this.ring(list, drawn.member(this.net, 'net', 'list'));
    this.#heads = {
      ...heads,
      netlink: drawn.member(buckets, 'bucket_table', 'buckets'),
      packet: drawn.member(packet, 'netns_packet', 'sklist'),
    };
    const { pointer, places } = drawn.takePerCpu(drawn.profile.types['prot_inuse']?.size ?? 8);
    this.#counters = places;
    drawn.write(drawn.member(this.net, 'net', 'core'), 'netns_core', { prot_inuse: pointer });
    const protocols = PROTOCOLS.map((name, index) =>
      drawn.draw('proto', { name: `${name}\0`, inuse_idx: index }),
    );
    const head = drawn.virtual(drawn.image.take(16, 4096));
    this.ring(head, ...protocols.map((protocol) => drawn.member(protocol, 'proto', 'node')));
    const none = drawWords(
      drawn,
      Array.from({ length: 32 }, () => 0n),
    );
    this.symbols = {
      ...{ net_namespace_list: list, tcp_hashinfo: hashinfo, udp_table: udp, socket_file_ops: OPERATIONS },
      ...{ raw_v4_hashinfo: none, raw_v6_hashinfo: none, ping_table: none, tcp_prot: protocols[0]! },
      nl_table: drawWords(
        drawn,
        Array.from({ length: 4096 / 8 }, (_, nth) => (nth === 0 ? netlink : 0n)),
      ),
    };
  }

  /** The kernel, as damaged as it is now. */
  linux() {
    return linuxWith(this.drawn, this.symbols);
  }

  /** A socket that is in no table. */
  loose(type: string, common: Values, own: Values = {}): bigint {
    const { drawn } = this;
    const socket = drawn.draw(type);
    const standsIn = STANDS_IN.includes(Number(common['skc_state'] ?? 0));
    if (!standsIn) drawn.write(socket, 'sock', { sk_type: 1 });
    drawn.write(socket, type, own);
    drawn.write(socket, 'sock_common', { skc_net: this.net, ...common });
    // These are counted wherever they are.
    if (type === 'unix_sock' && common['skc_net'] === undefined) this.count('UNIX', 1);
    if (type === 'netlink_sock' && own['flags'] !== KERNEL_SOCKET) this.count('NETLINK', 1);
    if (common['skc_net_refcnt'] === 1) this.countAll(1);
    return socket;
  }

  /** A socket, put first into a chain and counted. */
  put(table: TableName, type: string, common: Values, own: Values = {}): bigint {
    const socket = this.loose(type, common, own);
    this.#chain(this.#heads[table], this.drawn.member(socket, 'sock_common', 'skc_node'));
    const counted = COUNTED_BY[table];
    if (counted !== undefined && !STANDS_IN.includes(Number(common['skc_state'] ?? 0)))
      this.count(counted, 1);
    if (table === 'udp') this.#countSlot(1);
    if (common['skc_state'] === TIME_WAIT) this.countWaiting(1);
    return socket;
  }

  putNetlink(common: Values, own: Values): bigint {
    const socket = this.loose('netlink_sock', { skc_family: 16, ...common }, own);
    this.#chain(this.#heads.netlink, this.drawn.member(socket, 'netlink_sock', 'node'));
    const nelems = this.drawn.read(this.#netlinkHash, 'rhashtable', 'nelems');
    this.drawn.write(this.#netlinkHash, 'rhashtable', { nelems: BigInt.asUintN(32, nelems) + 1n });
    return socket;
  }

  /** Takes the first entry out of a table, and leaves all counts as they are. */
  unlinkFirst(table: TableName | 'netlink'): void {
    const { image } = this.drawn;
    const at = this.drawn.physical(this.#heads[table]);
    image.put64(at, image.get64(this.drawn.physical(image.get64(at))));
  }

  /** Leaves a table's first bucket as zeros. */
  unlinkAll(table: TableName): void {
    this.drawn.image.put64(this.drawn.physical(this.#heads[table]), 0n);
  }

  /** Makes the namespace count more sockets of a protocol, on the last CPU less and on the first all the more. */
  count(protocol: Counted, more: number): void {
    const offset = this.drawn.profile.types['prot_inuse']?.members['val']?.[0] ?? 0;
    const add = (cpu: number, amount: number): void => {
      const at = this.#counters[cpu]! + offset + 4 * PROTOCOLS.indexOf(protocol);
      this.#add32(at, amount);
    };
    add(this.#counters.length - 1, -more);
    add(0, 2 * more);
  }

  /** Makes the namespace count more sockets that programs have made. */
  countAll(more: number): void {
    const offset = this.drawn.profile.types['prot_inuse']?.members['all']?.[0] ?? 0;
    this.#add32(this.#counters[0]! + offset, more);
  }

  /** Makes the namespace count more connections in TIME-WAIT. */
  countWaiting(more: number): void {
    const row = this.drawn.member(this.drawn.member(this.net, 'net', 'ipv4'), 'netns_ipv4', 'tcp_death_row');
    this.#add32(this.drawn.physical(this.drawn.member(row, 'inet_timewait_death_row', 'tw_count')), more);
  }

  /** Gives a process descriptors that lead to sockets, and behind the last of them one of a file that is no socket. */
  hold(pid: number, held: Readonly<Record<number, bigint>>): void {
    const { drawn } = this;
    const words: bigint[] = [];
    for (const [fd, socket] of Object.entries(held)) words[Number(fd)] = this.#fileOf(socket);
    words.push(drawn.draw('file', { f_op: 1n, private_data: drawn.draw('socket_alloc') }));
    const slots = Array.from(words, (word) => word ?? 0n);
    const fdt = drawn.draw('fdtable', {
      max_fds: slots.length,
      fd: drawWords(drawn, slots),
      close_on_exec: drawWords(drawn, [0n]),
    });
    drawn.write(drawn.task(pid), 'task_struct', { files: drawn.draw('files_struct', { fdt }) });
  }

  /** From now on the snapshot lacks the page of a table's first bucket. */
  lose(table: TableName): void {
    this.drawn.lose(this.#heads[table]);
  }

  /** Makes one ring of list heads and links. */
  ring(...links: readonly bigint[]): void {
    for (const [i, at] of links.entries()) {
      const next = links[(i + 1) % links.length]!;
      this.drawn.image.put64(this.drawn.physical(at), next);
      this.drawn.image.put64(this.drawn.physical(next) + 8, at);
    }
  }

  /** The file of a socket, whose inode is 4711 for the first that gets one, and so on. */
  #fileOf(socket: bigint): bigint {
    const { drawn } = this;
    const known = this.#files.get(socket);
    if (known !== undefined) return known;
    const inside = drawn.draw('socket_alloc');
    const holder = drawn.member(inside, 'socket_alloc', 'socket');
    drawn.write(holder, 'socket', { sk: socket });
    const inode = drawn.member(inside, 'socket_alloc', 'vfs_inode');
    drawn.write(inode, 'inode', { i_ino: 4711 + this.#files.size });
    drawn.write(socket, 'sock', { sk_socket: holder });
    const file = drawn.draw('file', { f_op: OPERATIONS, private_data: holder });
    this.#files.set(socket, file);
    return file;
  }

  #countSlot(more: number): void {
    const offset = this.drawn.profile.types['udp_hslot']?.members['count']?.[0];
    if (offset === undefined) return;
    const at = this.drawn.physical(this.#heads.udp) + offset;
    this.#add32(at, more);
  }

  #add32(at: number, more: number): void {
    this.drawn.image.put32(at, Number(BigInt.asIntN(32, this.drawn.image.get64(at))) + more);
  }

  #chain(head: bigint, link: bigint): void {
    const at = this.drawn.physical(head);
    this.drawn.image.put64(this.drawn.physical(link), this.drawn.image.get64(at));
    // The back link, which is not 0 in what is in a table.
    this.drawn.image.put64(this.drawn.physical(link) + 8, head);
    this.drawn.image.put64(at, link);
  }
}

/** Four bytes in network order, as a little-endian number. */
export const ip = (a: number, b: number, c: number, d: number): number =>
  a | (b << 8) | (c << 16) | (d << 24);
/** A port in network order, as a little-endian number. */
export const port = (number: number): number => ((number & 0xff) << 8) | (number >>> 8);
