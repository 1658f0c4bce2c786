// Pages of a program's text that the process has for itself, against the same pages of the file in the page cache: code that
// was written over code. Linux: mm/memory.c (do_wp_page, do_cow_fault), ptrace and /proc/PID/mem write so too.
import {
  hex,
  highWord,
  lowWord,
  type PhysicalAddress,
  physical,
  type VirtualAddress,
} from '../../../base/address.ts';
import { EvidenceFault, NotPresent, PageMissing, Swapped } from '../../../base/errors.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import { cachedPage } from '../memory/page-cache.ts';
import type { Area } from './areas.ts';

const PAGE_BYTES = 4096;
/** A page is translated and sought in its file in the time of so many reads. */
const PAGE_COST = 8;

/** What differs from the file in a mapping of it. */
export interface TextChanges {
  /** Pages whose bytes are others than the file's. */
  readonly changed: number;
  /** The first byte that is another; null where none is known to be. */
  readonly first: VirtualAddress | null;
  /** Pages of the process's own that could not be compared, and why the first could not. */
  readonly unknown: number;
  readonly why: EvidenceFault | null;
}

/**
 * Compares the pages of a private mapping of a file that are the process's own with the page cache. Where it has none of its
 * own (no `anon_vma`), nothing is read. @throws EvidenceFault
 */
export function textChangesOf(area: Area): TextChanges | null {
  const { raw, task } = area;
  const mapping = raw.vm_file?.f_mapping ?? null;
  const space = task.userSpace;
  if (mapping === null || space === null || raw.anon_vma === 0n) return null;
  const { kernel } = task;
  const { memory } = kernel.space;
  const pageBytes = BigInt(kernel.pageBytes);
  const { start, end } = area;
  let [changed, unknown] = [0, 0];
  let first: VirtualAddress | null = null;
  let why: EvidenceFault | null = null;
  for (let at = start; at < end; ) {
    memory.spend(PAGE_COST);
    try {
      const own = ownPageAt(space, at);
      if (typeof own === 'bigint') {
        at += own;
        continue;
      }
      const cached = cachedPage(kernel, mapping, raw.vm_pgoff + (at - start) / pageBytes);
      if (cached.kind !== 'page')
        throw new PageMissing('not-cached', `the file's page at ${hex(at)} is not cached`, PAGE_BYTES);
      const files = physical(cached.memory + Number(at % pageBytes));
      const differs = own === files ? -1 : firstDifference(pageOf(memory, own), pageOf(memory, files));
      if (differs >= 0) {
        changed++;
        first ??= at + BigInt(differs);
      }
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      unknown++;
      why ??= fault;
    }
    at += BigInt(PAGE_BYTES);
  }
  return { changed, first, unknown, why };
}

/** The page that a process has at an address; where its tables have none, for how many bytes that goes. @throws EvidenceFault where that cannot be told */
function ownPageAt(space: AddressSpace, at: VirtualAddress): PhysicalAddress | bigint {
  try {
    return physical(space.paging.walk(space.memory, highWord(at), lowWord(at)));
  } catch (fault) {
    // In swap it may have been read again since.
    if (fault instanceof Swapped) return space.translate(at);
    if (!(fault instanceof NotPresent) || fault.entry !== 0n) throw fault;
    const unit = BigInt(space.paging.entryBytes(fault.level));
    return unit - (at % unit);
  }
}

/** The bytes of a page, as a copy: the cache may let go of them. @throws NotInSnapshot */
const pageOf = (memory: AddressSpace['memory'], at: PhysicalAddress): Uint8Array =>
  memory.restOfPage(at, PAGE_BYTES).slice();

/** Where two pages differ first; -1 where they do not. */
function firstDifference(one: Uint8Array, other: Uint8Array): number {
  return one.findIndex((byte, at) => byte !== other[at]);
}
