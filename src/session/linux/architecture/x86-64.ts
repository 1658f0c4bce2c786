// How x86-64 kernels are located: `phys_base`, page tables of four and five levels, KASLR.
// Linux: arch/x86/kernel/head64.c, arch/x86/include/asm/page_64.h.
import { physical } from '../../../base/address.ts';
import { X8664Paging } from '../../../translate/x86-64.ts';
import { type ArchitectureRules, maps } from './architecture.ts';
import { distancesOfImage } from './x86-64-distance.ts';

/** What `phys_base` is relative to, __START_KERNEL_map (arch/x86/include/asm/page_64_types.h). */
const KERNEL_MAP = 0xffff_ffff_8000_0000n;
/** Where `_text` is linked: CONFIG_PHYSICAL_START, 16 MiB in every distribution's kernel. */
const LINKED_TEXT = 0xffff_ffff_8100_0000n;
/** The image is mapped at one of this many steps above KERNEL_MAP, KASLR included. */
const IMAGE_SLOTS = 512;
const SLOT_BYTES = 0x20_0000n;
const LEVELS = [4, 5] as const;
/** Where the direct map begins without KASLR, and how long it is at most (Documentation/arch/x86/x86_64/mm.rst). */
const DIRECT_MAPS = {
  4: [0xffff_8880_0000_0000n, 1n << 46n],
  5: [0xff11_0000_0000_0000n, 1n << 55n],
} as const;

/** x86-64: the image is mapped above a fixed address, `phys_base` away from where it is. */
export const x8664: ArchitectureRules = {
  architecture: 'x86-64',
  // `swapper_pg_dir` is only another name for it, made by the preprocessor.
  topTable: 'init_top_pgt',
  ramStarts: [0],
  fromVmcoreinfo({ numbers, symbols }) {
    const physBase = numbers.get('phys_base');
    const pgd = symbols.get('swapper_pg_dir');
    if (physBase === undefined || pgd === undefined) return [];
    const delta = KERNEL_MAP - physBase;
    const root = Number(pgd - delta);
    if (!Number.isSafeInteger(root) || root < 0) return [];
    const levels = numbers.get('pgtable_l5_enabled') === 1n ? 5 : 4;
    return [{ delta, paging: new X8664Paging(physical(root), levels) }];
  },
  *fromImage({ memory, at }) {
    const [root, text] = [at('init_top_pgt') ?? at('swapper_pg_dir'), at('_text')];
    if (root === undefined || text === undefined) return;
    for (const levels of LEVELS) {
      const paging = new X8664Paging(physical(root), levels);
      for (let slot = 0n; slot < IMAGE_SLOTS; slot++) {
        const virtual = KERNEL_MAP + slot * SLOT_BYTES;
        if (!maps(memory, paging, virtual, text)) continue;
        yield { paging, delta: virtual - BigInt(text) };
        break;
      }
    }
  },
  distancesOfImage,
  distance: { symbol: 'phys_base', of: (delta) => BigInt.asUintN(64, KERNEL_MAP - delta) },
  directMap({ has, word, paging }) {
    const [first, bytes] = paging.levels === 5 ? DIRECT_MAPS[5] : DIRECT_MAPS[4];
    // Built without CONFIG_DYNAMIC_MEMORY_LAYOUT it begins at a constant.
    const start = has('page_offset_base') ? word('page_offset_base') : first;
    return start === undefined || start < first || start >= KERNEL_MAP
      ? undefined
      : { name: 'the direct map', start, end: start + bytes, physical: 0 };
  },
  slideOf: (text) => text - LINKED_TEXT,
};
