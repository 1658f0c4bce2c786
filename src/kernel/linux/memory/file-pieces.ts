// The bytes of a file as the page cache has them: pages, zeros where a file in memory has none, and holes with their reasons.
// Linux: mm/filemap.c, mm/shmem.c, struct address_space of include/linux/fs.h.
import type { PhysicalAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { isValue } from '../containers/xarray-node.ts';
import { type XarrayRange, xarrayRanges } from '../containers/xarray-ranges.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { pathsOf } from '../vfs/path.ts';
import { cachedHugePage, isInMemoryAlone, partOf } from './page-cache.ts';
import type { Piece } from './pieces.ts';
import { swapCachedPage } from './swap-cache.ts';
import { swapPlaceOf } from './swap-place.ts';

/** Of what snapshots have and lack. */
const PAGE_BYTES = 4096;
/** A fault is made and thrown in the time of so many reads. */
const FAULT_COST = 100;

/** What a stretch of a file is: pages in memory, or nothing for a reason. */
type Filling = PhysicalAddress | Gap;
/** Zeros that are known to be some, or nothing for a reason. */
type Gap = 'zeros' | { readonly why: string };

/** The pieces of the first `size` bytes of a file, ascending and side by side. Never throws for missing memory. */
export function* filePieces(kernel: Linux, mapping: Kernel<'address_space'>, size: number): Generator<Piece> {
  const gaps = new Gaps(
    unlessFault(() => isInMemoryAlone(kernel, mapping), false) ? 'zeros' : { why: 'not-cached' },
  );
  if (unlessFault(() => isOfHugePages(kernel, mapping), false))
    yield* hugePieces(kernel, mapping, size, gaps);
  else yield* smallPieces(kernel, mapping, size, gaps);
  yield* gaps.end();
}

const isOfHugePages = (kernel: Linux, { host }: Kernel<'address_space'>): boolean =>
  host !== null && pathsOf(kernel).fileSystem(host.i_sb) === 'hugetlbfs';

function* hugePieces(
  kernel: Linux,
  mapping: Kernel<'address_space'>,
  size: number,
  gaps: Gaps,
): Generator<Piece> {
  const { pageBytes } = kernel;
  for (let at = 0; at < size; ) {
    let next = Math.min(size, at + pageBytes);
    const index = BigInt(at / pageBytes);
    try {
      const found = cachedHugePage(kernel, mapping, index);
      if (found.kind === 'page') yield* pageOf(kernel, found.memory, at, next, gaps);
      else {
        if (found.kind === 'none') next = Math.min(size, (Number(found.last) + 1) * pageBytes);
        yield* gaps.upTo(next, at);
      }
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      kernel.space.memory.spend(FAULT_COST);
      yield* gaps.upTo(next, at, { why: fault.code });
    }
    at = next;
  }
}

function* smallPieces(
  kernel: Linux,
  mapping: Kernel<'address_space'>,
  size: number,
  gaps: Gaps,
): Generator<Piece> {
  const { pageBytes } = kernel;
  let at = 0;
  for (const range of xarrayRanges(kernel, mapping.i_pages)) {
    const begin = Number(range.first) * pageBytes;
    if (begin >= size) break;
    const end = Math.min(size, (Number(range.last) + 1) * pageBytes);
    yield* gaps.upTo(begin, at);
    at = begin;
    if ('fault' in range) {
      kernel.space.memory.spend(FAULT_COST);
      yield* gaps.upTo(end, at, { why: range.fault.code });
      at = end;
      continue;
    }
    for (let index = range.first; at < end; index++) {
      const next = Math.min(size, at + pageBytes);
      const filling = fillingOf(kernel, mapping, range, index);
      if (typeof filling === 'number') yield* pageOf(kernel, filling, at, next, gaps);
      else yield* gaps.upTo(next, at, filling);
      at = next;
    }
  }
  yield* gaps.upTo(size, at);
}

/** Where one page of a file is, or why it is nowhere. */
function fillingOf(
  kernel: Linux,
  mapping: Kernel<'address_space'>,
  { entry }: Extract<XarrayRange, { entry: bigint }>,
  index: bigint,
): Filling {
  try {
    if (!isValue(entry)) return partOf(kernel, mapping, entry, index).memory;
    // Of a file on disk a value is what is remembered of a page that was dropped.
    if (!isInMemoryAlone(kernel, mapping)) return { why: 'not-cached' };
    return swapCachedPage(kernel, swapPlaceOf(kernel, entry >> 1n)) ?? { why: 'swapped' };
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.space.memory.spend(FAULT_COST);
    return { why: fault.code };
  }
}

/** What the snapshot has of a page: a page of the kernel may be several of the snapshot's. */
function* pageOf(
  kernel: Linux,
  page: PhysicalAddress,
  from: number,
  end: number,
  gaps: Gaps,
): Generator<Piece> {
  const { memory } = kernel.space;
  for (let at = from; at < end; at += PAGE_BYTES) {
    const length = Math.min(PAGE_BYTES, end - at);
    const physical = (page + (at - from)) as PhysicalAddress;
    memory.spend(1);
    if (memory.has(physical)) {
      yield* gaps.end();
      yield { at, bytes: memory.bytes(physical, length) };
    } else yield* gaps.upTo(at + length, at, { why: 'not-in-snapshot' });
  }
}

/** Stretches without bytes: neighbours of one reason are one piece. */
class Gaps {
  readonly #usual: Gap;
  #open: { at: number; length: number; as: Gap } | undefined;

  /** @param usual what is said of what the cache has nothing of */
  constructor(usual: Gap) {
    this.#usual = usual;
  }

  *upTo(end: number, from: number, as: Gap = this.#usual): Generator<Piece> {
    if (end <= from) return;
    if (this.#open !== undefined && wordOf(this.#open.as) === wordOf(as)) this.#open.length += end - from;
    else {
      yield* this.end();
      this.#open = { at: from, length: end - from, as };
    }
  }

  /** What is open so far. */
  *end(): Generator<Piece> {
    const open = this.#open;
    this.#open = undefined;
    if (open === undefined) return;
    const { at, length, as } = open;
    yield as === 'zeros' ? { at, zeros: length } : { at, missing: length, why: as.why };
  }
}

const wordOf = (as: Gap): string => (as === 'zeros' ? '' : as.why);
