// Address translation of x86-64, with four and five levels.
// Intel SDM vol. 3A, 4.5.
import { fromWords, highWord, lowWord, type PhysicalAddress, type VirtualAddress } from '../base/address.ts';
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
import { flagsOf, isProtNone, LARGE, PRESENT } from './x86-entries.ts';

const TWO_32 = 0x1_0000_0000;
const TABLES = ['', 'PT', 'PD', 'PDPT', 'PML4', 'PML5'] as const;

/** x86-64 long-mode paging, four or five levels deep, pages of 4 KiB, 2 MiB and 1 GiB. */
export class X8664Paging implements Paging {
  readonly shape: string;
  readonly root: PhysicalAddress;
  readonly levels: 4 | 5;
  readonly pageBytes = 4096;
  /** Bits 63 down to the top translated one must all agree. */
  readonly #signShift: number;

  constructor(root: PhysicalAddress, levels: 4 | 5) {
    this.root = root;
    this.levels = levels;
    this.shape = `${levels} levels`;
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
        if (!isProtNone(level, low, isLarge(level, low))) throw notPresent(hi, lo, level, high, low);
        // Against L1TF the kernel stores the frame of a PROT_NONE page inverted, as it does with every non-present
        // entry. Since Linux kernel commit 6b28baca9b1f ("x86/speculation/l1tf: Protect PROT_NONE PTEs against
        // speculation") (in v4.19).
        return frameOf(level, lo, ~high, ~low);
      }
      if (level === 1 || isLarge(level, low)) return frameOf(level, lo, high, low);
      table = tableIn(high, low);
    }
  }

  probe(memory: PhysicalMemory, hi: number, lo: number): number {
    const sign = hi >> this.#signShift;
    return sign === 0 || sign === -1 ? tryWalk(this, memory, hi, lo) : -1;
  }

  *steps(memory: PhysicalMemory, address: VirtualAddress): Generator<WalkStep> {
    this.#demandCanonical(highWord(address), lowWord(address));
    yield* stepsThrough(this.#tables, memory, address);
  }

  findFrames(memory: PhysicalMemory, wanted: ReadonlySet<number>, report: ReportFrame): number {
    return findFramesIn(this.#tables, memory, wanted, report, 256); // the lower half is the user's
  }

  emptyBytes(memory: PhysicalMemory, address: VirtualAddress): number {
    this.#demandCanonical(highWord(address), lowWord(address));
    return emptyBytesFrom(this.#tables, memory, address);
  }

  entryBytes(level: number): number {
    return 2 ** SHAPE.shift(level);
  }

  get #tables(): Tables {
    return { shape: SHAPE, root: this.root, levels: this.levels };
  }

  #demandCanonical(hi: number, lo: number): void {
    const sign = hi >> this.#signShift;
    if (sign !== 0 && sign !== -1) throw new NotCanonical(fromWords(hi, lo));
  }
}

const SHAPE: TableShape = {
  entryBytes: 8,
  tableName: (level) => TABLES[level]!,
  shift: (level) => 9 * level + 3,
  entries: () => 512,
  nextTable: (level, high, low) =>
    (low & PRESENT) === 0 || level === 1 || isLarge(level, low) ? -1 : tableIn(high, low),
  page: (level, high, low) => {
    // Programs that guard their keys leave them in pages that nobody may touch.
    if ((low & PRESENT) === 0)
      return isProtNone(level, low, isLarge(level, low)) ? frameOf(level, 0, ~high, ~low) : -1;
    return level === 1 || isLarge(level, low) ? frameOf(level, 0, high, low) : -1;
  },
  flags: (level, entry) => {
    const isLargePage = isLarge(level, Number(entry & 0xffn));
    return flagsOf(level, entry, !isLargePage ? null : level === 2 ? '2 MiB page' : '1 GiB page');
  },
};

const tableIn = (high: number, low: number): number =>
  (high & 0xf_ffff) * TWO_32 + ((low & 0xffff_f000) >>> 0);

/** The physical address of the 4 KiB page of `lo` in the page that a last-level entry (high, low) maps. */
function frameOf(level: number, lo: number, high: number, low: number): number {
  const within = level === 1 ? 0 : level === 2 ? 0x1f_f000 : 0x3fff_f000; // 4 KiB, 2 MiB or 1 GiB page
  return (high & 0xf_ffff) * TWO_32 + ((low & ~within & 0xffff_f000) >>> 0) + (lo & within);
}

const isLarge = (level: number, low: number): boolean => (low & LARGE) !== 0 && (level === 2 || level === 3);

/**
 * The fault behind a non-present entry. Swap entries keep the area's number in bits 59–63 and the inverted
 * page number in bits 9–58 (arch/x86/include/asm/pgtable_64.h, "Encode and de-code a swap entry").
 */
function notPresent(hi: number, lo: number, level: number, high: number, low: number): NotPresent | Swapped {
  const address = fromWords(hi, lo);
  const entry = fromWords(high, low);
  if (entry === 0n || level !== 1) return new NotPresent(address, level, entry);
  return swapFault(address, entry, Number(entry >> 59n), BigInt.asUintN(50, ~entry >> 9n));
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
