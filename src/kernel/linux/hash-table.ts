import { fromWords, type VirtualAddress } from '../../base/address.ts';
import { EvidenceFault } from '../../base/errors.ts';
import { MAXIMUM_LIST_ENTRIES } from '../../types/fields.ts';
import type { Linux } from './linux.ts';

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
  const seen = new Set<VirtualAddress>();
  let broken = 0;
  let why = '';
  for (const first of chainHeads(kernel, table)) {
    for (let link = first; isLink(link) && seen.size < MAXIMUM_LIST_ENTRIES; ) {
      // Its successor is read first: a link that cannot be read is no entry, only a broken pointer.
      const next = seen.has(link) ? 'the chain loops' : nextOrWhy(kernel, link);
      if (typeof next === 'string') {
        broken++;
        why ||= next;
        break;
      }
      seen.add(link);
      yield link;
      link = next;
    }
    if (broken >= MAXIMUM_BROKEN_CHAINS || seen.size >= MAXIMUM_LIST_ENTRIES) {
      kernel.note(`hash table of ${table.name} is given up after ${seen.size} entries`);
      break;
    }
  }
  if (broken > 0) kernel.note(`${broken} chains in the hash table of ${table.name} break: ${why}`);
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

/** The first link of each chain that has one. Empty buckets, nearly all of a table, cost no object. */
function* chainHeads(kernel: Linux, table: HashTable): Generator<VirtualAddress> {
  const { name, heads, strideBytes } = table;
  const buckets = Math.min(Math.floor(table.buckets), MAXIMUM_BUCKETS);
  if (strideBytes < kernel.types.pointerBytes || strideBytes % 4 !== 0) {
    return kernel.note(`hash table of ${name} has buckets of ${strideBytes} bytes`);
  }
  if (buckets < Math.floor(table.buckets))
    kernel.note(`hash table of ${name} claims ${table.buckets} buckets; ${buckets} are read`);
  const wide = kernel.types.pointerBytes === 8;
  const step = strideBytes / 4;
  const perRead = Math.max(1, Math.floor(BYTES_PER_READ / strideBytes));
  let missing = 0;
  let gap = 0;
  let why = '';
  for (let bucket = 0; bucket < buckets; ) {
    const wanted = Math.min(perRead, buckets - bucket);
    const address = heads + BigInt(bucket) * BigInt(strideBytes);
    const bytes = kernel.space.readableBytes(address, wanted * strideBytes);
    const words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
    const had = Math.floor(words.length / step);
    for (let at = 0; at < had * step; at += step) {
      const lo = table.lockedHeads === true ? words[at]! & ~1 : words[at]!;
      const hi = wide ? words[at + 1]! : 0;
      if ((lo | hi) !== 0 && (lo & 1) === 0) yield fromWords(hi, lo);
    }
    bucket += had;
    gap = had > 0 ? 0 : gap + 1;
    if (had === wanted) continue;
    const next = nextOrWhy(kernel, address + BigInt(bytes.length));
    if (typeof next === 'string') why ||= next;
    const intoPage = Number(BigInt.asUintN(12, address)) + bytes.length;
    const skipped = Math.ceil((PAGE_BYTES - (intoPage % PAGE_BYTES)) / strideBytes);
    missing += Math.min(skipped, buckets - bucket);
    bucket += skipped;
    if (gap < MAXIMUM_GAP_PAGES) continue;
    missing += Math.max(0, buckets - bucket);
    break;
  }
  if (missing > 0)
    kernel.note(`${missing} of ${buckets} buckets in the hash table of ${name} cannot be read: ${why}`);
}
