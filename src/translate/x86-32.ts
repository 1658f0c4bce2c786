// Address translation of 32-bit x86, with and without PAE.
// Intel SDM vol. 3A, 4.3 and 4.4.
import { fromWords, highWord, type PhysicalAddress, physical, type VirtualAddress } from '../base/address.ts';
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
import { flagsOf, isProtNone, LARGE, PRESENT, USER } from './x86-entries.ts';

/** Bit 43 of an entry, as its high word has it: Linux gives a 32-bit machine 36 bits of memory at the most. */
const INVERTED = 1 << 11;

const TWO_32 = 0x1_0000_0000;

/**
 * The paging of 32-bit x86: two levels of 4-byte entries with pages of 4 KiB and 4 MiB, or, with physical address
 * extension, three levels of 8-byte entries with pages of 4 KiB and 2 MiB.
 */
export class X8632Paging implements Paging {
  readonly shape: string;
  readonly root: PhysicalAddress;
  readonly levels: 2 | 3;
  readonly pageBytes = 4096;

  /** `root` may be what CR3 holds, flags and all. */
  constructor(root: PhysicalAddress, pae: boolean) {
    // CR3 keeps bits 31–12 of the address, with PAE bits 31–5: SDM vol. 3A, tables 4-3 and 4-7.
    this.root = physical(root - (root % (pae ? 32 : 4096)));
    this.levels = pae ? 3 : 2;
    this.shape = pae ? '3 levels, PAE' : '2 levels';
  }

  withRoot(root: PhysicalAddress): X8632Paging {
    return new X8632Paging(root, this.levels === 3);
  }

  walk(memory: PhysicalMemory, hi: number, lo: number): number {
    if (hi !== 0) throw new NotCanonical(fromWords(hi, lo));
    return this.levels === 3 ? walkPae(memory, this.root, lo) : walkPlain(memory, this.root, lo);
  }

  probe(memory: PhysicalMemory, hi: number, lo: number): number {
    return hi === 0 ? tryWalk(this, memory, hi, lo) : -1;
  }

  *steps(memory: PhysicalMemory, address: VirtualAddress): Generator<WalkStep> {
    if (highWord(address) !== 0) throw new NotCanonical(address);
    yield* stepsThrough(this.#tablesOf(SHAPES), memory, address);
  }

  /** Where the user's part ends was the builder's choice (VMSPLIT), so all is looked at: pages that a user may touch count. */
  findFrames(memory: PhysicalMemory, wanted: ReadonlySet<number>, report: ReportFrame): number {
    return findFramesIn(this.#tablesOf(USER_SHAPES), memory, wanted, report);
  }

  emptyBytes(memory: PhysicalMemory, address: VirtualAddress): number {
    if (highWord(address) !== 0) throw new NotCanonical(address);
    return emptyBytesFrom(this.#tablesOf(SHAPES), memory, address);
  }

  entryBytes(level: number): number {
    return 2 ** SHAPES[this.levels].shift(level);
  }

  #tablesOf(shapes: { readonly [levels in 2 | 3]: TableShape }): Tables {
    return { shape: shapes[this.levels], root: this.root, levels: this.levels };
  }
}

function walkPlain(memory: PhysicalMemory, root: number, lo: number): number {
  const directory = memory.i32((root + (lo >>> 22) * 4) as PhysicalAddress);
  if (mapsPage(2, directory)) return plainFrame(2, lo, directory);
  if ((directory & PRESENT) === 0) throw notPresentPlain(lo, 2, directory);
  const at = plainFrame(1, 0, directory) + ((lo >>> 12) & 1023) * 4;
  const entry = memory.i32(at as PhysicalAddress);
  if (mapsPage(1, entry)) return plainFrame(1, lo, entry);
  throw notPresentPlain(lo, 1, entry);
}

function walkPae(memory: PhysicalMemory, root: number, lo: number): number {
  let at = root + (lo >>> 30) * 8;
  for (let level = 3; ; level--) {
    const low = memory.i32(at as PhysicalAddress);
    const high = memory.i32((at + 4) as PhysicalAddress);
    if (mapsPage(level, low)) return paeFrame(level, lo, high, low);
    if ((low & PRESENT) === 0) throw notPresentPae(lo, level, high, low);
    at = paeTable(high, low) + ((level === 3 ? lo >>> 21 : lo >>> 12) & 511) * 8;
  }
}

/** Whether the entry maps a page that is in memory: Intel SDM vol. 3A, 4.3 and 4.4, and Linux's PROT_NONE. */
function mapsPage(level: number, low: number): boolean {
  const isLargePage = isLarge(level, low);
  if ((low & PRESENT) === 0) return isProtNone(level, low, isLargePage);
  return level === 1 || isLargePage;
}

const isLarge = (level: number, low: number): boolean => (low & LARGE) !== 0 && level === 2;

/**
 * The 4 KiB page of `lo` in a page of two-level paging. Bits 20–13 of a 4 MiB page's entry are bits 39–32 of its address
 * (PSE-36: SDM vol. 3A, table 4-4). PROT_NONE inverts nothing here (arch/x86/include/asm/pgtable-2level.h, "No
 * inverted PFNs on 2 level page tables").
 */
function plainFrame(level: number, lo: number, low: number): number {
  if (level === 1) return (low & 0xffff_f000) >>> 0;
  return ((low >>> 13) & 0xff) * TWO_32 + ((low & 0xffc0_0000) >>> 0) + (lo & 0x3f_f000);
}

/**
 * The 4 KiB page of `lo` in a page of PAE paging. Against L1TF the kernel stores the frame of a PROT_NONE page inverted
 * (arch/x86/include/asm/pgtable-invert.h, which pgtable-3level.h includes). Since Linux kernel commit 6b28baca9b1f
 * ("x86/speculation/l1tf: Protect PROT_NONE PTEs against speculation") (in v4.19); before it, the frame is as it is.
 */
function paeFrame(level: number, lo: number, high: number, low: number): number {
  const isInverted = (low & PRESENT) === 0 && (high & INVERTED) !== 0;
  const within = level === 1 ? 0 : 0x1f_f000;
  const top = isInverted ? ~high & (INVERTED - 1) : high & 0xf_ffff;
  return top * TWO_32 + (((isInverted ? ~low : low) & ~within & 0xffff_f000) >>> 0) + (lo & within);
}

const paeTable = (high: number, low: number): number =>
  (high & 0xf_ffff) * TWO_32 + ((low & 0xffff_f000) >>> 0);

/**
 * The fault behind a non-present entry of two-level paging. Swap entries keep the area's number in bits 1–5 and the
 * page number in bits 9–31 (arch/x86/include/asm/pgtable-2level.h, "Format of swap PTEs"); bit 6 is clear, or before v4.0
 * said that the page is one of a file.
 */
function notPresentPlain(lo: number, level: number, entry: number): NotPresent | Swapped {
  const address = fromWords(0, lo);
  const value = BigInt(entry >>> 0);
  if (level !== 1 || entry === 0 || (entry & 0x40) !== 0) return new NotPresent(address, level, value);
  return swapFault(address, value, (entry >>> 1) & 31, BigInt(entry >>> 9));
}

/**
 * The fault behind a non-present entry of PAE paging. Swap entries keep the area's number in bits 59–63 and the
 * inverted page number, which has 27 bits, in bits 9–58 (arch/x86/include/asm/pgtable-3level.h, "Format of swap PTEs").
 * Before "x86/speculation/l1tf: Protect PAE swap entries against L1TF" (in v4.19) the low word was 0 and the high word
 * held the area in bits 0–4, the page above.
 */
function notPresentPae(lo: number, level: number, high: number, low: number): NotPresent | Swapped {
  const address = fromWords(0, lo);
  const entry = fromWords(high, low);
  if (level !== 1 || entry === 0n) return new NotPresent(address, level, entry);
  if (low === 0) return swapFault(address, entry, high & 31, BigInt(high >>> 5));
  const offset = BigInt.asUintN(50, ~entry >> 9n);
  if (offset >> 27n !== 0n) return new NotPresent(address, level, entry);
  return swapFault(address, entry, high >>> 27, offset);
}

const leadsToTable = (level: number, low: number): boolean =>
  level > 1 && (low & PRESENT) !== 0 && !isLarge(level, low);

const largePage = (level: number, entry: bigint, name: string): string | null =>
  isLarge(level, Number(entry & 0xffn)) ? name : null;

const PLAIN: TableShape = {
  entryBytes: 4,
  tableName: (level) => (level === 2 ? 'PD' : 'PT'),
  shift: (level) => 2 + 10 * level,
  entries: () => 1024,
  nextTable: (level, _high, low) => (leadsToTable(level, low) ? plainFrame(1, 0, low) : -1),
  page: (level, _high, low) => (mapsPage(level, low) ? plainFrame(level, 0, low) : -1),
  flags: (level, entry) => flagsOf(level, entry, largePage(level, entry, '4 MiB page')),
};

const PAE: TableShape = {
  entryBytes: 8,
  tableName: (level) => ['', 'PT', 'PD', 'PDPT'][level]!,
  shift: (level) => 3 + 9 * level,
  entries: (level) => (level === 3 ? 4 : 512),
  nextTable: (level, high, low) => (leadsToTable(level, low) ? paeTable(high, low) : -1),
  page: (level, high, low) => (mapsPage(level, low) ? paeFrame(level, 0, high, low) : -1),
  flags: (level, entry) => flagsOf(level, entry, largePage(level, entry, '2 MiB page')),
};

/** The shape without what only the kernel may touch. Entries of a PDPT say nothing of it, nor does PROT_NONE (PAGE_NONE). */
const forUsers = (shape: TableShape): TableShape => ({
  ...shape,
  nextTable: (level, high, low) =>
    level === 3 || (low & USER) !== 0 ? shape.nextTable(level, high, low) : -1,
  page: (level, high, low) =>
    (low & PRESENT) === 0 || (low & USER) !== 0 ? shape.page(level, high, low) : -1,
});

const SHAPES = { 2: PLAIN, 3: PAE } as const;
const USER_SHAPES = { 2: forUsers(PLAIN), 3: forUsers(PAE) } as const;
