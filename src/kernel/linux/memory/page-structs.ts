// From the struct of a page to the physical memory that it is about, and back.
// Linux: include/asm-generic/memory_model.h, include/linux/mmzone.h, mm/sparse.c.
import { hex, type PhysicalAddress, physical, type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';

/** Flags of a section beside the address of its structs: SECTION_MARKED_PRESENT and SECTION_HAS_MEM_MAP. */
const PRESENT = 3n;
/** All flags are below; the address is that of a whole section's structs, less a multiple of as many. */
const FLAGS_MASK = 0xfffn;
/** Roots that are looked at, each a page of sections: as many as 46 bits of physical addresses have, 64 TiB. */
const MOST_ROOTS = 4096;
/** x86 of 32 bits: arch/x86/include/asm/sparsemem.h, with PAE and without. */
const SECTIONS_32 = { 3: { bits: 29, count: 128 }, 2: { bits: 26, count: 64 } } as const;
/** No physical address has more bits. */
const MOST_FRAMES = 2 ** 40;

/** Where the structs of some page frames are: that of frame N at `base` plus N times their size. */
interface Stretch {
  readonly base: VirtualAddress;
  readonly first: number;
  /** The first frame that is not of it. */
  readonly end: number;
}

/** Where the structs of a kernel's pages are. */
export const pageStructsOf = perKernel((kernel) => new PageStructs(kernel));

/** Where the structs of all pages are. */
class PageStructs {
  readonly #kernel: Linux;
  #stretches: readonly Stretch[] | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** The physical address of the first byte of the page that the `struct page` at `page` is about. @throws EvidenceFault */
  memoryOf(page: VirtualAddress): PhysicalAddress {
    const { types, pageBytes } = this.#kernel;
    const size = BigInt(types.sizeOf('page'));
    for (const { base, first, end } of this.#all) {
      const distance = wrapped(page - base, types.pointerBytes);
      if (distance % size !== 0n) continue;
      const frame = Number(distance / size);
      if (frame >= first && frame < end) return physical(frame * pageBytes);
    }
    throw new CorruptStructure(`${hex(page)} is no struct of a page`);
  }

  /** The struct of the page that a frame of physical memory is: `frame` counts the kernel's own pages. @throws EvidenceFault */
  of(frame: number): VirtualAddress {
    const { types } = this.#kernel;
    const found = this.#all.find(({ first, end }) => frame >= first && frame < end);
    if (found === undefined) throw new CorruptStructure(`frame ${hex(frame)} has no struct of a page`);
    return wrapped(found.base + BigInt(frame) * BigInt(types.sizeOf('page')), types.pointerBytes);
  }

  get #all(): readonly Stretch[] {
    this.#stretches ??= this.#find();
    return this.#stretches;
  }

  #find(): Stretch[] {
    const kernel = this.#kernel;
    for (const symbol of ['vmemmap_base', 'mem_map'] as const)
      if (kernel.hasSymbol(symbol)) return [{ base: kernel.pointerOf(symbol), first: 0, end: MOST_FRAMES }];
    if (!kernel.hasSymbol('mem_section') || !kernel.types.has('mem_section', 'section_mem_map'))
      throw new NotInKernel('this kernel does not tell where the structs of its pages are');
    return kernel.types.pointerBytes === 8 ? [this.#virtual()] : this.#sections();
  }

  /** CONFIG_SPARSEMEM_VMEMMAP: all structs are in one piece, and every section says where that begins. */
  #virtual(): Stretch {
    const kernel = this.#kernel;
    const bytes = kernel.types.sizeOf('mem_section');
    const roots = kernel.pointerOf('mem_section');
    for (let nth = 0; nth < MOST_ROOTS; nth++) {
      const root = kernel.pointerAt(roots + BigInt(nth * 8));
      if (root === 0n) continue;
      for (let at = 0; at + bytes <= kernel.pageBytes; at += bytes) {
        const map = kernel.at('mem_section', root + BigInt(at)).section_mem_map ?? 0n;
        if ((map & PRESENT) === PRESENT) return { base: map & ~FLAGS_MASK, first: 0, end: MOST_FRAMES };
      }
    }
    throw new CorruptStructure('no section of memory has structs of pages');
  }

  /** CONFIG_SPARSEMEM_STATIC: each section has its own. */
  #sections(): Stretch[] {
    const kernel = this.#kernel;
    const { bits, count } = SECTIONS_32[kernel.space.paging.levels === 3 ? 3 : 2];
    const bytes = kernel.types.sizeOf('mem_section');
    const frames = 2 ** bits / kernel.pageBytes;
    const found: Stretch[] = [];
    for (let nth = 0; nth < count; nth++) {
      const at = kernel.symbol('mem_section') + BigInt(nth * bytes);
      const map = kernel.at('mem_section', at).section_mem_map ?? 0n;
      if ((map & PRESENT) === PRESENT)
        found.push({ base: map & ~FLAGS_MASK, first: nth * frames, end: (nth + 1) * frames });
    }
    return found;
  }
}
