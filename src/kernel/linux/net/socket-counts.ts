// The sockets that the kernel's tables have, held against what the kernel itself counts.
// `noteCounts` says where the two disagree: an entry was unlinked, or a table is damaged and does not show it.
import type { Linux } from '../linux.ts';
import { deathRowOf, type NetNamespace, type NetNamespaces } from './namespace.ts';
import type { SocketCensus, SocketKind } from './socket-census.ts';
import type { SocketsInUse } from './socket-inuse.ts';

/**
 * The kinds whose sockets a namespace counts, under the names of `struct proto`, exactly as long as they are in a
 * table: sock_prot_inuse_add is called where a socket is put into its table and where it is taken out, in all releases
 * from v5.10 to v7.2 (net/ipv4/inet_hashtables.c: __inet_hash, inet_ehash_nolisten, inet_unhash; net/ipv4/udp.c:
 * udp_lib_get_port, udp_lib_unhash; net/ipv4/raw.c and ping.c likewise; net/packet/af_packet.c: packet_create,
 * packet_release). TCP's stand-ins are not among them. What is counted for longer, socket-totals.ts knows.
 */
const COUNTED: readonly (readonly [SocketKind, readonly string[]])[] = [
  ['TCP sockets', ['TCP', 'TCPv6']],
  ['UDP sockets', ['UDP', 'UDPv6']],
  ['UDP-Lite sockets', ['UDP-Lite', 'UDPLITEv6']],
  ['raw sockets', ['RAW', 'RAWv6']],
  ['ping sockets', ['PING', 'PINGv6']],
  ['packet sockets', ['PACKET']],
];

/** Says of which kinds, and where, the tables have other than so many sockets as the kernel counts. @returns the namespaces where they have */
export function noteCounts(
  kernel: Linux,
  namespaces: NetNamespaces,
  census: SocketCensus,
  inUse: SocketsInUse,
): ReadonlySet<NetNamespace> {
  const differing = new Map<string, string[]>();
  const where = new Set<NetNamespace>();
  for (const namespace of namespaces.all()) {
    for (const [kind, names] of COUNTED)
      compare(kind, namespace, inUse.of(namespace, names), census.numberOf(kind, namespace));
    const waiting = kernel.attempt(
      () => waitingIn(kernel, namespace),
      null,
      `what network namespace ${namespace.label} counts in TIME-WAIT`,
    );
    compare('TCP connections in TIME-WAIT', namespace, waiting, census.waitingIn(namespace));
  }
  for (const [first, ...more] of differing.values())
    kernel.note(more.length === 0 ? first! : `${first}; they differ in ${more.length} more namespaces`);
  return where;

  function compare(what: string, namespace: NetNamespace, counted: number | null, listed: number): void {
    if (counted === null || counted === listed) return;
    const said = `the kernel counts ${counted} ${what} in network namespace ${namespace.label}, and its tables have ${listed}`;
    differing.set(what, [...(differing.get(what) ?? []), said]);
    where.add(namespace);
  }
}

/**
 * How many connections wait: each is counted from before it is put into the table to after it is taken out
 * (net/ipv4/inet_timewait_sock.c, inet_twsk_alloc and inet_twsk_kill). Null where this build does not tell.
 * @throws EvidenceFault
 */
function waitingIn(kernel: Linux, namespace: NetNamespace): number | null {
  const { tw_refcount, tw_count } = deathRowOf(kernel, namespace);
  // The namespace itself is the first reference (net/ipv4/tcp_ipv4.c, tcp_sk_init).
  return tw_refcount === undefined ? (tw_count ?? null) : tw_refcount - 1;
}
