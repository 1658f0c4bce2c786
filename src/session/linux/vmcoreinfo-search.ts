// Finds VMCOREINFO: in the file's notes, in likely places, then in every page.
// There may be several, and some may be forged.
import { type PhysicalAddress, physical } from '../../base/address.ts';
import { NotInSnapshot } from '../../base/errors.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES, type PhysicalRange } from '../../memory/source.ts';
import { vmcoreinfoIn } from '../../profile/vmcoreinfo.ts';
import type { Snapshot } from '../../snapshot/open.ts';

/** A VMCOREINFO text and where it was found; `at` is null for the snapshot file's own note. */
export interface FoundVmcoreinfo {
  readonly text: string;
  readonly at: PhysicalAddress | null;
}

const BLOCK_BYTES = 1 << 20;
const LIKELY_BYTES = 64 << 20;
const GIB = 2 ** 30;
/** Where zones of free pages begin: at 0, and at 4 GiB, which in a raw file without the hole below is less. */
const ZONE_STARTS = [0, 2 * GIB, 3 * GIB, 3.5 * GIB, 4 * GIB];
/** Texts beyond this are somebody's attempt to hide the kernel's own among them. */
const MAXIMUM_TEXTS = 1024;

/** How far a search for VMCOREINFO came. */
export type SearchEnd = 'whole' | 'too many texts' | 'too much memory';

/**
 * Every VMCOREINFO text of a snapshot, the file's own note first, then what stands in `likely` places, then one probe
 * of each page's first bytes, until `mayStop` is content with so many bytes of memory. Whoever has found the kernel that
 * runs stops it, and then only a part of memory is read.
 */
export class VmcoreinfoSearch implements Iterable<FoundVmcoreinfo> {
  readonly #snapshot: Snapshot;
  readonly #likely: readonly PhysicalAddress[];
  readonly #mayStop: (searchedBytes: number) => boolean;
  readonly #seen = new Set<string>();
  #end: SearchEnd | null = null;

  constructor(
    snapshot: Snapshot,
    likely: readonly PhysicalAddress[],
    mayStop: (searchedBytes: number) => boolean,
  ) {
    this.#snapshot = snapshot;
    this.#likely = likely;
    this.#mayStop = mayStop;
  }

  /** What ended the search; null as long as it may go on. */
  get end(): SearchEnd | null {
    return this.#end;
  }

  *[Symbol.iterator](): Generator<FoundVmcoreinfo> {
    for (const found of this.#texts()) {
      if (this.#seen.has(found.text)) continue;
      if (this.#seen.size >= MAXIMUM_TEXTS) {
        this.#end = 'too many texts';
        return;
      }
      this.#seen.add(found.text);
      yield found;
    }
    this.#end ??= 'whole';
  }

  *#texts(): Generator<FoundVmcoreinfo> {
    const { contents, memory } = this.#snapshot;
    if (contents.vmcoreinfo !== null) yield { text: contents.vmcoreinfo, at: null };
    for (const at of this.#likely) {
      for (const { text } of textsIn(pageAt(memory, at))) yield { text, at };
    }
    let searched = 0;
    const block = new Uint8Array(BLOCK_BYTES);
    for (const range of inLikelyOrder(memory.ranges)) {
      if (this.#mayStop(searched)) {
        this.#end = 'too much memory';
        return;
      }
      searched += range.end - range.start;
      yield* textsWithin(memory, range, block);
    }
  }
}

/** The texts of a range, at most a block long: pages that are packed are unpacked only where they begin like one. */
function* textsWithin(
  memory: PhysicalMemory,
  { start, end }: PhysicalRange,
  block: Uint8Array,
): Generator<FoundVmcoreinfo> {
  const { stored } = memory.source;
  // A block may be larger than the pages that texts begin: QEMU dumps AArch64 in blocks of 64 KiB, whatever the kernel's are.
  if (stored?.firstByte !== undefined && stored.grainBytes === PAGE_BYTES) {
    for (let at: number = start; at < end; at += PAGE_BYTES) {
      const byte = stored.firstByte(physical(at));
      if (byte !== -1 && !isFirstByte(byte)) continue;
      const had = memory.readRun(physical(at), block.subarray(0, PAGE_BYTES));
      for (const { text } of textsIn(block.subarray(0, had))) yield { text, at: physical(at) };
    }
    return;
  }
  for (let at: number = start; at < end; ) {
    const had = memory.readRun(physical(at), block.subarray(0, end - at));
    for (const { text, within } of textsIn(block.subarray(0, had))) yield { text, at: physical(at + within) };
    at += had || PAGE_BYTES; // a page that cannot be read costs no other
  }
}

/** `O` of OSRELEASE, or the note's name size of 11: all but one page in a thousand begin otherwise. */
const isFirstByte = (byte: number | undefined): boolean => byte === 0x4f || byte === 11;

/** The page at an address, or nothing where the snapshot has none there. */
function pageAt(memory: PhysicalMemory, at: PhysicalAddress): Uint8Array {
  try {
    return memory.restOfPage(at);
  } catch (fault) {
    if (!(fault instanceof NotInSnapshot)) throw fault;
    return new Uint8Array(0);
  }
}

function* textsIn(block: Uint8Array): Generator<{ text: string; within: number }> {
  for (let page = 0; page < block.length; page += PAGE_BYTES) {
    if (!isFirstByte(block[page])) continue;
    const text = vmcoreinfoIn(block.subarray(page, page + PAGE_BYTES));
    if (text !== null) yield { text, within: page };
  }
}

/**
 * All of memory in blocks, those first in which the page allocator of a booting kernel finds its free pages: the
 * first megabytes of each zone, then downwards from the end. In twelve boots of four kernels the page was among
 * these or in the last 128 MiB.
 */
function* inLikelyOrder(ranges: readonly PhysicalRange[]): Generator<PhysicalRange> {
  for (const first of ZONE_STARTS) yield* blocksWithin(ranges, first, first + LIKELY_BYTES);
  for (const range of ranges.toReversed()) {
    for (
      let block = Math.ceil(range.end / BLOCK_BYTES) - 1;
      (block + 1) * BLOCK_BYTES > range.start;
      block--
    ) {
      const start = block * BLOCK_BYTES;
      const isDone = ZONE_STARTS.some((first) => start >= first && start < first + LIKELY_BYTES);
      if (!isDone) yield* blocksWithin([range], start, start + BLOCK_BYTES);
    }
  }
}

/** What of `ranges` lies from `from` up to `to`, in blocks. */
function* blocksWithin(ranges: readonly PhysicalRange[], from: number, to: number): Generator<PhysicalRange> {
  for (const range of ranges) {
    const end = Math.min(to, range.end);
    for (let at = Math.max(from, range.start); at < end; at += BLOCK_BYTES) {
      yield { start: physical(at), end: physical(Math.min(at + BLOCK_BYTES, end)) };
    }
  }
}
