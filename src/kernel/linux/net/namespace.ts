// Network namespaces: struct net of include/net/net_namespace.h.
// `NetNamespaces` knows each by one object, and finds them all.

import { hex, type VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { tasks } from '../process/processes.ts';
import type { Kernel } from '../structs.ts';

/** A network namespace. `raw` is the kernel's own. */
export class NetNamespace {
  readonly raw: Kernel<'net'>;
  #interfaces: Interfaces | undefined;
  constructor(raw: Kernel<'net'>) {
    this.raw = raw;
  }
  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** The number by which `/proc/PID/ns/net` and `lsns` name it. */
  get inode(): number {
    return this.raw.ns.inum;
  }
  /** For notes, which must not fail: the number, or where the namespace is. */
  get label(): string {
    try {
      return String(this.inode);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return `at ${hex(this.address)}`;
    }
  }
  /**
   * The name of the network interface with this index: `eth0`. The index itself where there is none.
   * @throws EvidenceFault where it may be one of those that cannot be read
   */
  interfaceName(index: number): string {
    this.#interfaces ??= interfacesOf(this.raw);
    const { names, fault } = this.#interfaces;
    const name = names.get(index);
    if (name === undefined && fault !== undefined) throw fault;
    return name ?? String(index);
  }
}

interface Interfaces {
  readonly names: ReadonlyMap<number, string>;
  /** Why one of them could not be read, the last time that happened. */
  readonly fault: EvidenceFault | undefined;
}

function interfacesOf({ dev_base_head }: Kernel<'net'>): Interfaces {
  const names = new Map<number, string>();
  let fault: EvidenceFault | undefined;
  for (const device of dev_base_head) {
    try {
      names.set(device.ifindex, device.name);
    } catch (thrown) {
      if (!(thrown instanceof EvidenceFault)) throw thrown;
      fault = thrown;
    }
  }
  return { names, fault };
}

/** What a namespace keeps of TCP's connections that have ended, and its table of the others. @throws EvidenceFault */
export function deathRowOf(kernel: Linux, { raw }: NetNamespace): Kernel<'inet_timewait_death_row'> {
  const { tcp_death_row: place } = raw.ipv4;
  const [, bytes] = kernel.types.memberOf('netns_ipv4', 'tcp_death_row');
  const row = bytes === kernel.types.pointerBytes ? kernel.pointerAt(place) : place;
  return kernel.at('inet_timewait_death_row', row);
}

/** The network namespaces of a kernel, each known by one object. */
export class NetNamespaces {
  readonly kernel: Linux;
  readonly #known = new Map<VirtualAddress, NetNamespace>();
  #all: readonly NetNamespace[] | undefined;
  /** Sockets say which they are in; not so without CONFIG_NET_NS. */
  #areTold: boolean | undefined;
  constructor(kernel: Linux) {
    this.kernel = kernel;
  }

  /** The namespace whose `struct net` is at `address`. */
  at(address: VirtualAddress): NetNamespace {
    let namespace = this.#known.get(address);
    if (namespace === undefined) {
      namespace = new NetNamespace(this.kernel.at('net', address));
      this.#known.set(address, namespace);
    }
    return namespace;
  }

  /** The namespace that a socket is in. @throws EvidenceFault */
  of(socket: Kernel<'sock_common'>): NetNamespace {
    const { kernel } = this;
    this.#areTold ??= kernel.types.memberOf('sock_common', 'skc_net')[1] > 0;
    return this.at(this.#areTold ? socket.skc_net : kernel.symbol('init_net'));
  }

  /** Those on the kernel's list, the initial one first, then those that only a process still leads to. */
  all(): readonly NetNamespace[] {
    this.#all ??= [...new Set([...this.#listed(), ...this.#held()])].map((address) => this.at(address));
    return this.#all;
  }

  *#listed(): Generator<VirtualAddress> {
    const { kernel } = this;
    const list = kernel.attempt(() => kernel.symbol('net_namespace_list'), null, 'network namespaces');
    if (list === null) return;
    for (const { address } of kernel.list(list, 'net', 'list')) yield address;
  }

  *#held(): Generator<VirtualAddress> {
    for (const task of tasks(this.kernel)) {
      const what = `network namespace of ${task.label}`;
      const held = this.kernel.attempt(() => task.namespaces?.net_ns ?? null, null, what);
      if (held !== null) yield held.address;
    }
  }
}
