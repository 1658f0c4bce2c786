// Sockets of IPv4 and IPv6: TCP, UDP, raw and ping.
// Linux: include/net/inet_hashtables.h, include/net/udp.h, net/ipv4/raw.c, net/ipv4/ping.c.
import type { VirtualAddress } from '../../../../base/address.ts';
import { EvidenceFault, type Note } from '../../../../base/errors.ts';
import type { Linux } from '../../linux.ts';
import type { SymbolName } from '../../symbols.ts';
import { formatIpv4, formatIpv6, fromNetworkOrder, isLinkLocal } from '../ip-address.ts';
import { deathRowOf, type NetNamespace } from '../namespace.ts';
import type { Ends, Socket } from '../socket.ts';
import type { SocketCensus, SocketKind } from '../socket-census.ts';
import { type SocketTable, tabledSockets } from '../socket-table.ts';

const AF_INET6 = 10;

/**
 * The ends of IPv4 and IPv6 sockets. An end that is not set has neither address nor port: the remote one of a
 * listener, the local one before it is bound. Raw sockets have no ports; the identifier of a ping socket is its
 * port. Addresses that mean something on one link only name it: `fe80::1%eth0`.
 */
export const inetEnds: Ends = {
  localAddress(socket) {
    const address = addressBytes(socket, 'local');
    const unbound = isAny(address) && socket.common.skc_num === 0;
    return unbound ? null : formatAddress(address, socket);
  },
  localPort: (socket) => (isRaw(socket) ? null : socket.common.skc_num || null),
  remoteAddress(socket) {
    const address = addressBytes(socket, 'remote');
    return isAny(address) && socket.common.skc_dport === 0 ? null : formatAddress(address, socket);
  },
  remotePort: (socket) => (isRaw(socket) ? null : fromNetworkOrder(socket.common.skc_dport) || null),
};

/** `tcp`, `udp`, `icmp` …; a protocol without a name is its number. */
export function inetProtocol({ own }: Socket): string {
  const number = own.sk_protocol;
  return PROTOCOLS[number] ?? String(number);
}

/** The addresses of all TCP, UDP, UDP-Lite, raw and ping sockets that the kernel finds packets' owners among. */
export function* inetSockets(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  census: SocketCensus,
): Generator<VirtualAddress> {
  const known = new Set<VirtualAddress>();
  for (const table of hashTables(kernel, namespaces, census)) {
    if (known.has(table.heads)) continue;
    known.add(table.heads);
    yield* tabledSockets(kernel, census, table);
  }
}

/** Stand-ins of TCP have no type, and nothing behind the common part may be asked of them. */
const isRaw = (socket: Socket): boolean => socket.type === 'raw';

function addressBytes({ common }: Socket, end: 'local' | 'remote'): Uint8Array {
  if (common.skc_family === AF_INET6) {
    const six = end === 'local' ? common.skc_v6_rcv_saddr : common.skc_v6_daddr;
    if (six !== undefined) return six;
  }
  const four = end === 'local' ? common.skc_rcv_saddr : common.skc_daddr;
  return Uint8Array.of(four, four >>> 8, four >>> 16, four >>> 24);
}

const isAny = (address: Uint8Array): boolean => address.every((byte) => byte === 0);

function formatAddress(address: Uint8Array, { common, namespace }: Socket): string {
  if (address.length === 4) return formatIpv4(address);
  const scope = isLinkLocal(address) ? common.skc_bound_dev_if : 0;
  return scope === 0 ? formatIpv6(address) : `${formatIpv6(address)}%${namespace.interfaceName(scope)}`;
}

/** Every table, for all namespaces together and of single ones. Those that cannot be found are noted. */
function* hashTables(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  census: SocketCensus,
): Generator<SocketTable> {
  for (const info of tableAddresses(
    kernel,
    'tcp_hashinfo',
    namespaces,
    tcpInfoOf,
    census.noteOf('TCP sockets'),
  )) {
    yield* found('TCP sockets', () => tcpTables(kernel, info));
  }
  for (const table of tableAddresses(
    kernel,
    'udp_table',
    namespaces,
    udpTableOf,
    census.noteOf('UDP sockets'),
  )) {
    yield* found('UDP sockets', () => [udpTable(kernel, table, 'UDP sockets')]);
  }
  // In v7.1 UDP-Lite was removed.
  if (kernel.hasSymbol('udplite_table')) {
    const kind = 'UDP-Lite sockets';
    yield* found(kind, () => [udpTable(kernel, kernel.symbol('udplite_table'), kind)]);
  }
  const plain: [SymbolName, 'raw_hashinfo' | 'ping_table', string, SocketKind, string][] = [
    ['raw_v4_hashinfo', 'raw_hashinfo', 'ht', 'raw sockets', 'raw IPv4 sockets'],
    ['raw_v6_hashinfo', 'raw_hashinfo', 'ht', 'raw sockets', 'raw IPv6 sockets'],
    ['ping_table', 'ping_table', 'hash', 'ping sockets', 'ping sockets'],
  ];
  const hasSix = kernel.types.has('sock_common', 'skc_v6_daddr');
  for (const [symbol, type, member, kind, name] of plain) {
    if (symbol === 'raw_v6_hashinfo' && !hasSix) continue;
    yield* found(
      kind,
      () => [{ ...arrayTable(kernel, kernel.symbol(symbol), type, member), kind, name }],
      name,
    );
  }

  function found(kind: SocketKind, find: () => SocketTable[], name: string = kind): SocketTable[] {
    return attempted(find, [], name, census.noteOf(kind));
  }
}

/** `read()`, or `otherwise` where the evidence faults; the fault is noted. */
function attempted<T>(read: () => T, otherwise: T, what: string, note: Note): T {
  try {
    return read();
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    note(`${what}: ${fault.message}`);
    return otherwise;
  }
}

/** Where a kind of table is: the one that all namespaces share, and those that single namespaces have. */
function tableAddresses(
  kernel: Linux,
  symbol: SymbolName,
  namespaces: readonly NetNamespace[],
  ownOf: (kernel: Linux, namespace: NetNamespace) => VirtualAddress,
  note: Note,
): Set<VirtualAddress> {
  const own = namespaces.map((namespace) =>
    attempted(() => ownOf(kernel, namespace), 0n, `${symbol} of a network namespace`, note),
  );
  const shared = attempted(() => kernel.symbol(symbol), 0n, symbol, note);
  return new Set([shared, ...own].filter((address) => address !== 0n));
}

/**
 * Since Linux kernel commit d1e5e6408b30 ("tcp: Introduce optional per-netns ehash.") (in v6.1) a namespace may
 * have connections in a table of its own; which one it uses has always been here.
 */
const tcpInfoOf = (kernel: Linux, namespace: NetNamespace): VirtualAddress =>
  deathRowOf(kernel, namespace).hashinfo;

const udpTableOf = (_: Linux, { raw }: NetNamespace): VirtualAddress => raw.ipv4.udp_table ?? 0n;

function tcpTables(kernel: Linux, address: VirtualAddress): SocketTable[] {
  const { types } = kernel;
  const info = kernel.at('inet_hashinfo', address);
  const kind = 'TCP sockets';
  const connections: SocketTable = {
    kind,
    name: 'TCP connections',
    heads: info.ehash + BigInt(types.offsetOf('inet_ehash_bucket', 'chain')),
    buckets: info.ehash_mask + 1,
    strideBytes: types.sizeOf('inet_ehash_bucket'),
    emptyIsOdd: true,
  };
  const { listening_hash, lhash2, lhash2_mask } = info;
  const bucketBytes = types.sizeOf('inet_listen_hashbucket');
  const head = types.has('inet_listen_hashbucket', 'nulls_head') ? 'nulls_head' : 'head';
  const first = listening_hash ?? lhash2 ?? 0n;
  const buckets =
    listening_hash === undefined
      ? (lhash2_mask ?? -1) + 1
      : types.memberOf('inet_hashinfo', 'listening_hash')[1] / bucketBytes;
  const heads = first + BigInt(types.offsetOf('inet_listen_hashbucket', head));
  const emptyIsOdd = head === 'nulls_head';
  const listeners = {
    kind,
    name: 'TCP listeners',
    heads,
    buckets,
    strideBytes: bucketBytes,
    emptyIsOdd,
  } as const;
  return [listeners, connections];
}

/** A slot counts its sockets: what is put in and taken out at once changes `count` (net/ipv4/udp.c, udp_lib_unhash). */
function udpTable(kernel: Linux, address: VirtualAddress, kind: SocketKind): SocketTable {
  const { types } = kernel;
  const { hash, mask } = kernel.at('udp_table', address);
  const head = types.offsetOf('udp_hslot', 'head');
  const table = { kind, name: kind, heads: hash + BigInt(head), buckets: mask + 1 };
  const strideBytes = types.sizeOf('udp_hslot');
  if (!types.has('udp_hslot', 'count')) return { ...table, strideBytes };
  return { ...table, strideBytes, countOffset: types.offsetOf('udp_hslot', 'count') - head };
}

/** A table that is an array of bare heads inside `type`. */
function arrayTable(
  kernel: Linux,
  address: VirtualAddress,
  type: 'raw_hashinfo' | 'ping_table',
  member: string,
): Pick<SocketTable, 'heads' | 'buckets' | 'strideBytes'> {
  const [offset, bytes] = kernel.types.memberOf(type, member);
  const strideBytes = kernel.types.pointerBytes;
  return { heads: address + BigInt(offset), buckets: bytes / strideBytes, strideBytes };
}

/** By number: IPPROTO_… of include/uapi/linux/in.h and in6.h, as /etc/protocols names them. */
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  33: 'dccp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  89: 'ospf',
  103: 'pim',
  112: 'vrrp',
  115: 'l2tp',
  132: 'sctp',
  136: 'udplite',
  256: 'smc',
  262: 'mptcp',
};
