import { type PhysicalAddress, physical } from '../base/address.ts';
import { NotInSnapshot } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES, type PhysicalRange } from '../memory/source.ts';
import { vmcoreinfoIn } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';

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
/** Texts beyond this are other kernels' leavings and not worth the time. */
const MAXIMUM_CANDIDATES = 64;

/**
 * Every VMCOREINFO text of a snapshot, the file's own note first, then what stands in `likely` places, then one probe
 * of each page's first bytes. The reader stops as soon as one leads to a kernel, so usually only a part of memory is read.
 */
export function* searchVmcoreinfo(
  snapshot: Snapshot,
  likely: readonly PhysicalAddress[] = [],
): Generator<FoundVmcoreinfo> {
  const seen = new Set<string>();
  if (snapshot.contents.vmcoreinfo !== null) {
    seen.add(snapshot.contents.vmcoreinfo);
    yield { text: snapshot.contents.vmcoreinfo, at: null };
  }
  for (const at of likely) {
    for (const { text } of textsIn(pageAt(snapshot.memory, at))) {
      if (seen.has(text)) continue;
      seen.add(text);
      yield { text, at };
    }
  }
  const block = new Uint8Array(BLOCK_BYTES);
  for (const { start, end } of inLikelyOrder(snapshot.memory.ranges)) {
    for (let at: number = start; at < end; ) {
      const had = snapshot.memory.readRun(physical(at), block.subarray(0, end - at));
      for (const { text, within } of textsIn(block.subarray(0, had))) {
        if (seen.has(text)) continue;
        seen.add(text);
        yield { text, at: physical(at + within) };
        if (seen.size >= MAXIMUM_CANDIDATES) return;
      }
      at += had || PAGE_BYTES; // a page that cannot be read costs no other
    }
  }
}

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
    // `O` of OSRELEASE, or the note's name size of 11: all but one page in a thousand end here.
    if (block[page] !== 0x4f && block[page] !== 11) continue;
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
