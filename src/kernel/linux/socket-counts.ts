// The sockets that the kernel's tables have, held against what the kernel itself counts.
// `noteCounts` says where the two disagree: an entry was unlinked, or a table is damaged and does not show it.
import { EvidenceFault } from '../../base/errors.ts';
import type { Linux } from './linux.ts';
import type { NetNamespaces } from './net-namespace.ts';
import type { SocketCensus, SocketKind } from './socket-census.ts';

/**
 * The kinds whose sockets a namespace counts, under the names of `struct proto`, exactly as long as they are in a
 * table: sock_prot_inuse_add is called where a socket is put into its table and where it is taken out, in all releases
 * from v5.10 to v7.2 (net/ipv4/inet_hashtables.c: __inet_hash, inet_ehash_nolisten, inet_unhash; net/ipv4/udp.c:
 * udp_lib_get_port, udp_lib_unhash; net/ipv4/raw.c and ping.c likewise; net/packet/af_packet.c: packet_create,
 * packet_release). TCP's stand-ins are not among them. Unix sockets are counted until the last reference to them is
 * gone (unix_sock_destructor), when a closed one has long left the table, and so their number says nothing.
 */
const COUNTED: readonly (readonly [SocketKind, readonly string[]])[] = [
  ['TCP sockets', ['TCP', 'TCPv6']],
  ['UDP sockets', ['UDP', 'UDPv6']],
  ['UDP-Lite sockets', ['UDP-Lite', 'UDPLITEv6']],
  ['raw sockets', ['RAW', 'RAWv6']],
  ['ping sockets', ['PING', 'PINGv6']],
  ['packet sockets', ['PACKET']],
];

/** PROTO_INUSE_NR of net/core/sock.c. */
const COUNTERS = 64;
/** A protocol that came when all numbers were given away has the last, and shares it. */
const SHARED = COUNTERS - 1;
const COUNTER_BYTES = 4;
/** Protocols after which their list is taken for endless: a kernel has some forty. */
const MAXIMUM_PROTOCOLS = 1000;

/** Says of which kinds, and where, the tables have other than so many sockets as the kernel counts. */
export function noteCounts(kernel: Linux, namespaces: NetNamespaces, census: SocketCensus): void {
  // Only with CONFIG_PROC_FS.
  if (!kernel.types.has('prot_inuse', 'val') || !kernel.types.has('proto', 'inuse_idx')) return;
  const indices = kernel.attempt(() => indicesByName(kernel), null, 'what the kernel counts of its sockets');
  if (indices === null) return;
  const differing = new Map<SocketKind, string[]>();
  for (const namespace of namespaces.all()) {
    const what = `what network namespace ${namespace.label} counts of its sockets`;
    const counters = kernel.attempt(
      () => countersOf(kernel, namespace.raw.core?.prot_inuse ?? 0n),
      null,
      what,
    );
    if (counters === null) continue;
    for (const [kind, names] of COUNTED) {
      const own = names.flatMap((name) => indices.get(name) ?? []);
      if (own.length === 0 || own.includes(SHARED)) continue;
      const counted = own.reduce((sum, index) => sum + counters[index]!, 0);
      const listed = census.numberOf(kind, namespace);
      if (counted === listed) continue;
      const said = `the kernel counts ${counted} ${kind} in network namespace ${namespace.label}, and its tables have ${listed}`;
      differing.set(kind, [...(differing.get(kind) ?? []), said]);
    }
  }
  for (const [first, ...more] of differing.values())
    kernel.note(more.length === 0 ? first! : `${first}; they differ in ${more.length} more namespaces`);
}

/** The number of each protocol's counter: of every `struct proto` on the list that TCP's is on. @throws EvidenceFault */
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

/** The sums over all CPUs of a namespace's counters. Null where it has none. @throws EvidenceFault */
function countersOf(kernel: Linux, perCpu: bigint): Int32Array | null {
  if (perCpu === 0n) return null;
  const { cpus } = kernel.machine;
  const sums = new Int32Array(COUNTERS);
  const offset = BigInt(kernel.types.offsetOf('prot_inuse', 'val'));
  for (const cpu of cpus.possible) {
    const bytes = kernel.space.bytes(cpus.perCpu(perCpu, cpu) + offset, COUNTERS * COUNTER_BYTES);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let index = 0; index < COUNTERS; index++)
      sums[index] = sums[index]! + view.getInt32(index * COUNTER_BYTES, true);
  }
  return sums;
}
