import type { NetworkTruth } from '../truth.ts';
import { type Expectation, oneOf, someNumber } from './expect.ts';
import { textOf } from './proc.ts';
import {
  fieldsOf,
  type InetLine,
  inetLines,
  interfacesOf,
  type SeenBySs,
  type UnixLine,
  unixLines,
} from './proc-net.ts';

/** A socket of /proc/net in the words of the answer; who holds it stands elsewhere. */
export interface TruthSocket {
  /** 0 where no file leads to it. */
  readonly inode: number;
  readonly cells: Readonly<Record<string, Expectation>>;
  /** Seconds from the record until the kernel forgets it; null for those that stay. */
  readonly endsAt: number | null;
}

/** In the order of include/net/tcp_states.h, in the words of ss(8). */
const STATES = [
  ...['', 'ESTABLISHED', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'UNCONN'],
  ...['CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING', 'SYN-RECV'],
];
const PROTOCOLS: Readonly<Record<number, string>> = {
  1: 'icmp',
  2: 'igmp',
  6: 'tcp',
  17: 'udp',
  58: 'ipv6-icmp',
  89: 'ospf',
};
const TYPES: Readonly<Record<number, string>> = { 1: 'stream', 2: 'dgram', 3: 'raw', 5: 'seqpacket' };
const NETLINK = [
  ...['route', 'unused', 'usersock', 'firewall', 'sock-diag', 'nflog', 'xfrm', 'selinux', 'iscsi', 'audit'],
  ...['fib-lookup', 'connector', 'netfilter', 'ip6-fw', 'dnrtmsg', 'kobject-uevent', 'generic', ''],
  ...['scsitransport', 'ecryptfs', 'rdma', 'crypto', 'smc'],
];
const ETHERTYPES: Readonly<Record<string, string>> = {
  '0003': 'all',
  '0800': 'ip',
  '0806': 'arp',
  '86dd': 'ipv6',
};
const TIME_WAIT_TIMER = 3;
const TICKS_PER_SECOND = 100;

/** Every socket that one namespace's /proc/net shows. */
export function* socketsOf(network: NetworkTruth, seen: SeenBySs): Generator<TruthSocket> {
  for (const [file, type] of [
    ...(['tcp', 'tcp6'].map((name) => [name, 'stream']) as [string, string][]),
    ...(['udp', 'udp6', 'udplite', 'udplite6', 'icmp', 'icmp6'].map((name) => [name, 'dgram']) as [
      string,
      string,
    ][]),
    ...(['raw', 'raw6'].map((name) => [name, 'raw']) as [string, string][]),
  ]) {
    for (const line of inetLines(network.files[file])) yield inetSocket(network, file, type, line, seen);
  }
  const unix = unixLines(network.files['unix']);
  for (const line of unix) yield unixSocket(network, line, unix, seen);
  for (const fields of fieldsOf(network.files['netlink'])) yield netlinkSocket(network, fields);
  for (const fields of fieldsOf(network.files['packet'])) yield packetSocket(network, fields);
}

function inetSocket(
  network: NetworkTruth,
  file: string,
  type: string,
  line: InetLine,
  { devices }: SeenBySs,
): TruthSocket {
  const { inode: netns } = network;
  const device = devices.get(line.inode);
  const six = file.endsWith('6');
  const raw = type === 'raw';
  const [local, remote] = [line.local, line.remote];
  const waits = line.timer[0] === TIME_WAIT_TIMER && line.inode === 0;
  return {
    inode: line.inode,
    endsAt: waits ? line.timer[1] / TICKS_PER_SECOND : null,
    cells: {
      netns,
      family: six ? 'inet6' : 'inet',
      type,
      protocol: raw ? (PROTOCOLS[local[1]] ?? String(local[1])) : protocolOf(file),
      // A raw socket's protocol stands in place of its port, and by it the socket counts as bound.
      localAddress: isAny(local[0]) && local[1] === 0 ? null : scoped(local[0], device, network),
      localPort: raw ? null : local[1] || null,
      remoteAddress: isAny(remote[0]) && remote[1] === 0 ? null : scoped(remote[0], device, network),
      remotePort: raw ? null : remote[1] || null,
      device: device === undefined ? oneOf(null, ...deviceNames(network)) : device,
      hidden: false,
      state: STATES[line.state] ?? String(line.state),
      uid: waits ? null : uidOf(line),
    },
  };
}

/** Link-local addresses, of groups too, mean something on one link only: RFC 4007 writes them with their device. */
const LINK_LOCAL = /^(?:fe[89ab]|ff.2:)/;

/** Such an address with its device, which /proc does not tell: as ss has it, or any where ss did not see the socket. */
function scoped(address: string, device: string | null | undefined, network: NetworkTruth): Expectation {
  if (!LINK_LOCAL.test(address) || device === null) return address;
  if (device !== undefined) return `${address}%${device}`;
  return oneOf(address, ...deviceNames(network).map((name) => `${address}%${name}`));
}

/** Of a socket without a file /proc prints 0 for want of one; only of a request it has the listener's. */
const uidOf = ({ inode, uid, state }: InetLine): Expectation =>
  inode !== 0 || STATES[state] === 'SYN-RECV' ? uid : someNumber;

const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::';

const protocolOf = (file: string): string => (file === 'icmp6' ? 'ipv6-icmp' : file.replace(/6$/, ''));

/** As unix_seq_show of net/unix/af_unix.c has it, where whether a socket has a file is mixed into its state. */
const CONNECTED = [2, 3];

function unixSocket(
  { inode: netns }: NetworkTruth,
  line: UnixLine,
  all: readonly UnixLine[],
  { peers }: SeenBySs,
): TruthSocket {
  const { inode, path, listens, state, type } = line;
  const connected = CONNECTED.includes(state);
  // Before Linux kernel commit 83301b5367a9 ("af_unix: Set TCP_ESTABLISHED for datagram sockets too") (in v5.14)
  // a datagram socket with a peer says that it is not connected.
  const mayHavePeer = connected || TYPES[type] === 'dgram';
  return {
    inode,
    endsAt: null,
    cells: {
      netns,
      family: 'unix',
      type: TYPES[type] ?? String(type),
      protocol: null,
      localAddress: path === null ? null : textOf(path),
      localPort: null,
      remoteAddress: mayHavePeer ? peerName(inode, all, peers) : null,
      remotePort: null,
      device: null,
      hidden: false,
      state: listens ? 'LISTEN' : connected ? 'ESTABLISHED' : 'UNCONN',
      uid: someNumber,
    },
  };
}

/**
 * Who the peer is, /proc does not tell, and ss only where that one has a file; for others it is one of those that
 * have none, and of sockets that ss did not see one of all.
 */
function peerName(inode: number, all: readonly UnixLine[], peers: SeenBySs['peers']): Expectation {
  // Without unix_diag in the kernel ss knows no peer at all, and prints 0 for every one.
  const knows = [...peers.values()].some((peer) => peer !== 0);
  const told = inode === 0 || !knows ? undefined : peers.get(inode);
  const candidates = told === undefined ? all : all.filter((other) => other.inode === told);
  const names = candidates.map(({ path }) => (path === null ? null : textOf(path)));
  return told !== undefined && told !== 0 && names.length === 1
    ? (names[0] ?? null)
    : oneOf(null, ...new Set(names));
}

/** `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`: of its type /proc tells nothing. */
function netlinkSocket({ inode: netns }: NetworkTruth, fields: readonly string[]): TruthSocket {
  const [, protocol, port] = fields;
  return {
    inode: Number(fields[9]),
    endsAt: null,
    cells: {
      netns,
      family: 'netlink',
      type: oneOf('raw', 'dgram'),
      protocol: NETLINK[Number(protocol)] || protocol!,
      localAddress: null,
      localPort: Number(port),
      remoteAddress: null,
      remotePort: oneOf(null, 0),
      device: null,
      hidden: false,
      state: oneOf('UNCONN', 'ESTABLISHED'),
      uid: someNumber,
    },
  };
}

/** `sk RefCnt Type Proto Iface R Rmem User Inode`. */
function packetSocket(network: NetworkTruth, fields: readonly string[]): TruthSocket {
  const [, , type, protocol, index, , , uid, inode] = fields;
  const name = interfacesOf(network).get(Number(index));
  const device = index === '0' ? null : (name ?? oneOf(...deviceNames(network)));
  return {
    inode: Number(inode),
    endsAt: null,
    cells: {
      netns: network.inode,
      family: 'packet',
      type: TYPES[Number(type)] ?? type!,
      protocol: protocol === '0000' ? null : (ETHERTYPES[protocol!] ?? `0x${protocol}`),
      localAddress: device,
      localPort: null,
      remoteAddress: null,
      remotePort: null,
      device,
      hidden: false,
      state: 'UNCONN',
      uid: Number(uid),
    },
  };
}

const deviceNames = ({ files }: NetworkTruth): string[] =>
  [...(files['dev'] ?? '').matchAll(/^ *(\S+?):/gm)].map((match) => textOf(match[1]!));
