// Address translation of AArch64: granules of 4, 16 and 64 KiB, up to 52 bits.
// Arm ARM (DDI 0487), D8.
import {
  fromWords,
  highWord,
  lowWord,
  type PhysicalAddress,
  physical,
  type VirtualAddress,
} from '../base/address.ts';
import { NotCanonical, NotPresent, type Swapped } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Paging, ReportFrame, WalkStep } from './paging.ts';
import {
  emptyBytesFrom,
  findFramesIn,
  stepsThrough,
  swapFault,
  type TableShape,
  type Tables,
  tryWalk,
} from './tables.ts';

/** How a kernel has set up the MMU: what TCR_EL1 says (Arm ARM DDI 0487, D8.2). */
export interface AArch64Shape {
  readonly granuleBytes: 4096 | 16384 | 65536;
  /** Bits of an address that TTBR1's tables translate: 64 − T1SZ. */
  readonly kernelBits: number;
  /** Bits of an address that TTBR0's tables translate: 64 − T0SZ. */
  readonly userBits: number;
  /**
   * Physical addresses of 52 bits. With pages of 4 and 16 KiB (LPA2) descriptors hold bits 51–50 in bits 9–8; with pages
   * of 64 KiB (LPA) they hold bits 51–48 in bits 15–12.
   */
  readonly wideOutput: boolean;
  /** The bits that a pointer authentication code may take: KERNELPACMASK of VMCOREINFO. None where left out. */
  readonly pacMask?: bigint;
  /** Where this kernel keeps the place of a page in swap: `SWAP_LAYOUTS`. The newest where left out. */
  readonly swapLayout?: SwapLayout;
}

/** A release from which on swap entries are laid out in one way. */
export type SwapLayout = 'v6.10' | 'v5.19' | 'v4.0';

/**
 * Where swap entries keep area and page (arch/arm64/include/asm/pgtable.h, "Encode and decode a swap entry"). The entries do
 * not tell which it is: page 16 of one layout is page 1 of another. `zero` is what a layout leaves clear in the low word.
 */
const SWAP_LAYOUTS = {
  // "arm64/mm: Move PTE_PRESENT_INVALID to overlay PTE_NG" (in v6.10).
  'v6.10': { typeShift: 6, typeMask: 31, offsetShift: 12n, zero: 0b1000_0011_0011 },
  // "arm64/pgtable: support __HAVE_ARCH_PTE_SWP_EXCLUSIVE" (in v5.19): bit 2 is taken.
  'v5.19': { typeShift: 3, typeMask: 31, offsetShift: 8n, zero: 0b11 },
  'v4.0': { typeShift: 2, typeMask: 63, offsetShift: 8n, zero: 0b11 },
} as const;
const SWAP_OFFSET_BITS = 50;

// Descriptor bits: Arm ARM DDI 0487, D8.3.1 and D8.3.2.
const VALID = 1 << 0;
const TABLE = 1 << 1;
const NOT_GLOBAL = 1 << 11;
// Of the high word: privileged execute-never; what Linux puts into bits 58 and 59 of what is not valid.
const PRIVILEGED_NEVER = 1 << 21;
const PRESENT_INVALID = (1 << 26) | (1 << 27);

/** Bit 55 of an address, as its high word has it: which half of memory the address is in. */
const KERNEL_HALF = 1 << 23;
/** Bits 54–32 of an address, as its high word has them. Above bit 55 are tags. */
const BELOW_HALF = KERNEL_HALF - 1;

const TWO_32 = 0x1_0000_0000;
const PAGE_FLAGS: readonly (readonly [bit: bigint, name: string])[] = [
  [6n, 'user'],
  [7n, 'read-only'],
  [10n, 'accessed'],
  [11n, 'not global'],
  [51n, 'dirty when written'],
  [52n, 'contiguous'],
  [53n, 'no-execute for the kernel'],
  [54n, 'no-execute for users'],
];
const TABLE_FLAGS: readonly (readonly [bit: bigint, name: string])[] = [
  [59n, 'no-execute for the kernel below'],
  [60n, 'no-execute for users below'],
  [61n, 'no users below'],
  [62n, 'read-only below'],
];

/** One of the two trees: TTBR0's or TTBR1's. */
interface Half {
  readonly bits: number;
  readonly levels: number;
  /** Of the top table, which may be smaller or (52 bits with pages of 64 KiB) fill only a part of its page. */
  readonly topShift: number;
  readonly topEntries: number;
}

/** Stage 1 translation of AArch64 as Linux uses it: a tree for the kernel's half of memory and one for the user's. */
export class AArch64Paging implements Paging {
  readonly shape: string;
  readonly levels: number;
  readonly pageBytes: number;
  readonly root: PhysicalAddress;
  readonly #shape: AArch64Shape;
  readonly #kernelRoot: PhysicalAddress;
  readonly #userRoot: PhysicalAddress | null;
  readonly #descriptors: Descriptors;
  readonly #kernel: Half;
  readonly #user: Half;
  readonly #pacMask: number;

  /** `kernelRoot` is what TTBR1 leads to; `userRoot` what TTBR0 leads to, or null in the kernel's own space. */
  constructor(kernelRoot: PhysicalAddress, shape: AArch64Shape, userRoot: PhysicalAddress | null = null) {
    this.#shape = shape;
    this.#kernelRoot = aligned(kernelRoot);
    this.#userRoot = userRoot === null ? null : aligned(userRoot);
    this.#descriptors = new Descriptors(shape);
    this.#kernel = halfOf(shape.granuleBytes, shape.kernelBits);
    this.#user = halfOf(shape.granuleBytes, shape.userBits);
    this.#pacMask = Number(((shape.pacMask ?? 0n) >> 32n) & BigInt(BELOW_HALF));
    this.root = this.#userRoot ?? this.#kernelRoot;
    this.levels = this.#kernel.levels;
    this.pageBytes = shape.granuleBytes;
    this.shape = `${this.levels} levels, ${shape.granuleBytes / 1024} KiB pages, ${shape.kernelBits} bits`;
  }

  withRoot(root: PhysicalAddress): AArch64Paging {
    return new AArch64Paging(this.#kernelRoot, this.#shape, root);
  }

  walk(memory: PhysicalMemory, hi: number, lo: number): number {
    const isKernel = (hi & KERNEL_HALF) !== 0;
    const half = isKernel ? this.#kernel : this.#user;
    if (!this.#isCanonical(half, hi)) throw new NotCanonical(fromWords(hi, lo));
    const root = isKernel ? this.#kernelRoot : this.#userRoot;
    if (root === null) throw new NotPresent(fromWords(hi, lo), half.levels, 0n);
    const descriptors = this.#descriptors;
    let table: number = root;
    let shift = half.topShift;
    let mask = half.topEntries - 1;
    for (let level = half.levels; ; level--) {
      const index = (shift < 32 ? (lo >>> shift) | (hi << (32 - shift)) : hi >>> (shift - 32)) & mask;
      const at = (table + index * 8) as PhysicalAddress;
      const low = memory.i32(at);
      const high = memory.i32((at + 4) as PhysicalAddress);
      if (descriptors.mapsPage(level, high, low)) return descriptors.frame(shift, hi, lo, high, low);
      if (!leadsToTable(level, low)) throw this.#notPresent(fromWords(hi, lo), level, high, low);
      table = descriptors.table(high, low);
      shift -= descriptors.stride;
      mask = descriptors.entryMask;
    }
  }

  probe(memory: PhysicalMemory, hi: number, lo: number): number {
    const half = (hi & KERNEL_HALF) !== 0 ? this.#kernel : this.#user;
    if (!this.#isCanonical(half, hi) || (half === this.#user && this.#userRoot === null)) return -1;
    return tryWalk(this, memory, hi, lo);
  }

  *steps(memory: PhysicalMemory, address: VirtualAddress): Generator<WalkStep> {
    const hi = highWord(address);
    const isKernel = (hi & KERNEL_HALF) !== 0;
    if (!this.#isCanonical(isKernel ? this.#kernel : this.#user, hi)) throw new NotCanonical(address);
    const root = isKernel ? this.#kernelRoot : this.#userRoot;
    if (root !== null) yield* stepsThrough(this.#tables(root, isKernel), memory, address);
  }

  findFrames(memory: PhysicalMemory, wanted: ReadonlySet<number>, report: ReportFrame): number {
    if (this.#userRoot === null) return 0;
    return findFramesIn(this.#tables(this.#userRoot, false), memory, wanted, report);
  }

  emptyBytes(memory: PhysicalMemory, address: VirtualAddress): number {
    const hi = highWord(address);
    const isKernel = (hi & KERNEL_HALF) !== 0;
    if (!this.#isCanonical(isKernel ? this.#kernel : this.#user, hi)) throw new NotCanonical(address);
    const root = isKernel ? this.#kernelRoot : this.#userRoot;
    return root === null ? 0 : emptyBytesFrom(this.#tables(root, isKernel), memory, address);
  }

  entryBytes(level: number): number {
    const { granuleBytes } = this.#shape;
    return granuleBytes * (granuleBytes / 8) ** (level - 1);
  }

  #tables(root: PhysicalAddress, isKernel: boolean): Tables {
    const half = isKernel ? this.#kernel : this.#user;
    return { shape: this.#descriptors.shapeFor(half), root, levels: half.levels };
  }

  /**
   * Whether the bits between those that are translated and bit 55 repeat bit 55. Bits 63–56 are ignored, as the CPU does
   * where TCR_EL1.TBI says so: Linux sets TBI0 always, and TBI1 where KASAN or memory tagging tag the kernel's pointers.
   *
   * With pointer authentication, a code stands in the bits between (D8.10), and only the mask tells them from garbage. Linux
   * signs no pointers to data: what it signs are return addresses on stacks and the saved pc and lr of tasks, and those
   * lead to code that is worth reading too.
   */
  #isCanonical(half: Half, hi: number): boolean {
    const differing = (hi ^ ((hi << 8) >> 31)) & BELOW_HALF & ~this.#pacMask;
    return differing >>> (half.bits - 32) === 0;
  }

  #notPresent(address: VirtualAddress, level: number, high: number, low: number): NotPresent | Swapped {
    const entry = fromWords(high, low);
    const layout = SWAP_LAYOUTS[this.#shape.swapLayout ?? 'v6.10'];
    if (level !== 1 || entry === 0n || (low & layout.zero) !== 0)
      return new NotPresent(address, level, entry);
    const offset = entry >> layout.offsetShift;
    if (offset >> BigInt(SWAP_OFFSET_BITS) !== 0n) return new NotPresent(address, level, entry);
    return swapFault(address, entry, (low >>> layout.typeShift) & layout.typeMask, offset);
  }
}

/** A table of any size is aligned to 64 bytes at least; below that, TTBRn_EL1 has other things. */
const aligned = (root: PhysicalAddress): PhysicalAddress => physical(root - (root % 64));

/** Each level translates as many bits as a granule of 8-byte entries has, the top one what remains (D8.2.6 to D8.2.8). */
function halfOf(granuleBytes: number, bits: number): Half {
  const pageShift = Math.log2(granuleBytes);
  const stride = pageShift - 3;
  const levels = Math.ceil((bits - pageShift) / stride);
  const topShift = pageShift + (levels - 1) * stride;
  return { bits, levels, topShift, topEntries: 2 ** (bits - topShift) };
}

const leadsToTable = (level: number, low: number): boolean =>
  level > 1 && (low & (VALID | TABLE)) === (VALID | TABLE);

/** How descriptors of one granule are read. Levels count from 1, which is the Arm ARM's level 3. */
class Descriptors {
  /** Bits of an address that one level translates. */
  readonly stride: number;
  readonly entryMask: number;
  readonly #pageShift: number;
  /** Bits of the low word that are a table's address. */
  readonly #tableMask: number;
  readonly #topBlock: number;
  /** Bits 47–32 of an address, or 49–32 with LPA2. */
  readonly #highMask: number;
  /** Where in the low word the highest bits of an address are, and where they belong in its high word. */
  readonly #extraShift: number;
  readonly #extraMask: number;
  readonly #extraPlace: number;

  constructor({ granuleBytes, wideOutput }: AArch64Shape) {
    this.#pageShift = Math.log2(granuleBytes);
    this.#tableMask = -granuleBytes;
    this.stride = this.#pageShift - 3;
    this.entryMask = 2 ** this.stride - 1;
    // 1 GiB and 2 MiB, 32 MiB, 512 MiB; with wide addresses one level more: 512 GiB, 64 GiB, 4 TiB (D8.3.1).
    this.#topBlock = (granuleBytes === 4096 ? 3 : 2) + (wideOutput ? 1 : 0);
    const isLpa2 = wideOutput && granuleBytes !== 65536;
    this.#highMask = isLpa2 ? 0x3_ffff : 0xffff;
    this.#extraShift = isLpa2 ? 8 : 12;
    this.#extraMask = !wideOutput ? 0 : isLpa2 ? 3 : 15;
    this.#extraPlace = isLpa2 ? 18 : 16;
  }

  /**
   * Whether the descriptor maps a page that is in memory, even one that its owner may not touch.
   *
   * Linux marks PROT_NONE pages not valid but present, in bit 58, and huge pages that it is about to change in bit 59. Since
   * Linux kernel commit f0f5863a0fb0 ("arm64/mm: Remove PTE_PROT_NONE bit") and "arm64/mm: Move PTE_PRESENT_INVALID to
   * overlay PTE_NG" (both in v6.10), bit 11 marks both. The frame stands there as ever, not inverted. Which kernel it is
   * need not be known:
   * - of a page (level 1) bit 1 stays set, and swap entries of all kernels have it clear;
   * - of a block bit 1 is clear, and older kernels' migration entries may have bit 11 set, being bit 3 of a frame's number.
   *   All that maps user memory has PXN (bit 53), which in such an entry is bit 45 of a frame's number: none is so high.
   */
  mapsPage(level: number, high: number, low: number): boolean {
    if (level > this.#topBlock) return false;
    const isPage = (low & TABLE) !== 0;
    if (isPage !== (level === 1)) return false;
    if ((low & VALID) !== 0 || (high & PRESENT_INVALID) !== 0) return true;
    return (low & NOT_GLOBAL) !== 0 && (isPage || (high & PRIVILEGED_NEVER) !== 0);
  }

  /** The 4 KiB page of (hi, lo) in the page of 2 to the power of `shift` bytes that a descriptor maps. */
  frame(shift: number, hi: number, lo: number, high: number, low: number): number {
    const top = this.#highOf(high, low);
    if (shift < 32) {
      const within = (1 << shift) - 1;
      return top * TWO_32 + ((low & ~within) >>> 0) + ((lo & within & ~0xfff) >>> 0);
    }
    const within = (1 << (shift - 32)) - 1;
    return ((top & ~within) | (hi & within)) * TWO_32 + ((lo & ~0xfff) >>> 0);
  }

  /** The next table's address. */
  table(high: number, low: number): number {
    return this.#highOf(high, low) * TWO_32 + ((low & this.#tableMask) >>> 0);
  }

  shapeFor({ levels, topEntries }: Half): TableShape {
    const shift = (level: number): number => this.#pageShift + (level - 1) * this.stride;
    return {
      entryBytes: 8,
      tableName: (level) => `level ${4 - level}`,
      shift,
      entries: (level) => (level === levels ? topEntries : this.entryMask + 1),
      nextTable: (level, high, low) => (leadsToTable(level, low) ? this.table(high, low) : -1),
      page: (level, high, low) =>
        this.mapsPage(level, high, low) ? this.frame(shift(level), 0, 0, high, low) : -1,
      flags: (level, entry) => this.#flags(level, shift(level), entry),
    };
  }

  #highOf(high: number, low: number): number {
    return (high & this.#highMask) | (((low >>> this.#extraShift) & this.#extraMask) << this.#extraPlace);
  }

  #flags(level: number, shift: number, entry: bigint): string[] {
    if (entry === 0n) return ['empty'];
    const [high, low] = [highWord(entry), lowWord(entry)];
    const named = (flags: typeof PAGE_FLAGS) =>
      flags.filter(([bit]) => (entry >> bit) & 1n).map(([, name]) => name);
    if (leadsToTable(level, low)) return ['present', 'table', ...named(TABLE_FLAGS)];
    if (!this.mapsPage(level, high, low)) {
      if ((low & VALID) !== 0) return ['reserved'];
      return ['not present', level === 1 ? 'swap entry' : 'no table'];
    }
    if ((low & VALID) === 0) return ['not present', 'PROT_NONE'];
    return ['present', ...named(PAGE_FLAGS), ...(level > 1 ? [`${sizeText(shift)} block`] : [])];
  }
}

const sizeText = (shift: number): string =>
  `${2 ** (shift % 10)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][Math.floor(shift / 10)]}`;
