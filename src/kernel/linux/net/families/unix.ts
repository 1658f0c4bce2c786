// Unix sockets, by path or abstract name.
// Linux: include/net/af_unix.h, net/unix/af_unix.c.
import type { VirtualAddress } from '../../../../base/address.ts';
import { CorruptStructure, EvidenceFault, type Note } from '../../../../base/errors.ts';
import { decodeText, decodeUntilNul } from '../../../../base/text.ts';
import type { Linux } from '../../linux.ts';
import type { NetNamespace } from '../namespace.ts';
import type { Ends } from '../socket.ts';
import type { SocketCensus } from '../socket-census.ts';
import { tabledSockets } from '../socket-table.ts';

/** Twice UNIX_HASH_SIZE before v6.0, UNIX_HASH_SIZE since: sockets with a path, and the others. */
const BUCKETS = 512;
/** Bytes of sockaddr_un: the family and a path of 108. */
const MAXIMUM_NAME_BYTES = 110;
const FAMILY_BYTES = 2;

/**
 * The ends of Unix sockets: their names. A path is as it was given to bind, an abstract name begins with `@` and
 * has `@` for NUL, as ss shows it. Null where there is no name, or no peer. There are no ports.
 */
export const unixEnds: Ends = {
  localAddress: ({ kernel, address }) => nameOf(kernel, address),
  localPort: () => null,
  remoteAddress({ kernel, address }) {
    const { peer } = kernel.at('unix_sock', address);
    return peer === null ? null : nameOf(kernel, peer.address);
  },
  remotePort: () => null,
};

/** The addresses of all Unix sockets. */
export function* unixSockets(
  kernel: Linux,
  namespaces: readonly NetNamespace[],
  census: SocketCensus,
): Generator<VirtualAddress> {
  const kind = 'Unix sockets';
  const { pointerBytes: strideBytes } = kernel.types;
  for (const heads of tables(kernel, namespaces, census.noteOf(kind))) {
    yield* tabledSockets(kernel, census, { kind, name: kind, heads, buckets: BUCKETS, strideBytes });
  }
}

/**
 * The sockets at the other ends of those in the tables that are in none themselves, and in use. A closed socket leaves
 * its table and its `struct socket` at once (unix_release_sock), and then only waits for the other end to be closed.
 */
export function* unixPeers(kernel: Linux, census: SocketCensus): Generator<VirtualAddress> {
  for (const address of census.of('Unix sockets')) {
    const peer = kernel.attempt(
      () => kernel.at('unix_sock', address).peer,
      null,
      'the peer of a Unix socket',
    );
    if (peer === null || census.has(peer.address)) continue;
    const what = 'a socket at the other end of a Unix socket';
    if (kernel.attempt(() => kernel.at('sock', peer.address).sk_socket, 0n, what) !== 0n) yield peer.address;
  }
}

function* tables(kernel: Linux, namespaces: readonly NetNamespace[], note: Note): Generator<VirtualAddress> {
  if (!kernel.types.has('netns_unix', 'table')) {
    if (kernel.hasSymbol('unix_socket_table')) yield kernel.symbol('unix_socket_table');
    else note('Unix sockets: this kernel has no symbol unix_socket_table');
    return;
  }
  for (const { raw } of namespaces) {
    try {
      const own = raw.unx?.table?.buckets ?? 0n;
      if (own !== 0n) yield own;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      note(`Unix sockets of a network namespace: ${fault.message}`);
    }
  }
}

function nameOf(kernel: Linux, socket: VirtualAddress): string | null {
  const { addr } = kernel.at('unix_sock', socket);
  if (addr === null) return null;
  const { len } = addr;
  if (len > MAXIMUM_NAME_BYTES + 1 || len < FAMILY_BYTES) {
    throw new CorruptStructure(`name of a Unix socket has ${len} bytes`);
  }
  const name = kernel.space.bytes(addr.name + BigInt(FAMILY_BYTES), len - FAMILY_BYTES);
  if (name.length === 0) return null;
  return name[0] === 0 ? decodeText(name.map((byte) => byte || AT)) : decodeUntilNul(name);
}

const AT = 0x40;
