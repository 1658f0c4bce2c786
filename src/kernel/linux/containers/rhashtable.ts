// Resizable hash tables: one that is growing has two.
// Linux: include/linux/rhashtable.h, lib/rhashtable.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, type Note } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { chainedLinks, holdAgainstCount } from './hash-table.ts';

/** A table that is being resized has one successor, rarely two. */
const MAXIMUM_TABLES = 16;
const PAGE_BYTES = 4096n;

/**
 * The links (rhash_head) of all entries of a resizable hash table: include/linux/rhashtable.h. While it is being
 * resized its entries are spread over the old table and those that follow it. The kernel counts each entry that is
 * put in or taken out (`nelems`), so a table that has other than so many is damaged, or an entry was unlinked.
 *
 * Never throws: what cannot be read is noted.
 */
export function* rhashtableLinks(
  kernel: Linux,
  table: Kernel<'rhashtable'>,
  name: string,
  note: Note = kernel.note,
): Generator<VirtualAddress> {
  let found = 0;
  try {
    for (const link of linksOf(kernel, table, name, note)) {
      found++;
      yield link;
    }
    const { nelems } = table;
    if (found < nelems && hasBlankPage(kernel, table))
      note(`a page of the hash table of ${name} holds nothing but zeros`);
    holdAgainstCount(kernel, name, found, nelems);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    note(`hash table of ${name} ends after ${found} entries: ${fault.message}`);
  }
}

/** Whether a page of buckets is zeros: of a table that has other than so many entries as it counts, it may have been lost. @throws EvidenceFault */
function hasBlankPage(kernel: Linux, { tbl }: Kernel<'rhashtable'>): boolean {
  if (tbl === null) return false;
  for (const { heads, count } of bucketArrays(kernel, tbl, () => {})) {
    const end = heads + BigInt(count * kernel.types.pointerBytes);
    for (let at = heads; at < end; at += PAGE_BYTES - (at % PAGE_BYTES))
      if (kernel.space.isBlankAt(at)) return true;
  }
  return false;
}

function* linksOf(
  kernel: Linux,
  table: Kernel<'rhashtable'>,
  name: string,
  note: Note,
): Generator<VirtualAddress> {
  const lockedHeads = kernel.types.has('rhash_lock_head');
  const strideBytes = kernel.types.pointerBytes;
  let buckets = table.tbl;
  for (let tables = 0; buckets !== null && tables < MAXIMUM_TABLES; tables++) {
    for (const { heads, count } of bucketArrays(kernel, buckets, note)) {
      yield* chainedLinks(kernel, { name, heads, buckets: count, strideBytes, lockedHeads, note });
    }
    buckets = buckets.future_tbl;
  }
  if (buckets !== null) note(`hash table of ${name} has more than ${MAXIMUM_TABLES} successors`);
}

interface BucketArray {
  readonly heads: VirtualAddress;
  readonly count: number;
}

/** The kernel makes no table larger than this. */
const MAXIMUM_BUCKETS = 1 << 24;

/** The buckets, which lie in one array, or in a tree of pages where there was no large piece of memory (`nest`). */
function* bucketArrays(kernel: Linux, table: Kernel<'bucket_table'>, note: Note): Generator<BucketArray> {
  const { size, nest, buckets } = table;
  if (size > MAXIMUM_BUCKETS) throw new CorruptStructure(`a resizable hash table claims ${size} buckets`);
  if (nest === 0) return yield { heads: buckets, count: size };
  yield* nestedArrays(kernel, kernel.pointerAt(buckets), 2 ** Math.min(nest, 12), size / 2 ** nest, note);
}

/** `each` is the number of buckets below one pointer of this page; a page of 1 each holds the buckets themselves. */
function* nestedArrays(
  kernel: Linux,
  page: VirtualAddress,
  count: number,
  each: number,
  note: Note,
): Generator<BucketArray> {
  if (page === 0n) return;
  if (each <= 1) return yield { heads: page, count };
  const width = kernel.types.pointerBytes;
  const perPage = kernel.pageBytes / width;
  for (let nth = 0; nth < count; nth++) {
    const below = pointerOrNull(kernel, page + BigInt(nth * width), note);
    yield* nestedArrays(kernel, below, Math.min(perPage, each), each / perPage, note);
  }
}

function pointerOrNull(kernel: Linux, at: VirtualAddress, note: Note): VirtualAddress {
  try {
    return kernel.pointerAt(at);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    note(`a nested hash table breaks: ${fault.message}`);
    return 0n;
  }
}
