// Hash tables with chains of links.
// Linux: include/linux/list.h (hlist_head), include/linux/list_nulls.h, include/linux/rculist_nulls.h.
import { fromWords, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault, type Note } from '../../../base/errors.ts';
import { MAXIMUM_LIST_ENTRIES } from '../../../types/fields.ts';
import type { Linux } from '../linux.ts';

/** An array of chain heads: buckets `strideBytes` apart, each with a pointer to the first link of its chain. */
export interface HashTable {
  /** For notes: `TCP connections`. */
  readonly name: string;
  /** Where the first bucket's pointer is. */
  readonly heads: VirtualAddress;
  readonly buckets: number;
  readonly strideBytes: number;
  /** The lowest bit of a bucket is a lock and no part of the pointer. */
  readonly lockedHeads?: boolean;
  /** An empty bucket holds an odd number, never 0 (include/linux/list_nulls.h): zeros are then no table's. */
  readonly emptyIsOdd?: boolean;
  /** Bytes from a bucket's pointer to the number of entries (int) that the kernel counts in it, where it does. */
  readonly countOffset?: number;
  /** Is told what of the table could not be read; the kernel's notes are where it is left out. */
  readonly note?: Note;
}

/** The kernel makes no table larger than this; 64 GiB of memory give 524,288 buckets of TCP. */
const MAXIMUM_BUCKETS = 1 << 24;
/** Chains that break or loop after which a table is given up: by then it is not a table. */
const MAXIMUM_BROKEN_CHAINS = 1000;
/**
 * Pages in a row that cannot be read, after which the rest of a table is given up: a dump that lacks a mebibyte in
 * one piece lacks the rest too, and a false pointer leads nowhere page after page.
 */
const MAXIMUM_GAP_PAGES = 256;
const BYTES_PER_READ = 65536;
const PAGE_BYTES = 4096;

/**
 * The links of all entries of a hash table, chain by chain: addresses of hlist_node, hlist_nulls_node or
 * rhash_head members, whose owners are a fixed distance before them. Every link is yielded once.
 *
 * A chain ends with NULL or, in the kinds that a lockless reader must not leave unnoticed, with an odd number.
 * Walking never throws: what breaks is noted, and the next chain follows.
 */
export function* chainedLinks(kernel: Linux, table: HashTable): Generator<VirtualAddress> {
  const { name, note = kernel.note } = table;
  const seen = new Set<VirtualAddress>();
  const counted = { entries: 0 };
  let broken = 0;
  let why = '';
  for (const first of chainHeads(kernel, table, counted)) {
    for (let link = first; isLink(link) && seen.size < MAXIMUM_LIST_ENTRIES; ) {
      // Its successor is read first: a link that cannot be read is no entry, only a broken pointer.
      const next = seen.has(link) ? 'the chain loops' : nextOrWhy(kernel, link);
      if (typeof next === 'string') {
        broken++;
        why ||= next;
        break;
      }
      kernel.space.memory.spend(ENTRY_COST);
      seen.add(link);
      yield link;
      link = next;
    }
    if (broken >= MAXIMUM_BROKEN_CHAINS || seen.size >= MAXIMUM_LIST_ENTRIES) {
      note(`hash table of ${name} is given up after ${seen.size} entries`);
      break;
    }
  }
  if (broken > 0) note(`${broken} chains in the hash table of ${name} break: ${why}`);
  if (table.countOffset !== undefined) holdAgainstCount(kernel, name, seen.size, counted.entries);
}

/**
 * Says where a table has not as many entries as the kernel itself counts in it. It was walked to its end all the same:
 * what keeps it from being so is told to `HashTable.note`.
 */
export function holdAgainstCount(kernel: Linux, name: string, found: number, counted: number): void {
  if (found !== counted)
    kernel.note(`hash table of ${name} has ${found} entries, and the kernel counts ${counted}`);
}

function nextOrWhy(kernel: Linux, link: VirtualAddress): VirtualAddress | string {
  try {
    return kernel.pointerAt(link);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return fault.message;
  }
}

const isLink = (link: VirtualAddress): boolean => link !== 0n && (link & 1n) === 0n;

/**
 * The first link of each chain that has one. Empty buckets, nearly all of a table, cost no object. What the kernel
 * counts in all buckets is added to `counted`.
 */
function* chainHeads(
  kernel: Linux,
  table: HashTable,
  counted: { entries: number },
): Generator<VirtualAddress> {
  const { name, heads, strideBytes, countOffset, note = kernel.note } = table;
  const buckets = Math.min(Math.floor(table.buckets), MAXIMUM_BUCKETS);
  const { pointerBytes } = kernel.types;
  // What is read of a bucket: from its pointer to the end of its count, where it has one.
  const bucketBytes = countOffset === undefined ? pointerBytes : Math.max(pointerBytes, countOffset + 4);
  if (strideBytes < bucketBytes || strideBytes % 4 !== 0) {
    return note(`hash table of ${name} has buckets of ${strideBytes} bytes`);
  }
  if (buckets < Math.floor(table.buckets))
    note(`hash table of ${name} claims ${table.buckets} buckets; ${buckets} are read`);
  const wide = pointerBytes === 8;
  const step = strideBytes / 4;
  const perRead = Math.max(1, Math.floor(BYTES_PER_READ / strideBytes));
  let missing = 0;
  let zeros = 0;
  let gap = 0;
  let why = '';
  for (let bucket = 0; bucket < buckets; ) {
    const wanted = Math.min(perRead, buckets - bucket);
    const address = heads + BigInt(bucket) * BigInt(strideBytes);
    // The last bucket only as far as it matters: the table may end there, and with it the memory that is mapped.
    const bytes = kernel.space.readableBytes(address, (wanted - 1) * strideBytes + bucketBytes);
    const words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
    const had = Math.max(0, Math.floor((bytes.length - bucketBytes) / strideBytes) + 1);
    for (let at = 0; at < had * step; at += step) {
      const lo = table.lockedHeads === true ? words[at]! & ~1 : words[at]!;
      const hi = wide ? words[at + 1]! : 0;
      if (countOffset !== undefined) counted.entries += words[at + countOffset / 4]!;
      if ((lo | hi) === 0) zeros++;
      else if ((lo & 1) === 0) yield fromWords(hi, lo);
    }
    bucket += had;
    gap = had > 0 ? 0 : gap + 1;
    if (had === wanted) continue;
    const next = nextOrWhy(kernel, address + BigInt(bytes.length));
    if (typeof next === 'string') why ||= next;
    const intoPage = Number(BigInt.asUintN(12, address)) + had * strideBytes;
    const skipped = Math.ceil((PAGE_BYTES - (intoPage % PAGE_BYTES)) / strideBytes);
    missing += Math.min(skipped, buckets - bucket);
    bucket += skipped;
    if (gap < MAXIMUM_GAP_PAGES) continue;
    missing += Math.max(0, buckets - bucket);
    break;
  }
  if (missing > 0)
    note(`${missing} of ${buckets} buckets in the hash table of ${name} cannot be read: ${why}`);
  if (table.emptyIsOdd === true && zeros > 0)
    note(
      `${zeros} of ${buckets} buckets in the hash table of ${name} are zeros, which the kernel leaves in none`,
    );
}
