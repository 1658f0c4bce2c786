import type { VirtualAddress } from '../../base/address.ts';
import { chainedLinks, type HashTable } from './hash-table.ts';
import type { Linux } from './linux.ts';

/** Entries that are no sockets after which a table is given up: by then it is not a table. */
const MAXIMUM_STRAYS = 1000;

/** The addresses of the sockets in a table that links them through their common part, of these families. */
export function tabledSockets(
  kernel: Linux,
  table: HashTable,
  families: readonly number[],
): Generator<VirtualAddress> {
  const { types } = kernel;
  const link = types.offsetOf('sock', '__sk_common') + types.offsetOf('sock_common', 'skc_node');
  return linkedSockets(kernel, chainedLinks(kernel, table), link, families, table.name);
}

/**
 * The addresses of the sockets that have their links at these addresses, `link` bytes into them. A broken table
 * leads anywhere, so what has not one of the families is no socket: it is left out, and noted.
 */
export function* linkedSockets(
  kernel: Linux,
  links: Iterable<VirtualAddress>,
  link: number,
  families: readonly number[],
  name: string,
): Generator<VirtualAddress> {
  const offset = BigInt(link);
  let strays = 0;
  for (const at of links) {
    const address = BigInt.asUintN(64, at - offset);
    const common = kernel.at('sock', address).__sk_common;
    // Where even this cannot be read, it may still be a socket, and every cell says why it is empty.
    const family = kernel.attempt(() => common.skc_family, families[0], `a socket among ${name}`);
    if (family !== undefined && families.includes(family)) yield address;
    else if (++strays >= MAXIMUM_STRAYS) break;
  }
  if (strays > 0) kernel.note(`${strays} entries among ${name} are no such sockets and are left out`);
}
