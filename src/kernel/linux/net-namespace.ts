import type { VirtualAddress } from '../../base/address.ts';
import type { Linux } from './linux.ts';
import type { Kernel } from './structs.ts';

/** A network namespace. `raw` is the kernel's own. */
export class NetNamespace {
  readonly raw: Kernel<'net'>;
  #interfaces: ReadonlyMap<number, string> | undefined;
  constructor(raw: Kernel<'net'>) {
    this.raw = raw;
  }
  /** The number by which `/proc/PID/ns/net` and `lsns` name it. */
  get inode(): number {
    return this.raw.ns.inum;
  }
  /** The name of the network interface with this index: `eth0`. The index itself where there is none. */
  interfaceName(index: number): string {
    this.#interfaces ??= new Map([...this.raw.dev_base_head].map(({ ifindex, name }) => [ifindex, name]));
    return this.#interfaces.get(index) ?? String(index);
  }
}

/** The network namespaces of a kernel, each known by one object. */
export class NetNamespaces {
  readonly kernel: Linux;
  readonly #known = new Map<VirtualAddress, NetNamespace>();
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

  /** Those on the kernel's list, the initial one first, then those that only a process still leads to. */
  all(): NetNamespace[] {
    const { kernel } = this;
    const listed = kernel.attempt(
      () =>
        [...kernel.list(kernel.symbol('net_namespace_list'), 'net', 'list')].map(({ address }) => address),
      [],
      'network namespaces',
    );
    const held = [...kernel.tasks()].flatMap((task) =>
      kernel.attempt(() => task.raw.nsproxy?.net_ns?.address ?? [], [], `network namespace of ${task.label}`),
    );
    return [...new Set([...listed, ...held])].map((address) => this.at(address));
  }
}
