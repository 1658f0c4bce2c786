import { type PhysicalAddress, physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalRange } from '../memory/source.ts';
import { vmcoreinfoIn } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';

/** A VMCOREINFO text and where it was found; `at` is null for the snapshot file's own note. */
export interface FoundVmcoreinfo {
  readonly text: string;
  readonly at: PhysicalAddress | null;
}

const BLOCK_BYTES = 1 << 20;
const LOW_BYTES = 64 << 20;
/** Texts beyond this are other kernels' leavings and not worth the time. */
const MAXIMUM_CANDIDATES = 64;

/**
 * Every VMCOREINFO text of a snapshot, the file's own note first, then one probe of each page's first bytes.
 * The reader stops as soon as one leads to a kernel, so usually only a part of memory is read.
 */
export function* searchVmcoreinfo(snapshot: Snapshot): Generator<FoundVmcoreinfo> {
  const seen = new Set<string>();
  if (snapshot.contents.vmcoreinfo !== null) {
    seen.add(snapshot.contents.vmcoreinfo);
    yield { text: snapshot.contents.vmcoreinfo, at: null };
  }
  const block = new Uint8Array(BLOCK_BYTES);
  for (const { start, end } of inLikelyOrder(snapshot.memory.ranges)) {
    const had = snapshot.memory.readRun(start, block.subarray(0, end - start));
    for (let page = 0; page < had; page += PAGE_BYTES) {
      // `O` of OSRELEASE, or the note's name size of 11: all but one page in a thousand end here.
      if (block[page] !== 0x4f && block[page] !== 11) continue;
      const text = vmcoreinfoIn(block.subarray(page, page + PAGE_BYTES));
      if (text === null || seen.has(text)) continue;
      seen.add(text);
      yield { text, at: physical(start + page) };
      if (seen.size >= MAXIMUM_CANDIDATES) return;
    }
  }
}

/**
 * All of memory in blocks, those first in which the page allocator of a booting kernel finds its free pages: the
 * first megabytes, then downwards from the end. In ten boots of four kernels the page was among the first 64 MiB
 * or the last 128.
 */
function* inLikelyOrder(ranges: readonly PhysicalRange[]): Generator<PhysicalRange> {
  for (const range of ranges) {
    for (let at: number = range.start; at < Math.min(range.end, LOW_BYTES); at += BLOCK_BYTES) {
      yield { start: physical(at), end: physical(Math.min(at + BLOCK_BYTES, range.end, LOW_BYTES)) };
    }
  }
  for (const range of ranges.toReversed()) {
    const floor = Math.max(range.start, LOW_BYTES);
    for (let end: number = range.end; end > floor; end -= BLOCK_BYTES) {
      yield { start: physical(Math.max(floor, end - BLOCK_BYTES)), end: physical(end) };
    }
  }
}
