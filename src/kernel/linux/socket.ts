import type { VirtualAddress } from '../../base/address.ts';
import { inetEnds, inetProtocol } from './inet-socket.ts';
import type { Linux } from './linux.ts';
import type { NetNamespace, NetNamespaces } from './net-namespace.ts';
import { netlinkEnds, netlinkProtocol } from './netlink-socket.ts';
import { packetEnds, packetProtocol } from './packet-socket.ts';
import type { Kernel } from './structs.ts';
import { unixEnds } from './unix-socket.ts';

/** What a family of sockets calls the two ends of a connection. Null where there is nothing to say. */
export interface Ends {
  localAddress(socket: Socket): string | null;
  localPort(socket: Socket): number | null;
  remoteAddress(socket: Socket): string | null;
  remotePort(socket: Socket): number | null;
}

// TCP keeps small stand-ins in place of sockets; they have the common part and little else.
const TIME_WAIT = 6;
const NEW_SYN_RECV = 12;

/** A socket, whether or not a process holds it. `raw` is the kernel's own. */
export class Socket {
  readonly raw: Kernel<'sock'>;
  readonly common: Kernel<'sock_common'>;
  readonly kernel: Linux;
  readonly #namespaces: NetNamespaces;

  constructor(raw: Kernel<'sock'>, namespaces: NetNamespaces) {
    this.raw = raw;
    this.common = raw.__sk_common;
    this.kernel = namespaces.kernel;
    this.#namespaces = namespaces;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  get namespace(): NetNamespace {
    const { types } = this.kernel;
    const [, bytes] = types.memberOf('sock_common', 'skc_net');
    return this.#namespaces.at(bytes === 0 ? this.kernel.symbol('init_net') : this.common.skc_net);
  }
  /** `inet`, `inet6`, `unix`, `netlink`, `packet` …; a family without a name is its number. */
  get family(): string {
    const number = this.common.skc_family;
    return FAMILIES[number]?.name ?? String(number);
  }
  /** `stream`, `dgram`, `raw`, `seqpacket` …. */
  get type(): string {
    if (this.#standsIn) return 'stream';
    const number = this.raw.sk_type;
    return TYPES[number] ?? String(number);
  }
  /** `tcp`, `udp` …, of netlink `route`, `generic` …, of packet sockets the ethertype. Null for Unix sockets. */
  get protocol(): string | null {
    if (this.#standsIn) return 'tcp';
    const protocol = FAMILIES[this.common.skc_family]?.protocol ?? numberedProtocol;
    return protocol(this);
  }
  /**
   * `LISTEN`, `ESTABLISHED`, `SYN-SENT` …: one word for one thing in all families. `UNCONN` is a socket that is
   * neither listening nor connected.
   */
  get state(): string {
    const state = this.common.skc_state;
    if (state === TIME_WAIT) {
      return stateName(this.kernel.at('inet_timewait_sock', this.address).tw_substate);
    }
    if (FAMILIES[this.common.skc_family]?.ends !== undefined) return stateName(state);
    // Other families count in words of their own; what `struct socket` says is the same for all.
    const number = this.#holder.state;
    return SOCKET_STATES[number] ?? String(number);
  }
  /** Where the `struct socket` is that files and processes lead to; null where no file does any more, or yet. */
  get holder(): VirtualAddress | null {
    const socket = this.#standsIn ? 0n : this.raw.sk_socket;
    return socket === 0n ? null : socket;
  }
  /** The number in `socket:[123]`; null for a socket without a file. */
  get inode(): number | bigint | null {
    const { holder } = this;
    return holder === null ? null : this.kernel.containerOf('socket_alloc', 'socket', holder).vfs_inode.i_ino;
  }
  /** The user who made it, or the listener that it came from; null in TIME-WAIT, when that is forgotten. */
  get uid(): number | null {
    switch (this.common.skc_state) {
      case TIME_WAIT:
        return null;
      case NEW_SYN_RECV:
        return this.common.skc_listener?.sk_uid ?? null;
      default:
        return this.raw.sk_uid;
    }
  }
  get localAddress(): string | null {
    return this.#ends.localAddress(this);
  }
  get localPort(): number | null {
    return this.#ends.localPort(this);
  }
  get remoteAddress(): string | null {
    return this.#ends.remoteAddress(this);
  }
  get remotePort(): number | null {
    return this.#ends.remotePort(this);
  }

  get #ends(): Ends {
    return FAMILIES[this.common.skc_family]?.ends ?? NO_ENDS;
  }
  get #holder(): Kernel<'socket'> {
    return this.kernel.at('socket', this.raw.sk_socket);
  }
  get #standsIn(): boolean {
    const state = this.common.skc_state;
    return state === TIME_WAIT || state === NEW_SYN_RECV;
  }
}

const stateName = (state: number): string => STATES[state] ?? String(state);

const numberedProtocol = ({ raw }: Socket): string | null =>
  raw.sk_protocol === 0 ? null : String(raw.sk_protocol);

/** In the order of include/net/tcp_states.h. A netlink socket that is not connected says 0. */
const STATES: readonly string[] = [
  ...['UNCONN', 'ESTABLISHED', 'SYN-SENT', 'SYN-RECV', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'UNCONN'],
  ...['CLOSE-WAIT', 'LAST-ACK', 'LISTEN', 'CLOSING', 'SYN-RECV', 'UNCONN'],
];

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

const NO_ENDS: Ends = {
  localAddress: () => null,
  localPort: () => null,
  remoteAddress: () => null,
  remotePort: () => null,
};

interface Family {
  readonly name: string;
  readonly protocol?: (socket: Socket) => string | null;
  readonly ends?: Ends;
}

/** By number: AF_… of include/linux/socket.h. */
const FAMILIES: Readonly<Record<number, Family>> = {
  1: { name: 'unix', protocol: () => null, ends: unixEnds },
  2: { name: 'inet', protocol: inetProtocol, ends: inetEnds },
  3: { name: 'ax25' },
  4: { name: 'ipx' },
  5: { name: 'appletalk' },
  9: { name: 'x25' },
  10: { name: 'inet6', protocol: inetProtocol, ends: inetEnds },
  15: { name: 'key' },
  16: { name: 'netlink', protocol: netlinkProtocol, ends: netlinkEnds },
  17: { name: 'packet', protocol: packetProtocol, ends: packetEnds },
  21: { name: 'rds' },
  24: { name: 'pppox' },
  26: { name: 'llc' },
  29: { name: 'can' },
  30: { name: 'tipc' },
  31: { name: 'bluetooth' },
  33: { name: 'rxrpc' },
  36: { name: 'ieee802154' },
  37: { name: 'caif' },
  38: { name: 'alg' },
  39: { name: 'nfc' },
  40: { name: 'vsock' },
  41: { name: 'kcm' },
  42: { name: 'qipcrtr' },
  43: { name: 'smc' },
  44: { name: 'xdp' },
  45: { name: 'mctp' },
};
