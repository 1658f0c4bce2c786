// Sockets that the kernel counts from their first moment to their last, held against all that were found of them: in
// tables, by descriptors, at other ends. So those too are counted whose tables nobody reads: vsock, SCTP, Bluetooth.

import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { openFiles } from '../process/open-files.ts';
import type { NetNamespace, NetNamespaces } from './namespace.ts';
import { isStandIn } from './socket.ts';
import type { SocketsInUse } from './socket-inuse.ts';

const AF_UNSPEC = 0;
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
/** What of a mode is the type, and that of a character device (include/uapi/linux/stat.h). */
const FILE_TYPE = 0o170000;
const CHARACTER_DEVICE = 0o020000;
/** NETLINK_F_KERNEL_SOCKET, whether it is a mask or, since Linux kernel commit 8fe08d70a2b6 (in v6.6), the number of a bit (net/netlink/af_netlink.h). */
const KERNEL_SOCKET = 1;
/** Messages of one queue that are asked who sent them. */
const MOST_MESSAGES = 100_000;

/**
 * What was found of one namespace. Unix sockets are counted until the last reference to them is gone
 * (net/unix/af_unix.c, unix_sock_destructor), netlink sockets of programs until they are closed (net/netlink/af_netlink.c,
 * netlink_release), and all that programs have made until they are freed (net/core/sock.c, sk_alloc and __sk_free).
 */
interface Found {
  unix: number;
  netlink: number;
  all: number;
}

/**
 * So many closed sockets may be counted that are found nowhere, and one for each so many that are found: a Unix socket is
 * counted until all CPUs have passed by (SOCK_RCU_FREE), and any socket until the last packet that it sent has left
 * the machine (sk_wmem_alloc), which a network card may keep long after.
 */
const LINGERING = 4;
const FOUND_A_LINGERING = 16;

const UNIX = ['UNIX', 'UNIX-STREAM', 'UNIX-DGRAM'];

/** Counts sockets as they are found. */
export class SocketTotals {
  readonly #kernel: Linux;
  readonly #namespaces: NetNamespaces;
  readonly #inUse: SocketsInUse;
  readonly #found = new Map<VirtualAddress, Found>();
  readonly #unix = new Set<VirtualAddress>();
  #isUnsure = false;

  constructor(kernel: Linux, namespaces: NetNamespaces, inUse: SocketsInUse) {
    this.#kernel = kernel;
    this.#namespaces = namespaces;
    this.#inUse = inUse;
  }

  /** Takes down a socket, which must not be told of twice. */
  see(address: VirtualAddress): void {
    const kernel = this.#kernel;
    try {
      const { __sk_common: common } = kernel.at('sock', address);
      const { skc_family: family, skc_state: state } = common;
      if ((family === AF_INET || family === AF_INET6) && isStandIn(state)) return;
      const found = this.#of(this.#namespaces.of(common));
      if (family === AF_UNIX) {
        found.unix++;
        this.#unix.add(address);
      }
      const isPrograms = common.skc_net_refcnt !== 0;
      const isKernels =
        family === AF_NETLINK && (kernel.at('netlink_sock', address).flags & KERNEL_SOCKET) !== 0;
      if (family === AF_NETLINK && !isKernels) found.netlink++;
      if (isPrograms) found.all++;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      this.#isUnsure = true; // its own cells say what is wrong with it
    }
  }

  /** Says where the kernel counts other than what was found, but of namespaces in which tables were already said to differ. */
  note(apart: ReadonlySet<NetNamespace>): void {
    if (this.#isUnsure) return;
    for (const namespace of this.#namespaces.all()) {
      if (apart.has(namespace)) continue;
      const found = this.#of(namespace);
      const unix = this.#inUse.of(namespace, UNIX);
      const closed = this.#closedIn(namespace, (unix ?? 0) - found.unix);
      const netlink = this.#inUse.of(namespace, ['NETLINK']);
      if (this.#differs(namespace, 'Unix sockets', unix, found.unix + closed.count, true)) continue;
      if (this.#differs(namespace, 'netlink sockets of programs', netlink, found.netlink)) continue;
      const all = this.#kernel.types.has('sock_common', 'skc_net_refcnt')
        ? this.#inUse.madeByPrograms(namespace)
        : null;
      const known = found.all + closed.ofPrograms;
      const tunnels = all === null || all <= known ? 0 : this.#tunnelsIn(namespace);
      this.#differs(namespace, 'sockets of programs', all, known + tunnels, true);
    }
  }

  /** @param mayLinger whether closed ones are counted for a while that lead nowhere */
  #differs(
    namespace: NetNamespace,
    what: string,
    counted: number | null,
    found: number,
    mayLinger = false,
  ): boolean {
    if (counted === null || counted === found) return false;
    const lingering = mayLinger ? LINGERING + Math.floor(found / FOUND_A_LINGERING) : 0;
    if (counted > found && counted <= found + lingering) return false;
    this.#kernel.note(
      `the kernel counts ${counted} ${what} in network namespace ${namespace.label}, and ${found} are found`,
    );
    return true;
  }

  #of(namespace: NetNamespace): Found {
    let found = this.#found.get(namespace.address);
    if (found === undefined) {
      found = { unix: 0, netlink: 0, all: 0 };
      this.#found.set(namespace.address, found);
    }
    return found;
  }

  /**
   * Unix sockets of a namespace that are closed and still counted: those at the other end of one that is open, and those
   * whose messages nobody has read yet. No more than are missing.
   */
  #closedIn(
    namespace: NetNamespace,
    missing: number,
  ): { readonly count: number; readonly ofPrograms: number } {
    const kernel = this.#kernel;
    const closed = new Set<VirtualAddress>();
    const what = 'closed Unix sockets';
    let ofPrograms = 0;
    for (const address of missing > 0 ? this.#unix : []) {
      for (const socket of kernel.untilFault(this.#ledToBy(address), what)) {
        if (socket === 0n || closed.has(socket) || this.#unix.has(socket)) continue;
        const { __sk_common: common } = kernel.at('sock', socket);
        const isHere = () => this.#namespaces.of(common).address === namespace.address;
        if (!kernel.attempt(isHere, false, what)) continue;
        closed.add(socket);
        if (common.skc_net_refcnt !== 0) ofPrograms++;
        if (closed.size >= missing) return { count: closed.size, ofPrograms };
      }
    }
    return { count: closed.size, ofPrograms };
  }

  /**
   * Ends of tunnels of a namespace: a file of /dev/net/tun, or of a macvtap, has a socket of no family inside, which is
   * counted and is no socket to programs (drivers/net/tun.c, struct tun_file; drivers/net/tap.c, struct tap_queue).
   */
  #tunnelsIn({ address: namespace }: NetNamespace): number {
    const kernel = this.#kernel;
    const tunnels = new Set<VirtualAddress>();
    for (const { raw: file } of openFiles(kernel)) {
      try {
        const inside = file.private_data;
        if (((file.f_inode?.i_mode ?? 0) & FILE_TYPE) !== CHARACTER_DEVICE || inside === 0n) continue;
        const { __sk_common: common } = kernel.at('sock', inside);
        const isTunnel =
          common.skc_family === AF_UNSPEC &&
          common.skc_net_refcnt !== 0 &&
          this.#namespaces.of(common).address === namespace;
        if (isTunnel) tunnels.add(inside);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault; // what is no socket may be no memory either
      }
    }
    return tunnels.size;
  }

  /** The peer of a Unix socket, and whose messages lie in its queue. */
  *#ledToBy(address: VirtualAddress): Generator<VirtualAddress> {
    const kernel = this.#kernel;
    yield kernel.at('unix_sock', address).peer?.address ?? 0n;
    const queue = kernel.at('sock', address).sk_receive_queue;
    if (queue === undefined) return;
    // The head begins as each message does, with two links (include/linux/skbuff.h, struct sk_buff_head).
    let [at, count] = [kernel.pointerAt(queue), 0];
    for (; at !== queue && at !== 0n && count < MOST_MESSAGES; count++) {
      const message = kernel.at('sk_buff', at);
      yield message.sk;
      at = message.next;
    }
  }
}
