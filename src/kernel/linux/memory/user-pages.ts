// Where the pages of a process are that its page tables do not map, and why others are nowhere. The kernel would do the same
// work when the process touched them: mm/memory.c (handle_pte_fault, do_swap_page), mm/filemap.c (filemap_fault).
import { fromWords, hex, type VirtualAddress } from '../../../base/address.ts';
import {
  CorruptStructure,
  EvidenceFault,
  NotInSnapshot,
  NotPresent,
  PageMissing,
  Swapped,
} from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { AddressSpace, PageFinder } from '../../../translate/address-space.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { AreaIndex, type IndexedArea } from './area-index.ts';
import { movedPage } from './moved-page.ts';
import { cachedHugePage, cachedPage } from './page-cache.ts';
import { swapCachedPage } from './swap-cache.ts';
import type { SwapPlace } from './swap-place.ts';

// include/linux/mm.h
const VM_SHARED = 0x8n;
const VM_PFNMAP = 0x400n;
const VM_HUGETLB = 0x40_0000n;
const PAGE_BYTES = 4096;
/**
 * Entries that mark a page and lead to none: of the last type, with these bits where other types have a frame's number
 * (include/linux/swapops.h, PTE_MARKER_UFFD_WP and so on), which is that of no page that is ever moved.
 */
const MARKER_TYPE = 31;
const MARKERS = { first: 1n, poisoned: 2n, guard: 4n, last: 7n } as const;

/** Pages of one process that its page tables do not map. */
export class UserPages implements PageFinder {
  readonly #kernel: Linux;
  readonly #areas: AreaIndex;

  constructor(kernel: Linux, mm: Kernel<'mm_struct'>) {
    this.#kernel = kernel;
    this.#areas = new AreaIndex(kernel, mm);
  }

  frameOf(space: AddressSpace, hi: number, lo: number, fault: EvidenceFault): number {
    const address = fromWords(hi, lo & ~(PAGE_BYTES - 1));
    const page = this.#pageOf(space, address, fault);
    // Of a page of the kernel's the 4 KiB that are asked for.
    return page + Number(address % BigInt(this.#kernel.pageBytes));
  }

  /** Physical address of the kernel's page that holds an address. @throws EvidenceFault */
  #pageOf(space: AddressSpace, address: VirtualAddress, fault: EvidenceFault): number {
    const area = this.#areas.at(address);
    if (area === null) throw fault;
    if (fault instanceof Swapped) return this.#swapped(fault, fault);
    if (fault instanceof NotPresent && fault.special !== null)
      return this.#special(address, area, fault.special);
    if (fault instanceof NotInSnapshot) return this.#withoutTable(address, area, fault);
    if (fault instanceof NotPresent && fault.entry === 0n) {
      return this.#untouched(address, area, () => space.paging.emptyBytes(space.memory, address));
    }
    throw fault;
  }

  /** A page of which the tables say nothing. `emptyBytes`: for so many bytes from the address on they say nothing either. */
  #untouched(address: VirtualAddress, area: IndexedArea, emptyBytes: () => number): number {
    const isDevices = (area.raw.vm_flags & VM_PFNMAP) !== 0n;
    if (area.raw.vm_file !== null && !isDevices) return this.#ofFile(address, area, emptyBytes);
    const what = isDevices
      ? 'is memory of a device that was never mapped'
      : 'was never touched: it has no page';
    // Who only wants to know that nothing is there asks for no more.
    const span = (): number => unlessFault(() => restOf(area, address, emptyBytes()), PAGE_BYTES);
    throw new PageMissing('never-touched', `${hex(address)} ${what}`, span);
  }

  #ofFile(address: VirtualAddress, area: IndexedArea, emptyBytes: () => number): number {
    const kernel = this.#kernel;
    const pageBytes = BigInt(kernel.pageBytes);
    const index = this.#indexOf(address, area);
    const mapping = area.raw.vm_file?.f_mapping ?? null;
    if (mapping === null) throw new CorruptStructure(`the file at ${hex(address)} has no pages`);
    const isHuge = (area.raw.vm_flags & VM_HUGETLB) !== 0n;
    const found = (isHuge ? cachedHugePage : cachedPage)(kernel, mapping, index);
    if (found.kind === 'page') return found.memory;
    if (found.kind === 'swapped') {
      const { type, offset } = found.place;
      return this.#swapped(found.place, new Swapped(address, type, offset));
    }
    const size = unlessFault(() => mapping.host?.i_size, undefined) ?? null;
    const pagesOfFile = size === null ? null : (size + pageBytes - 1n) / pageBytes;
    const isPast = pagesOfFile !== null && index >= pagesOfFile;
    const last = pagesOfFile === null || isPast || found.last < pagesOfFile ? found.last : pagesOfFile - 1n;
    const span = Number((last - index + 1n) * pageBytes - (address % pageBytes));
    throw new PageMissing(
      isPast ? 'past-end-of-file' : 'not-cached',
      isPast
        ? `${hex(address)} is past the end of its file`
        : `${hex(address)} is page ${index} of its file, which is not cached`,
      () => unlessFault(() => restOf(area, address, Math.min(span, emptyBytes())), PAGE_BYTES),
    );
  }

  /** The page that was written to swap, if it is still in memory, or again. Where that cannot be told, swap has it for sure. */
  #swapped(place: SwapPlace, fault: Swapped): number {
    const page = unlessFault(() => swapCachedPage(this.#kernel, place), null);
    if (page === null) throw fault;
    return page;
  }

  #special(address: VirtualAddress, area: IndexedArea, { type, offset }: SwapPlace): number {
    const moved = movedPage(
      this.#kernel,
      offset,
      this.#indexOf(address, area),
      area.raw.vm_file?.f_mapping?.address,
    );
    if (moved !== null) return moved;
    if (
      type !== MARKER_TYPE ||
      offset < MARKERS.first ||
      offset > MARKERS.last ||
      (offset & MARKERS.poisoned) !== 0n
    )
      throw new PageMissing(
        'special-entry',
        `${hex(address)} has an entry of type ${type}, ${hex(offset)}: its page is being moved, is broken, or is a device's`,
        PAGE_BYTES,
      );
    if ((offset & MARKERS.guard) !== 0n)
      throw new PageMissing(
        'guard-page',
        `${hex(address)} is a guard page: nothing may be there`,
        PAGE_BYTES,
      );
    return this.#untouched(address, area, onePage);
  }

  /** Without its page table it is not known whether the process has a page of its own; where it can have none, the file's counts. */
  #withoutTable(address: VirtualAddress, area: IndexedArea, fault: NotInSnapshot): number {
    const { vm_file: file, vm_flags, anon_vma } = area.raw;
    const missing = new PageMissing(
      'page-table-missing',
      `${hex(address)}: its page table cannot be read: ${fault.message}`,
      PAGE_BYTES,
    );
    if (file === null || ((vm_flags & VM_SHARED) === 0n && anon_vma !== 0n)) throw missing;
    try {
      return this.#ofFile(address, area, onePage);
    } catch (error) {
      throw error instanceof EvidenceFault ? missing : error;
    }
  }

  /** The number of the page in the mapping: of a file's, in the file. */
  #indexOf(address: VirtualAddress, { start, raw }: IndexedArea): bigint {
    return raw.vm_pgoff + (address - start) / BigInt(this.#kernel.pageBytes);
  }
}

const onePage = (): number => PAGE_BYTES;

/** So many bytes from an address on, a page at least, but none past the mapping. */
const restOf = ({ end }: IndexedArea, address: VirtualAddress, bytes: number): number =>
  Math.min(Math.max(bytes, PAGE_BYTES), Number(end - address));
