// Every socket of a machine, and who holds it: by the kernel's tables, and by the descriptors of its processes.
// What one of the two has and the other lacks is marked and said.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { inetSockets } from './families/inet.ts';
import { netlinkSockets } from './families/netlink.ts';
import { packetSockets } from './families/packet.ts';
import { sctpAssociations } from './families/sctp.ts';
import { unixPeers, unixSockets } from './families/unix.ts';
import { type NetNamespace, NetNamespaces } from './namespace.ts';
import { Socket } from './socket.ts';
import { INET_KINDS, SocketCensus, type SocketKind } from './socket-census.ts';
import { noteCounts } from './socket-counts.ts';
import { familyOf } from './socket-families.ts';
import { Holdings } from './socket-holdings.ts';
import { SocketsInUse } from './socket-inuse.ts';
import { SocketTotals } from './socket-totals.ts';

/** A socket in the hands of one descriptor of one process; of nobody, where both are null. */
export interface SocketUse {
  readonly socket: Socket;
  readonly task: Task | null;
  /** The thread that alone has the descriptor; null where the process has it. */
  readonly thread: Task | null;
  readonly fd: number | null;
  /** See SocketCensus.isHidden. @throws EvidenceFault also where the socket does not say what table it must be in */
  readonly isHidden: () => boolean | null;
}

/**
 * Every socket that the kernel finds by its tables or that a process has open, once for each descriptor that
 * holds it: those that wait to be accepted, are under way in a message or outlive their process are held by none.
 * An association of SCTP is a line of its own below the socket that has it.
 */
export function* sockets(kernel: Linux): Generator<SocketUse> {
  const namespaces = new NetNamespaces(kernel);
  const holdings = new Holdings(kernel);
  const census = new SocketCensus(namespaces);
  const inUse = new SocketsInUse(kernel);
  const totals = new SocketTotals(kernel, namespaces, inUse);
  for (const address of listedSockets(kernel, namespaces.all(), census)) {
    totals.see(address);
    yield* usesOf(socketAt(address), () => false);
  }
  const differing = noteCounts(kernel, namespaces, census, inUse);
  // Sockets that are in no table: not bound yet, closed again, of a family that keeps none, or unlinked.
  const seen = new Set<VirtualAddress>();
  for (const address of otherSockets()) {
    if (seen.has(address) || census.has(address)) continue;
    seen.add(address);
    totals.see(address);
    const socket = socketAt(address);
    // No table has one of SCTP either: they are found by their descriptors alone.
    for (const one of [socket, ...sctpAssociations(socket)])
      yield* usesOf(one, () => census.isHidden(socket));
  }
  if (census.isWhole) totals.note(differing);
  /** What processes have open, and what is at the other end of a Unix socket. */
  function* otherSockets(): Generator<VirtualAddress> {
    yield* holdings.sockets();
    yield* unixPeers(kernel, census);
  }

  function socketAt(address: VirtualAddress): Socket {
    return new Socket(kernel.at('sock', address), namespaces, familyOf, holdings.holderOf(address));
  }

  function* usesOf(socket: Socket, isHidden: () => boolean | null): Generator<SocketUse> {
    const holder = kernel.attempt(() => socket.holder, null, 'the file of a socket');
    let isHeld = false;
    for (const { task, thread, fd } of holder === null ? [] : holdings.of(holder)) {
      isHeld = true;
      yield { socket, task, thread, fd, isHidden };
    }
    if (!isHeld) yield { socket, task: null, thread: null, fd: null, isHidden };
  }
}

function* listedSockets(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  census: SocketCensus,
): Generator<VirtualAddress> {
  yield* endingWithNote(inetSockets(kernel, namespaces, census), 'IP sockets', INET_KINDS);
  yield* endingWithNote(unixSockets(kernel, namespaces, census), 'Unix sockets', ['Unix sockets']);
  yield* endingWithNote(netlinkSockets(kernel, census), 'netlink sockets', ['netlink sockets']);
  yield* endingWithNote(packetSockets(kernel, namespaces, census), 'packet sockets', ['packet sockets']);

  /** A walk that cannot go on keeps nobody from the next. */
  function* endingWithNote<T>(things: Iterable<T>, what: string, kinds: readonly SocketKind[]): Generator<T> {
    try {
      yield* things;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      kernel.note(`${what} end early: ${fault.message}`);
      for (const kind of kinds) census.miss(kind);
    }
  }
}
