// How i386 kernels are located: low memory, page tables with and without PAE.
// Linux: arch/x86/include/asm/page_32.h.
import { physical } from '../../../base/address.ts';
import { X8632Paging } from '../../../translate/x86-32.ts';
import { type ArchitectureRules, maps } from './architecture.ts';

/** virtual − physical of all low memory, the image included: CONFIG_PAGE_OFFSET (arch/x86/Kconfig, VMSPLIT_…). */
const PAGE_OFFSETS = [0xc000_0000n, 0xb000_0000n, 0x8000_0000n, 0x7800_0000n, 0x4000_0000n];

/** i386: the image is part of low memory, mapped a fixed distance above where it is. */
export const i386: ArchitectureRules = {
  architecture: 'i386',
  topTable: 'swapper_pg_dir',
  ramStarts: [0],
  fromVmcoreinfo({ symbols, configs }) {
    const pgd = symbols.get('swapper_pg_dir');
    if (pgd === undefined || pgd >= 1n << 32n) return [];
    return PAGE_OFFSETS.filter((offset) => pgd >= offset).map((delta) => ({
      delta,
      paging: new X8632Paging(physical(Number(pgd - delta)), configs.has('X86_PAE')),
    }));
  },
  *fromImage({ memory, at }) {
    const [root, text] = [at('swapper_pg_dir'), at('_text')];
    if (root === undefined || text === undefined) return;
    for (const pae of [true, false]) {
      const paging = new X8632Paging(physical(root), pae);
      for (const delta of PAGE_OFFSETS) {
        if (maps(memory, paging, BigInt(text) + delta, text)) yield { paging, delta };
      }
    }
  },
  distance: null,
  directMap({ delta, word }) {
    const frames = word('max_low_pfn');
    if (frames === undefined || frames * 4096n > (1n << 32n) - delta) return undefined;
    return { name: 'low memory', start: delta, end: delta + frames * 4096n, physical: 0 };
  },
  // VMCOREINFO has no KERNELOFFSET here, and the image is linked where the configuration says.
  slideOf: () => null,
};
