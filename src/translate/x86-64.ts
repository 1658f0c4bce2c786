import {
  fromWords,
  highWord,
  lowWord,
  type PhysicalAddress,
  physical,
  type VirtualAddress,
} from '../base/address.ts';
import { EvidenceFault, NotCanonical, NotPresent, Swapped } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { Paging, WalkStep } from './paging.ts';

// Entry bits: Intel SDM vol. 3A, 4.5, tables 4-14 to 4-20.
const PRESENT = 1 << 0;
const LARGE = 1 << 7;
/**
 * Linux marks PROT_NONE pages not present but keeps their frame, and reuses the global bit to say so
 * (arch/x86/include/asm/pgtable_types.h, _PAGE_BIT_PROTNONE). The page is there, only its owner may not touch it.
 */
const PROTNONE = 1 << 8;

/**
 * Of the 32 types of swap entry as many are areas; the rest mark pages that migrate, are poisoned, or live in a device
 * (include/linux/swap.h, MAX_SWAPFILES with every such option on).
 */
const MAXIMUM_SWAP_AREAS = 23;

const TWO_32 = 0x1_0000_0000;
const TABLES = ['', 'PT', 'PD', 'PDPT', 'PML4', 'PML5'] as const;
const FLAGS: readonly (readonly [bit: bigint, name: string])[] = [
  [0n, 'present'],
  [1n, 'writable'],
  [2n, 'user'],
  [3n, 'write-through'],
  [4n, 'cache-disabled'],
  [5n, 'accessed'],
  [6n, 'dirty'],
  [63n, 'no-execute'],
];

/** x86-64 long-mode paging, four or five levels deep, pages of 4 KiB, 2 MiB and 1 GiB. */
export class X8664Paging implements Paging {
  readonly name: string;
  readonly root: PhysicalAddress;
  readonly levels: 4 | 5;
  /** Bits 63 down to the top translated one must all agree. */
  readonly #signShift: number;

  constructor(root: PhysicalAddress, levels: 4 | 5) {
    this.root = root;
    this.levels = levels;
    this.name = `x86-64, ${levels} levels`;
    this.#signShift = levels === 5 ? 24 : 15;
  }

  withRoot(root: PhysicalAddress): X8664Paging {
    return new X8664Paging(root, this.levels);
  }

  walk(memory: PhysicalMemory, hi: number, lo: number): number {
    this.#demandCanonical(hi, lo);
    let table: number = this.root;
    for (let level: number = this.levels; ; level--) {
      const at = (table + indexAt(level, hi, lo) * 8) as PhysicalAddress;
      const low = memory.i32(at);
      const high = memory.i32((at + 4) as PhysicalAddress);
      if ((low & PRESENT) === 0) {
        if (!isProtNone(level, low)) throw notPresent(hi, lo, level, high, low);
        return frameOf(level, lo, ~high, ~low);
      }
      if (level === 1 || isLarge(level, low)) return frameOf(level, lo, high, low);
      table = (high & 0xf_ffff) * TWO_32 + ((low & 0xffff_f000) >>> 0);
    }
  }

  probe(memory: PhysicalMemory, hi: number, lo: number): number {
    const sign = hi >> this.#signShift;
    if (sign !== 0 && sign !== -1) return -1;
    try {
      return this.walk(memory, hi, lo);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return -1;
    }
  }

  *steps(memory: PhysicalMemory, address: VirtualAddress): Generator<WalkStep> {
    const hi = highWord(address);
    const lo = lowWord(address);
    this.#demandCanonical(hi, lo);
    let table: number = this.root;
    for (let level: number = this.levels; level >= 1; level--) {
      const index = indexAt(level, hi, lo);
      const at = physical(table + index * 8);
      const entry = memory.u64(at);
      yield { level, table: TABLES[level]!, at, index, entry, flags: flagsOf(level, entry) };
      const low = Number(BigInt.asIntN(32, entry));
      if ((low & PRESENT) === 0 || isLarge(level, low)) break;
      table = Number(entry & 0xf_ffff_ffff_f000n);
    }
  }

  findFrames(
    memory: PhysicalMemory,
    wanted: ReadonlySet<number>,
    report: (frame: PhysicalAddress, address: VirtualAddress) => void,
  ): number {
    const seen = new Set<number>();
    let unread = 0;
    const visit = (table: number, level: number, base: number, entries: number): void => {
      if (seen.has(table * 8 + level)) return;
      seen.add(table * 8 + level);
      const words = tableAt(memory, table);
      if (words === undefined) {
        unread++;
        return;
      }
      const step = 4096 * 512 ** (level - 1);
      for (let index = 0; index < entries; index++) {
        let low = words[2 * index]!;
        let high = words[2 * index + 1]!;
        if ((low & PRESENT) === 0) {
          // Programs that guard their keys leave them in pages that nobody may touch.
          if (!isProtNone(level, low)) continue;
          high = ~high;
          low = level === 1 ? ~low : ~low | LARGE;
        }
        const address = base + index * step;
        if (level > 1 && !isLarge(level, low)) {
          visit((high & 0xf_ffff) * TWO_32 + ((low & 0xffff_f000) >>> 0), level - 1, address, 512);
        } else if (level === 1) {
          const frame = (high & 0xf_ffff) * TWO_32 + ((low & 0xffff_f000) >>> 0);
          if (wanted.has(frame)) report(physical(frame), BigInt(address));
        } else reportLarge(frameOf(level, 0, high, low), step, BigInt(address), wanted, report);
      }
    };
    visit(this.root, this.levels, 0, 256); // the lower half: user addresses stay exact in a double
    return unread;
  }

  #demandCanonical(hi: number, lo: number): void {
    const sign = hi >> this.#signShift;
    if (sign !== 0 && sign !== -1) throw new NotCanonical(fromWords(hi, lo));
  }
}

/** The physical address of the 4 KiB page of `lo` in the page that a last-level entry (high, low) maps. */
function frameOf(level: number, lo: number, high: number, low: number): number {
  const within = level === 1 ? 0 : level === 2 ? 0x1f_f000 : 0x3fff_f000; // 4 KiB, 2 MiB or 1 GiB page
  return (high & 0xf_ffff) * TWO_32 + ((low & ~within & 0xffff_f000) >>> 0) + (lo & within);
}

const isLarge = (level: number, low: number): boolean => (low & LARGE) !== 0 && (level === 2 || level === 3);

/**
 * Against L1TF the kernel stores the frame of a PROT_NONE page inverted, as it does with every non-present
 * entry. Since Linux kernel commit 6b28baca9b1f ("x86/speculation/l1tf: Protect PROT_NONE PTEs against
 * speculation") (in v4.19).
 */
const isProtNone = (level: number, low: number): boolean =>
  (low & PROTNONE) !== 0 && (level === 1 || (level === 2 && (low & LARGE) !== 0));

/**
 * The fault behind a non-present entry. Swap entries keep the area's number in bits 59–63 and the inverted
 * page number in bits 9–58 (arch/x86/include/asm/pgtable_64.h, "Encode and de-code a swap entry").
 */
function notPresent(hi: number, lo: number, level: number, high: number, low: number): NotPresent | Swapped {
  const address = fromWords(hi, lo);
  const entry = fromWords(high, low);
  if (entry === 0n || level !== 1) return new NotPresent(address, level, entry);
  const type = Number(entry >> 59n);
  if (type >= MAXIMUM_SWAP_AREAS) return new NotPresent(address, level, entry);
  const offset = ((~entry & 0xffff_ffff_ffff_ffffn) << 5n) & 0xffff_ffff_ffff_ffffn;
  return new Swapped(address, type, offset >> 14n);
}

function flagsOf(level: number, entry: bigint): string[] {
  const low = Number(BigInt.asIntN(32, entry));
  if (entry === 0n) return ['empty'];
  if ((low & PRESENT) === 0) {
    if (isProtNone(level, low)) return ['not present', 'PROT_NONE'];
    return ['not present', level === 1 ? 'swap entry' : 'no table'];
  }
  const flags = FLAGS.filter(([bit]) => (entry >> bit) & 1n).map(([, name]) => name);
  if (isLarge(level, low)) flags.push(level === 2 ? '2 MiB page' : '1 GiB page');
  if ((low & PROTNONE) !== 0 && (level === 1 || isLarge(level, low))) flags.push('global');
  return flags;
}

/** Nine bits of the address, counted from bit 12: level 1 is the lowest table. */
function indexAt(level: number, hi: number, lo: number): number {
  switch (level) {
    case 1:
      return (lo >>> 12) & 511;
    case 2:
      return (lo >>> 21) & 511;
    case 3:
      return ((hi << 2) | (lo >>> 30)) & 511;
    case 4:
      return (hi >>> 7) & 511;
    default:
      return (hi >>> 16) & 511;
  }
}

/** A table's 512 entries as pairs of words, or undefined where the snapshot lacks it. */
function tableAt(memory: PhysicalMemory, table: number): Int32Array | undefined {
  try {
    const bytes = memory.restOfPage(physical(table));
    return new Int32Array(bytes.slice().buffer);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}

/** The wanted frames within a large page. */
function reportLarge(
  first: number,
  sizeBytes: number,
  address: VirtualAddress,
  wanted: ReadonlySet<number>,
  report: (frame: PhysicalAddress, address: VirtualAddress) => void,
): void {
  for (const frame of wanted) {
    if (frame >= first && frame < first + sizeBytes) report(physical(frame), address + BigInt(frame - first));
  }
}
