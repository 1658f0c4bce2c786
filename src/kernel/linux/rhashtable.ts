import type { VirtualAddress } from '../../base/address.ts';
import { CorruptStructure } from '../../base/errors.ts';
import { chainedLinks } from './hash-table.ts';
import type { Linux } from './linux.ts';
import type { Kernel } from './structs.ts';

/** A table that is being resized has one successor, rarely two. */
const MAXIMUM_TABLES = 16;

/**
 * The links (rhash_head) of all entries of a resizable hash table: include/linux/rhashtable.h. While it is being
 * resized its entries are spread over the old table and those that follow it.
 */
export function* rhashtableLinks(
  kernel: Linux,
  table: Kernel<'rhashtable'>,
  name: string,
): Generator<VirtualAddress> {
  const lockedHeads = kernel.types.has('rhash_lock_head');
  const strideBytes = kernel.types.pointerBytes;
  let buckets = table.tbl;
  for (let tables = 0; buckets !== null && tables < MAXIMUM_TABLES; tables++) {
    for (const { heads, count } of bucketArrays(kernel, buckets)) {
      yield* chainedLinks(kernel, { name, heads, buckets: count, strideBytes, lockedHeads });
    }
    buckets = buckets.future_tbl;
  }
  if (buckets !== null) kernel.note(`hash table of ${name} has more than ${MAXIMUM_TABLES} successors`);
}

interface BucketArray {
  readonly heads: VirtualAddress;
  readonly count: number;
}

/** The kernel makes no table larger than this. */
const MAXIMUM_BUCKETS = 1 << 24;

/** The buckets, which lie in one array, or in a tree of pages where there was no large piece of memory (`nest`). */
function* bucketArrays(kernel: Linux, table: Kernel<'bucket_table'>): Generator<BucketArray> {
  const { size, nest, buckets } = table;
  if (size > MAXIMUM_BUCKETS) throw new CorruptStructure(`a resizable hash table claims ${size} buckets`);
  if (nest === 0) return yield { heads: buckets, count: size };
  yield* nestedArrays(kernel, kernel.pointerAt(buckets), 2 ** Math.min(nest, 12), size / 2 ** nest);
}

/** `each` is the number of buckets below one pointer of this page; a page of 1 each holds the buckets themselves. */
function* nestedArrays(
  kernel: Linux,
  page: VirtualAddress,
  count: number,
  each: number,
): Generator<BucketArray> {
  if (page === 0n) return;
  if (each <= 1) return yield { heads: page, count };
  const width = kernel.types.pointerBytes;
  const perPage = kernel.pageBytes / width;
  for (let nth = 0; nth < count; nth++) {
    const below = kernel.attempt(
      () => kernel.pointerAt(page + BigInt(nth * width)),
      0n,
      'a nested hash table breaks',
    );
    yield* nestedArrays(kernel, below, Math.min(perPage, each), each / perPage);
  }
}
