// What a network namespace counts of its sockets: for each protocol, and of all that programs have made.
// Each CPU has counters of its own, of which only the sum means anything (net/core/sock.c).

import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { cpusOf } from '../machine/cpus.ts';
import type { NetNamespace } from './namespace.ts';

/** PROTO_INUSE_NR of net/core/sock.c. */
const COUNTERS = 64;
/** A protocol that came when all numbers were given away has the last, and shares it. */
const SHARED = COUNTERS - 1;
const COUNTER_BYTES = 4;
/** Protocols after which their list is taken for endless: a kernel has some forty. */
const MAXIMUM_PROTOCOLS = 1000;

/** The counters of all namespaces: /proc/net/protocols and /proc/net/sockstat print them. */
export class SocketsInUse {
  readonly #kernel: Linux;
  readonly #known = new Map<VirtualAddress, Int32Array | null>();
  #indices: ReadonlyMap<string, number> | null | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /**
   * How many sockets a namespace counts of the protocols of these names (of `struct proto`). Null where it counts none of
   * them apart, or that cannot be read: then it is noted, once.
   */
  of(namespace: NetNamespace, names: readonly string[]): number | null {
    const indices = this.#indicesByName();
    const own = names.flatMap((name) => indices?.get(name) ?? []);
    if (own.length === 0 || own.includes(SHARED)) return null;
    const counters = this.#countersOf(namespace);
    return counters === null ? null : own.reduce((sum, index) => sum + counters[index]!, 0);
  }

  /** How many sockets a namespace counts that programs have made, of whatever family. Null as above. */
  madeByPrograms(namespace: NetNamespace): number | null {
    const kernel = this.#kernel;
    const { types } = kernel;
    return kernel.attempt(
      () => {
        const { core } = namespace.raw;
        const inUse = core?.sock_inuse ?? core?.prot_inuse ?? 0n;
        const apart = core?.sock_inuse !== undefined;
        if (inUse === 0n || !(apart || types.has('prot_inuse', 'all'))) return null;
        const offset = apart ? 0n : BigInt(types.offsetOf('prot_inuse', 'all'));
        return this.#sums(inUse + offset, 1)[0]!;
      },
      null,
      whatOf(namespace),
    );
  }

  #countersOf(namespace: NetNamespace): Int32Array | null {
    const { address } = namespace;
    let counters = this.#known.get(address);
    if (counters === undefined) {
      counters = this.#kernel.attempt(
        () => {
          const inUse = namespace.raw.core?.prot_inuse ?? 0n;
          const offset = BigInt(this.#kernel.types.offsetOf('prot_inuse', 'val'));
          return inUse === 0n ? null : this.#sums(inUse + offset, COUNTERS);
        },
        null,
        whatOf(namespace),
      );
      this.#known.set(address, counters);
    }
    return counters;
  }

  /** The sums over all CPUs of so many counters that lie side by side. @throws EvidenceFault */
  #sums(perCpu: bigint, count: number): Int32Array {
    const kernel = this.#kernel;
    const cpus = cpusOf(kernel);
    const sums = new Int32Array(count);
    for (const cpu of cpus.possible) {
      const bytes = kernel.space.bytes(cpus.perCpu(perCpu, cpu), count * COUNTER_BYTES);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      for (let index = 0; index < count; index++)
        sums[index] = sums[index]! + view.getInt32(index * COUNTER_BYTES, true);
    }
    return sums;
  }

  /** The number of each protocol's counter: of every `struct proto` on the list that TCP's is on. Null where it cannot be read, or is not kept. */
  #indicesByName(): ReadonlyMap<string, number> | null {
    const kernel = this.#kernel;
    if (this.#indices === undefined) {
      // Only with CONFIG_PROC_FS.
      const isKept = kernel.types.has('prot_inuse', 'val') && kernel.types.has('proto', 'inuse_idx');
      this.#indices = isKept
        ? kernel.attempt(() => indicesByName(kernel), null, 'what the kernel counts of its sockets')
        : null;
    }
    return this.#indices;
  }
}

const whatOf = ({ label }: NetNamespace): string => `what network namespace ${label} counts of its sockets`;

/** @throws EvidenceFault */
function indicesByName(kernel: Linux): Map<string, number> {
  const first = kernel.at('proto', kernel.symbol('tcp_prot'));
  const indices = new Map<string, number>();
  // What the list's head is in is no protocol, and has none of the names that are asked for.
  let count = 0;
  for (const proto of [first, ...kernel.list(first.node, 'proto', 'node')]) {
    if (++count > MAXIMUM_PROTOCOLS) break;
    try {
      const index = proto.inuse_idx ?? SHARED;
      if (index < COUNTERS) indices.set(proto.name, index);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
    }
  }
  return indices;
}
