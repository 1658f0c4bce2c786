// Which sockets the kernel has in its tables, by kind, and whether each table could be walked to its end.
// Who is held by a process and in no table where the kernel would find it is told by `SocketCensus.isHidden`.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, type Note, WalkIncomplete } from '../../../base/errors.ts';
import type { Kernel } from '../structs.ts';
import type { NetNamespace, NetNamespaces } from './namespace.ts';
import { isStandIn, type Socket, TIME_WAIT } from './socket.ts';

/** What sockets are kept in tables of their own, as notes call it. */
export type SocketKind =
  | 'TCP sockets'
  | 'UDP sockets'
  | 'UDP-Lite sockets'
  | 'raw sockets'
  | 'ping sockets'
  | 'Unix sockets'
  | 'netlink sockets'
  | 'packet sockets';

/** The kinds that are IP's. */
export const INET_KINDS: readonly SocketKind[] = [
  ...(['TCP sockets', 'UDP sockets', 'UDP-Lite sockets', 'raw sockets', 'ping sockets'] as const),
];

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const AF_PACKET = 17;
const FAMILIES: Readonly<Record<SocketKind, readonly number[]>> = {
  'TCP sockets': [AF_INET, AF_INET6],
  'UDP sockets': [AF_INET, AF_INET6],
  'UDP-Lite sockets': [AF_INET, AF_INET6],
  'raw sockets': [AF_INET, AF_INET6],
  'ping sockets': [AF_INET, AF_INET6],
  'Unix sockets': [AF_UNIX],
  'netlink sockets': [AF_NETLINK],
  'packet sockets': [AF_PACKET],
};

const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;
const IPPROTO_UDPLITE = 136;
const SOCK_RAW = 3;
const TCP_CLOSE = 7;

/** What the tables have, and what of them could not be read. */
export class SocketCensus {
  readonly #kinds = new Map<VirtualAddress, SocketKind>();
  readonly #short = new Set<SocketKind>();
  readonly #numbers = new Map<SocketKind, Map<VirtualAddress, number>>();
  readonly #waiting = new Map<VirtualAddress, number>();
  readonly #namespaces: NetNamespaces;
  #walked: ReadonlySet<VirtualAddress> | undefined;

  constructor(namespaces: NetNamespaces) {
    this.#namespaces = namespaces;
  }

  /** Whether a table has it. */
  has(address: VirtualAddress): boolean {
    return this.#kinds.has(address);
  }

  /** The sockets of a kind that tables have. */
  *of(kind: SocketKind): Generator<VirtualAddress> {
    for (const [address, its] of this.#kinds) if (its === kind) yield address;
  }

  /** Takes down a socket that a table has, whose common part this is. False where it is known already. */
  add(kind: SocketKind, address: VirtualAddress, common: Kernel<'sock_common'>): boolean {
    if (this.#kinds.has(address)) return false;
    this.#kinds.set(address, kind);
    try {
      const state = kind === 'TCP sockets' ? common.skc_state : 0;
      const { address: namespace } = this.#namespaces.of(common);
      if (!isStandIn(state)) this.#count(kind, namespace);
      else if (state === TIME_WAIT) this.#waiting.set(namespace, (this.#waiting.get(namespace) ?? 0) + 1);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.miss(kind); // what is wrong with it, its cells say
    }
    return true;
  }

  #count(kind: SocketKind, address: VirtualAddress): void {
    let numbers = this.#numbers.get(kind);
    if (numbers === undefined) {
      numbers = new Map();
      this.#numbers.set(kind, numbers);
    }
    numbers.set(address, (numbers.get(address) ?? 0) + 1);
  }

  /** The families of the kind's sockets (AF_…): what has another is none, and a broken table led there. */
  familiesOf(kind: SocketKind): readonly number[] {
    return FAMILIES[kind];
  }

  /** From now on the tables of a kind are not known to be complete. */
  miss(kind: SocketKind): void {
    this.#short.add(kind);
  }

  /** Says something of a kind's tables that keeps them from being complete. */
  noteOf(kind: SocketKind): Note {
    return (message) => {
      this.miss(kind);
      this.#namespaces.kernel.note(message);
    };
  }

  /** How many sockets of a kind its tables have in a namespace, without TCP's stand-ins. */
  numberOf(kind: SocketKind, namespace: NetNamespace): number {
    return this.#numbers.get(kind)?.get(namespace.address) ?? 0;
  }

  /** How many of TCP's stand-ins for connections that have ended its table has in a namespace. */
  waitingIn({ address }: NetNamespace): number {
    return this.#waiting.get(address) ?? 0;
  }

  /** Whether every table was walked to its end. */
  get isWhole(): boolean {
    return this.#short.size === 0;
  }

  /**
   * Whether the kernel's tables lack it, though by what it says of itself it must be in one. Null where it need not be (it
   * is not bound yet, closed, or of a family whose tables are not read).
   * @throws WalkIncomplete where a table that may have it was not walked to its end
   */
  isHidden(socket: Socket): boolean | null {
    if (this.has(socket.address)) return false;
    const kind = kindOf(socket);
    if (kind === null) return null;
    this.#walked ??= new Set(this.#namespaces.all().map(({ address }) => address));
    if (!this.#short.has(kind) && isLinkLost(socket, kind))
      this.noteOf(kind)(`a page of the table of ${kind} holds nothing but zeros`);
    if (!this.#short.has(kind) && this.#walked.has(socket.namespace.address)) return true;
    throw new WalkIncomplete(`not all ${kind} are known`);
  }
}

/**
 * Whether what leads to a socket in its table is lost: each keeps the place of the pointer to it (`pprev` of
 * include/linux/list.h, hlist_node), and that is on a page of zeros. Netlink's table has no such way back.
 */
function isLinkLost({ common, kernel }: Socket, kind: SocketKind): boolean {
  if (kind === 'netlink sockets') return false;
  try {
    return kernel.space.isBlankAt(kernel.pointerAt(common.skc_node + BigInt(kernel.types.pointerBytes)));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return false; // who takes a socket out of its table may leave anything there
  }
}

/**
 * The kind of table that a socket must be in by what it says of itself; null where it need be in none. TCP's are in
 * one unless closed (net/ipv4/tcp.c, tcp_set_state takes them out first), UDP's and ping's as long as they have a port
 * (udp_lib_unhash and ping_unhash take it away), Unix and packet sockets from the first moment to the last.
 */
function kindOf(socket: Socket): SocketKind | null {
  const { common, kernel, address, own } = socket;
  const { skc_num: port } = common;
  switch (common.skc_family) {
    case AF_UNIX:
      return 'Unix sockets';
    case AF_PACKET:
      return 'packet sockets';
    case AF_NETLINK: {
      const { bound, portid } = kernel.at('netlink_sock', address);
      return (bound ?? portid) === 0 ? null : 'netlink sockets';
    }
    case AF_INET:
    case AF_INET6:
      break;
    default:
      return null;
  }
  // A raw socket whose connection is undone leaves its table and keeps its number (net/ipv4/datagram.c,
  // __udp_disconnect); of such a one the back link is 0.
  if (own.sk_type === SOCK_RAW) {
    const { pointerBytes } = kernel.types;
    return port !== 0 && kernel.pointerAt(common.skc_node + BigInt(pointerBytes)) !== 0n
      ? 'raw sockets'
      : null;
  }
  switch (own.sk_protocol) {
    case IPPROTO_TCP:
      return common.skc_state === TCP_CLOSE ? null : 'TCP sockets';
    case IPPROTO_UDP:
      return port === 0 ? null : 'UDP sockets';
    case IPPROTO_UDPLITE:
      return port === 0 ? null : 'UDP-Lite sockets';
    case IPPROTO_ICMP:
    case IPPROTO_ICMPV6:
      return port === 0 ? null : 'ping sockets';
    default:
      return null;
  }
}
