// A socket (struct sock, include/net/sock.h) in the words that ss(8) uses, and what a family of sockets has of its own.
// The families are files of their own, gathered in socket-families.ts.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import type { NetNamespace, NetNamespaces } from './namespace.ts';

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;

// TCP keeps small stand-ins in place of sockets; they have the common part and little else.
/** TCP_TIME_WAIT of include/net/tcp_states.h. */
export const TIME_WAIT = 6;
const NEW_SYN_RECV = 12;

/** Whether one of TCP's in this state is such a stand-in. */
export const isStandIn = (state: number): boolean => state === TIME_WAIT || state === NEW_SYN_RECV;

/** What a family of sockets calls the two ends of a connection. Null where there is nothing to say. */
export interface Ends {
  localAddress(socket: Socket): string | null;
  localPort(socket: Socket): number | null;
  remoteAddress(socket: Socket): string | null;
  remotePort(socket: Socket): number | null;
}

/** The words for a family's states, by the number in `sk_state`. */
export type States = Readonly<Record<number, string>>;

/** What a family of sockets has of its own. */
export interface Family {
  /** `inet`, `vsock`; a family without a name is its number. */
  readonly name: string;
  /** Null where a family's sockets have no protocol. */
  protocol(socket: Socket): string | null;
  readonly ends: Ends;
  /**
   * Where a family keeps its states, and what they are called: one word for one thing in all families, and the
   * family's own where there is no such thing elsewhere. `UNCONN` is a socket that neither listens nor is connected.
   * Null where the family keeps none that this program knows: nothing is then said, rather than something invented.
   */
  readonly states: States | 'struct socket' | null;
}

/** A socket, whether or not a process holds it. `raw` is the kernel's own. */
export class Socket {
  readonly raw: Kernel<'sock'>;
  readonly namespaces: NetNamespaces;
  /** The `struct socket` through which a descriptor led here; undefined where none did. */
  readonly heldThrough: VirtualAddress | undefined;
  readonly kernel: Linux;
  /** The family with a number, known or not. */
  readonly familyOf: (number: number) => Family;
  // Nearly every cell asks for these.
  #common: Kernel<'sock_common'> | undefined;
  #standsIn: boolean | undefined;

  constructor(
    raw: Kernel<'sock'>,
    namespaces: NetNamespaces,
    familyOf: (number: number) => Family,
    heldThrough?: VirtualAddress,
  ) {
    this.raw = raw;
    this.familyOf = familyOf;
    this.namespaces = namespaces;
    this.heldThrough = heldThrough;
    this.kernel = namespaces.kernel;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** The part that TCP's stand-ins have too. @throws CorruptStructure where no socket can be: every one has a family */
  get common(): Kernel<'sock_common'> {
    if (this.#common === undefined) {
      const { __sk_common: common } = this.raw;
      if (common.skc_family === 0) throw new CorruptStructure('a socket of no family');
      this.#common = common;
    }
    return this.#common;
  }
  /** The part behind it, which stand-ins lack. @throws CorruptStructure where no socket can be: every one has a type */
  get own(): Kernel<'sock'> {
    if (this.raw.sk_type === 0) throw new CorruptStructure('a socket of no type');
    return this.raw;
  }
  get namespace(): NetNamespace {
    return this.namespaces.of(this.common);
  }
  /** `inet`, `inet6`, `unix`, `netlink`, `packet` …; a family without a name is its number. */
  get family(): string {
    return this.#family.name;
  }
  /** `stream`, `dgram`, `raw`, `seqpacket` …. */
  get type(): string {
    if (this.standsIn) return 'stream';
    const number = this.own.sk_type;
    return TYPES[number] ?? String(number);
  }
  /** `tcp`, `udp` …, of netlink `route`, `generic` …, of packet sockets the ethertype. Null for Unix sockets. */
  get protocol(): string | null {
    return this.standsIn ? 'tcp' : this.#family.protocol(this);
  }
  /**
   * `LISTEN`, `ESTABLISHED`, `SYN-SENT` …: one word for one thing in all families. `UNCONN` is a socket that is
   * neither listening nor connected. Null where it is not known how the family counts.
   */
  get state(): string | null {
    const { states } = this.#family;
    if (states === null) return null;
    if (states === 'struct socket')
      return nameIn(SOCKET_STATES, this.kernel.at('socket', this.own.sk_socket).state);
    const { skc_state: state } = this.common;
    return this.standsIn && state === TIME_WAIT
      ? nameIn(states, this.kernel.at('inet_timewait_sock', this.address).tw_substate)
      : nameIn(states, state);
  }
  /** Where the `struct socket` is that files and processes lead to; null where no file does any more, or yet. What led here is believed more than what the socket says. */
  get holder(): VirtualAddress | null {
    if (this.heldThrough !== undefined) return this.heldThrough;
    const socket = this.standsIn ? 0n : this.own.sk_socket;
    return socket === 0n ? null : socket;
  }
  /** The number in `socket:[123]`; null for a socket without a file. */
  get inode(): number | bigint | null {
    const { holder } = this;
    return holder === null ? null : this.kernel.containerOf('socket_alloc', 'socket', holder).vfs_inode.i_ino;
  }
  /** The user who made it, or the listener that it came from; null in TIME-WAIT, when that is forgotten. */
  get uid(): number | null {
    if (!this.standsIn) return this.own.sk_uid;
    const { skc_state, skc_listener } = this.common;
    return skc_state === TIME_WAIT ? null : (skc_listener?.sk_uid ?? null);
  }
  /** The network interface that it is bound to (SO_BINDTODEVICE), and through which alone it is reached; null for all. */
  get device(): string | null {
    const { skc_family, skc_bound_dev_if } = this.common;
    const index =
      skc_family === AF_PACKET ? this.kernel.at('packet_sock', this.address).ifindex : skc_bound_dev_if;
    return index === 0 ? null : this.namespace.interfaceName(index);
  }
  get localAddress(): string | null {
    return this.#family.ends.localAddress(this);
  }
  get localPort(): number | null {
    return this.#family.ends.localPort(this);
  }
  get remoteAddress(): string | null {
    return this.#family.ends.remoteAddress(this);
  }
  get remotePort(): number | null {
    return this.#family.ends.remotePort(this);
  }
  /** Whether it is one of TCP's small stand-ins: a connection that is over, or not yet one. */
  get standsIn(): boolean {
    if (this.#standsIn === undefined) {
      const { skc_family: family, skc_state: state } = this.common;
      const isInet = family === AF_INET || family === AF_INET6;
      this.#standsIn = isInet && isStandIn(state);
    }
    return this.#standsIn;
  }

  get #family(): Family {
    return this.familyOf(this.common.skc_family);
  }
}

/** @throws CorruptStructure where there is no such state */
function nameIn(states: Readonly<Record<number, string>>, state: number): string {
  const name = states[state];
  if (name === undefined)
    throw new CorruptStructure(`a socket has state ${state}, which its family does not know`);
  return name;
}

/** In the order of enum socket_state, include/uapi/linux/net.h. */
const SOCKET_STATES: readonly string[] = ['FREE', 'UNCONN', 'CONNECTING', 'ESTABLISHED', 'DISCONNECTING'];

/** By number: enum sock_type, include/linux/net.h. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'stream',
  2: 'dgram',
  3: 'raw',
  4: 'rdm',
  5: 'seqpacket',
  6: 'dccp',
  10: 'packet',
};
