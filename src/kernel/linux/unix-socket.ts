import type { VirtualAddress } from '../../base/address.ts';
import { CorruptStructure } from '../../base/errors.ts';
import { decodeText, decodeUntilNul } from '../../base/text.ts';
import type { HashTable } from './hash-table.ts';
import type { Linux } from './linux.ts';
import type { NetNamespace } from './net-namespace.ts';
import type { Ends } from './socket.ts';
import { tabledSockets } from './socket-table.ts';

const AF_UNIX = 1;

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
export function* unixSockets(kernel: Linux, namespaces: readonly NetNamespace[]): Generator<VirtualAddress> {
  for (const heads of tables(kernel, namespaces)) {
    const table: HashTable = {
      name: 'Unix sockets',
      heads,
      buckets: BUCKETS,
      strideBytes: kernel.types.pointerBytes,
    };
    yield* tabledSockets(kernel, table, [AF_UNIX]);
  }
}

function* tables(kernel: Linux, namespaces: readonly NetNamespace[]): Generator<VirtualAddress> {
  if (!kernel.types.has('netns_unix', 'table')) {
    const shared = kernel.attempt(() => kernel.symbol('unix_socket_table'), 0n, 'Unix sockets');
    if (shared !== 0n) yield shared;
    return;
  }
  for (const { raw } of namespaces) {
    const own = kernel.attempt(
      () => raw.unx?.table?.buckets ?? 0n,
      0n,
      'Unix sockets of a network namespace',
    );
    if (own !== 0n) yield own;
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
