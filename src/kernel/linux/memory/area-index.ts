// The mapping around an address of a process: its mappings in ascending order, read when the first is asked for.
// Linux: find_vma of mm/mmap.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import { rangeAround } from '../../../base/ranges.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { rawAreas } from './vm-areas.ts';

/** A mapping and its bounds. */
export interface IndexedArea {
  readonly start: VirtualAddress;
  /** The first address past it. */
  readonly end: VirtualAddress;
  readonly raw: Kernel<'vm_area_struct'>;
}

/** The mappings of one memory by their addresses. */
export class AreaIndex {
  readonly #kernel: Linux;
  readonly #mm: Kernel<'mm_struct'>;
  #areas: readonly IndexedArea[] | undefined;

  constructor(kernel: Linux, mm: Kernel<'mm_struct'>) {
    this.#kernel = kernel;
    this.#mm = mm;
  }

  /** The mapping around an address; null where there is none that can be read. */
  at(address: VirtualAddress): IndexedArea | null {
    this.#areas ??= this.#read();
    return rangeAround(this.#areas, address) ?? null;
  }

  /** What is missing of them whoever lists them says: here a page is only not found. */
  #read(): IndexedArea[] {
    const found: IndexedArea[] = [];
    this.#kernel.notedApart(() => {
      try {
        for (const raw of rawAreas(this.#kernel, this.#mm, 'mappings')) {
          const [start, end] = unlessFault(() => [raw.vm_start, raw.vm_end] as const, [0n, 0n] as const);
          if (start < end) found.push({ start, end, raw });
        }
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
      }
    });
    return found.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  }
}
