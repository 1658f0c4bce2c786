// Sockets in hash tables: from links to sockets, each taken down in the census.
// `tabledSockets` is for tables that link the common part, `linkedSockets` for all others.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { chainedLinks, type HashTable } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import type { SocketCensus, SocketKind } from './socket-census.ts';

/** Entries that are no sockets after which a table is given up: by then it is not a table. */
const MAXIMUM_STRAYS = 1000;

/** Where sockets are linked, and what of. */
export interface SocketTable extends Omit<HashTable, 'note'> {
  readonly kind: SocketKind;
}

/** The addresses of the sockets in a table that links them through their common part, each once for all tables. */
export function tabledSockets(
  kernel: Linux,
  census: SocketCensus,
  table: SocketTable,
): Generator<VirtualAddress> {
  const { types } = kernel;
  const { kind } = table;
  const link = types.offsetOf('sock', '__sk_common') + types.offsetOf('sock_common', 'skc_node');
  const links = chainedLinks(kernel, { ...table, note: census.noteOf(kind) });
  return linkedSockets(kernel, census, { ...table, links, link });
}

/**
 * The addresses of the sockets that have their links at these addresses, `link` bytes into them. A broken table
 * leads anywhere, so what has not one of the kind's families is no socket: it is left out, and noted.
 */
export function* linkedSockets(
  kernel: Linux,
  census: SocketCensus,
  {
    kind,
    name,
    links,
    link,
  }: Pick<SocketTable, 'kind' | 'name'> & {
    readonly links: Iterable<VirtualAddress>;
    readonly link: number;
  },
): Generator<VirtualAddress> {
  const offset = BigInt(link);
  const families = census.familiesOf(kind);
  const note = census.noteOf(kind);
  let strays = 0;
  for (const at of links) {
    const address = BigInt.asUintN(64, at - offset);
    const common = kernel.at('sock', address).__sk_common;
    // Where even the family cannot be read, it may still be a socket, and every cell says why it is empty.
    if (!mayBeOne(common)) {
      if (++strays >= MAXIMUM_STRAYS) break;
    } else if (census.add(kind, address, common)) yield address;
  }
  if (strays > 0) note(`${strays} entries among ${name} are no such sockets and are left out`);

  function mayBeOne(common: Kernel<'sock_common'>): boolean {
    try {
      return families.includes(common.skc_family);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      note(`a socket among ${name}: ${fault.message}`);
      return true;
    }
  }
}
