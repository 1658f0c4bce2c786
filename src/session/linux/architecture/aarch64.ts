// How AArch64 kernels are located: image, page tables, KASLR.
// Linux: arch/arm64/include/asm/memory.h, arch/arm64/mm/mmu.c.
import { physical } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import type { Vmcoreinfo } from '../../../profile/vmcoreinfo.ts';
import { AArch64Paging, type AArch64Shape, type SwapLayout } from '../../../translate/aarch64.ts';
import { type ArchitectureRules, maps } from './architecture.ts';

type GranuleBytes = AArch64Shape['granuleBytes'];

/** The sizes of page, and of addresses for each, that Linux can be built with (arch/arm64/Kconfig, ARM64_VA_BITS_…). */
const GRANULES: readonly (readonly [granuleBytes: GranuleBytes, bits: readonly number[]])[] = [
  [4096, [48, 52, 39]],
  [16384, [48, 47, 52, 36]],
  [65536, [48, 52, 42]],
];
const ENTRY_BYTES = 8;
/** How many bits of an address one entry of the top table of 64 KiB pages stands for: PGDIR_SHIFT. */
const TOP_SHIFT_64K = 42;

/** AArch64: the image is mapped among vmalloc areas, `kimage_voffset` away from where it is, by a table of the kernel's own. */
export const aarch64: ArchitectureRules = {
  architecture: 'aarch64',
  topTable: 'swapper_pg_dir',
  // QEMU's and most clouds' boards; others of the Arm world; servers that begin at 0.
  ramStarts: [0x4000_0000, 0x8000_0000, 0],
  fromVmcoreinfo(vmcoreinfo) {
    const delta = vmcoreinfo.numbers.get('kimage_voffset');
    const pgd = vmcoreinfo.symbols.get('swapper_pg_dir');
    const shape = shapeIn(vmcoreinfo);
    if (delta === undefined || pgd === undefined || shape === undefined) return [];
    const root = Number(BigInt.asUintN(64, pgd - delta));
    if (!Number.isSafeInteger(root)) return [];
    const built = vmcoreinfo.numbers.get('VA_BITS');
    return [{ delta: BigInt.asUintN(64, delta), paging: pagingAt(root, shape, Number(built ?? 0n)) }];
  },
  *fromImage({ memory, at }) {
    const [root, text, offset] = [at('swapper_pg_dir'), at('_text'), at('kimage_voffset')];
    if (root === undefined || text === undefined || offset === undefined) return;
    const delta = wordAt(memory, offset);
    if (delta === undefined) return;
    for (const [granuleBytes, widths] of GRANULES) {
      for (const bits of widths) {
        for (const built of bits === 48 ? [48, 52] : [bits]) {
          const paging = pagingAt(root, shapeOf(granuleBytes, bits), built);
          if (maps(memory, paging, BigInt.asUintN(64, BigInt(text) + delta), text)) yield { paging, delta };
        }
      }
    }
  },
  distance: { symbol: 'kimage_voffset', of: (delta) => delta },
  directMap({ vmcoreinfo, word }) {
    const first = vmcoreinfo?.numbers.get('PHYS_OFFSET') ?? word('memstart_addr');
    const built = vmcoreinfo?.numbers.get('VA_BITS');
    if (first === undefined || built === undefined || built < 32n || built > 52n) return undefined;
    // Since Linux kernel commit 14c127c957c1 ("arm64: mm: Flip kernel VA space") (in v5.4) it is the lower half; with 52 bits
    // built in, up to where it ends with 48 (arch/arm64/include/asm/memory.h, PAGE_OFFSET and PAGE_END).
    const isLower = versionOf(vmcoreinfo?.release ?? '') >= 5004;
    const least = built < 48n ? built : 48n;
    const [start, end] = isLower
      ? [-(1n << built), -(1n << (least - 1n))].map((address) => BigInt.asUintN(64, address))
      : [BigInt.asUintN(64, -(1n << (built - 1n))), 1n << 64n];
    // With addresses of 52 bits where the CPU has 48, memory is counted from an address below 0.
    return { name: 'the linear map', start: start!, end: end!, physical: Number(BigInt.asIntN(64, first)) };
  },
  // Images are linked at an address that moved with versions, and VMCOREINFO alone has what KASLR added.
  slideOf: () => null,
};

/** What VMCOREINFO says of the tables: the size of pages, and how wide addresses really are. */
function shapeIn({ numbers, pageBytes, release }: Vmcoreinfo): AArch64Shape | undefined {
  const granule = GRANULES.find(([bytes]) => bytes === pageBytes)?.[0];
  const built = numbers.get('VA_BITS');
  // The register's field, where a kernel tells it (Documentation/admin-guide/kdump/vmcoreinfo.rst); some had a name of their own.
  const unused = numbers.get('TCR_EL1_T1SZ') ?? numbers.get('tcr_el1_t1sz');
  const bits = unused === undefined ? built : 64n - unused;
  if (granule === undefined || bits === undefined || bits < 32n || bits > 52n) return undefined;
  const pacMask = numbers.get('KERNELPACMASK') ?? 0n;
  const shape = { ...shapeOf(granule, Number(bits)), swapLayout: swapLayoutOf(release) };
  return pacMask === 0n ? shape : { ...shape, pacMask: BigInt.asUintN(64, pacMask) };
}

/** Nothing in memory tells how swap entries are laid out: the release alone does. */
function swapLayoutOf(release: string): SwapLayout {
  const version = versionOf(release);
  return version >= 6010 ? 'v6.10' : version >= 5019 ? 'v5.19' : 'v4.0';
}

/** `6.12.1` as 6012; 0 for what is none. */
function versionOf(release: string): number {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return Number(major) * 1000 + Number(minor);
}

/**
 * Addresses of 52 bits with pages below 64 KiB need LPA2, which changes the descriptors; with pages of 64 KiB the wide
 * descriptors are those of narrow ones whose spare bits are zero (Arm ARM DDI 0487, D8.3).
 */
const shapeOf = (granuleBytes: GranuleBytes, bits: number): AArch64Shape => ({
  granuleBytes,
  kernelBits: bits,
  userBits: bits,
  wideOutput: granuleBytes === 65536 || bits === 52,
});

/**
 * The tables whose top is at `top`. A kernel with 64 KiB pages that was built for 52 bits and runs where there are 48
 * uses the end of its top table only (arch/arm64/include/asm/pgtable-hwdef.h, TTBR1_BADDR_4852_OFFSET).
 */
function pagingAt(top: number, shape: AArch64Shape, builtBits: number): AArch64Paging {
  const isCut = shape.granuleBytes === 65536 && builtBits === 52 && shape.kernelBits === 48;
  const skipped = isCut ? (2 ** (52 - TOP_SHIFT_64K) - 2 ** (48 - TOP_SHIFT_64K)) * ENTRY_BYTES : 0;
  return new AArch64Paging(physical(top + skipped), shape);
}

/** The 64-bit word at a physical address, or undefined where it cannot be read. */
function wordAt(memory: PhysicalMemory, at: number): bigint | undefined {
  try {
    return memory.u64(physical(at));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
