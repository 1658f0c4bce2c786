import { type PhysicalAddress, physical } from '../base/address.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { vmcoreinfoIn } from '../profile/vmcoreinfo.ts';
import type { Snapshot } from '../snapshot/open.ts';

/** A VMCOREINFO text and where it was found; `at` is null for the snapshot file's own note. */
export interface FoundVmcoreinfo {
  readonly text: string;
  readonly at: PhysicalAddress | null;
}

const BLOCK_BYTES = 1 << 20;
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
  for (const { start, end } of snapshot.memory.ranges) {
    for (let at: number = start; at < end; ) {
      const had = snapshot.memory.readRun(physical(at), block.subarray(0, Math.min(BLOCK_BYTES, end - at)));
      for (let page = 0; page < had; page += PAGE_BYTES) {
        // `O` of OSRELEASE, or the note's name size of 11: all but one page in a thousand end here.
        if (block[page] !== 0x4f && block[page] !== 11) continue;
        const text = vmcoreinfoIn(block.subarray(page, page + PAGE_BYTES));
        if (text === null || seen.has(text)) continue;
        seen.add(text);
        yield { text, at: physical(at + page) };
        if (seen.size >= MAXIMUM_CANDIDATES) return;
      }
      at += had === 0 ? Math.min(BLOCK_BYTES, end - at) : had;
    }
  }
}
