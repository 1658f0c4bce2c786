// Walks page tables as such: every entry on the way, empty stretches, frames in reverse.
// The fast path of each paging mode does without it.
import { type PhysicalAddress, physical, type VirtualAddress } from '../base/address.ts';
import { ENTRY_COST } from '../base/budget.ts';
import { EvidenceFault, NotPresent, Swapped } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import type { Paging, ReportFrame, WalkStep } from './paging.ts';

/**
 * Of the 32 types of swap entry as many are areas; the rest mark pages that migrate, are poisoned, or live in a device
 * (include/linux/swap.h, MAX_SWAPFILES with every such option on).
 */
const MAXIMUM_SWAP_AREAS = 23;

/**
 * How the entries of one kind of page table are read. `walk` does without it, being the hot path; what looks at
 * tables as such (`steps`, `findFrames`) is the same for every CPU. Level 1 is the lowest table; an entry comes
 * as int32 words, `high` being 0 where entries have 4 bytes.
 */
export interface TableShape {
  readonly entryBytes: 4 | 8;
  /** The table's name in the CPU maker's manual. */
  tableName(level: number): string;
  /** An entry of a table of `level` covers 2 to this power bytes. */
  shift(level: number): number;
  /** How many entries a table has; a power of two. */
  entries(level: number): number;
  /** Where the next lower table is, or −1 where this entry leads to none. */
  nextTable(level: number, high: number, low: number): number;
  /** The first byte of the page that this entry maps, or −1 where it maps none. */
  page(level: number, high: number, low: number): number;
  /** The entry's flags as words. */
  flags(level: number, entry: bigint): string[];
}

/** The tables below one root. */
export interface Tables {
  readonly shape: TableShape;
  readonly root: number;
  readonly levels: number;
}

/** `Paging.steps` for an address that is known to be canonical. */
export function* stepsThrough(
  { shape, root, levels }: Tables,
  memory: PhysicalMemory,
  address: VirtualAddress,
): Generator<WalkStep> {
  let table = root;
  for (let level = levels; level >= 1 && table >= 0; level--) {
    const index = Number((address >> BigInt(shape.shift(level))) & BigInt(shape.entries(level) - 1));
    const at = physical(table + index * shape.entryBytes);
    const low = memory.i32(at);
    const high = shape.entryBytes === 8 ? memory.i32(physical(at + 4)) : 0;
    const entry = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    yield { level, table: shape.tableName(level), at, index, entry, flags: shape.flags(level, entry) };
    table = shape.nextTable(level, high, low);
  }
}

/** `Paging.emptyBytes` for an address that is known to be canonical. */
export function emptyBytesFrom(
  { shape, root, levels }: Tables,
  memory: PhysicalMemory,
  address: VirtualAddress,
): number {
  const read = (table: number, index: number): readonly [high: number, low: number] => {
    const at = physical(table + index * shape.entryBytes);
    return [shape.entryBytes === 8 ? memory.i32(physical(at + 4)) : 0, memory.i32(at)];
  };
  let table = root;
  for (let level = levels; level >= 1 && table >= 0; level--) {
    const entries = shape.entries(level);
    const first = Number((address >> BigInt(shape.shift(level))) & BigInt(entries - 1));
    let [high, low] = read(table, first);
    if ((high | low) !== 0) {
      table = shape.nextTable(level, high, low);
      continue;
    }
    let end = first;
    while ((high | low) === 0 && ++end < entries) [high, low] = read(table, end);
    memory.spend(end - first);
    const span = 2 ** shape.shift(level);
    return (end - first) * span - Number(address % BigInt(span));
  }
  return 0;
}

/** `Paging.findFrames` over the first `topEntries` entries of the top table. Addresses must fit a double. */
export function findFramesIn(
  { shape, root, levels }: Tables,
  memory: PhysicalMemory,
  wanted: ReadonlySet<number>,
  report: ReportFrame,
  topEntries = shape.entries(levels),
): number {
  const seen = new Set<number>();
  const stride = shape.entryBytes / 4;
  const marks = marksOf(wanted);
  let unread = 0;
  const visit = (table: number, level: number, base: number, entries: number): void => {
    // Tables are aligned to 32 bytes at least: the sum stands for the pair, and for one table on two levels too.
    if (seen.has(table + level)) return;
    memory.spend(ENTRY_COST);
    seen.add(table + level);
    const { words, whole } = readTable(memory, table, entries * shape.entryBytes);
    if (!whole) unread++;
    const span = 2 ** shape.shift(level);
    const isLowest = span === PAGE_BYTES;
    for (let index = 0; index < entries; index++) {
      if (isLowest) index = nextMarked(words, stride, index, marks);
      if (index === entries) break;
      const low = words[stride * index]!;
      const high = stride === 2 ? words[2 * index + 1]! : 0;
      if ((low | high) === 0) continue;
      const next = shape.nextTable(level, high, low);
      if (next >= 0) {
        visit(next, level - 1, base + index * span, shape.entries(level - 1));
        continue;
      }
      const page = shape.page(level, high, low);
      if (page < 0) continue;
      // A table of large pages leads to every frame that is wanted, entry by entry.
      memory.spend(Math.min(span / PAGE_BYTES, wanted.size));
      reportWanted(page, span, base + index * span, wanted, report);
    }
  };
  visit(root, levels, 0, topEntries);
  return unread;
}

/** `Paging.probe` by means of `walk`. */
export function tryWalk(paging: Paging, memory: PhysicalMemory, hi: number, lo: number): number {
  try {
    return paging.walk(memory, hi, lo);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return -1;
  }
}

/** The fault behind a level 1 entry that holds a place in swap, or only looks like one. */
export function swapFault(
  address: VirtualAddress,
  entry: bigint,
  type: number,
  offset: bigint,
): NotPresent | Swapped {
  return type < MAXIMUM_SWAP_AREAS
    ? new Swapped(address, type, offset)
    : new NotPresent(address, 1, entry, { type, offset });
}

/** A table as words. Tables of 64 KiB span 16 pages of the snapshot: entries in a page that it lacks are empty. */
function readTable(
  memory: PhysicalMemory,
  table: number,
  sizeBytes: number,
): { words: Int32Array; whole: boolean } {
  const bytes = new Uint8Array(sizeBytes);
  let whole = true;
  for (let done = 0; done < sizeBytes; ) {
    const at = physical(table + done);
    const length = Math.min(PAGE_BYTES - (at % PAGE_BYTES), sizeBytes - done);
    const piece = tryRestOfPage(memory, at);
    if (piece === undefined) whole = false;
    else bytes.set(piece.subarray(0, length), done);
    done += length;
  }
  return { words: new Int32Array(bytes.buffer), whole };
}

function tryRestOfPage(memory: PhysicalMemory, at: PhysicalAddress): Uint8Array | undefined {
  try {
    return memory.restOfPage(at);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}

/** Frames that share a mark are 16 MiB apart. */
const MARKS = 4096;

/**
 * What tells most entries of lowest tables from those of wanted frames by a single look: nearly all entries of nearly
 * all processes end there. Whatever the CPU, an entry that maps 4 KiB has the frame's address from bit 12 on, or the
 * inverse of it where the kernel hides the page from speculation.
 */
function marksOf(frames: ReadonlySet<number>): Uint8Array {
  const marks = new Uint8Array(MARKS);
  for (const frame of frames) {
    const mark = (frame / PAGE_BYTES) & (MARKS - 1);
    marks[mark] = 1;
    marks[MARKS - 1 - mark] = 1;
  }
  return marks;
}

/**
 * The first entry from `index` on that may map a wanted frame, by its low word; the number of entries where none does.
 * A function of its own: the compiler has fast code for a short loop long before it has it for all that surrounds this one.
 */
function nextMarked(words: Int32Array, stride: number, index: number, marks: Uint8Array): number {
  for (let at = stride * index; at < words.length; at += stride)
    if (marks[(words[at]! >>> 12) & (MARKS - 1)] !== 0) return at / stride;
  return words.length / stride;
}

/** The wanted frames within a page of any size, by whichever way round is shorter. */
function reportWanted(
  first: number,
  sizeBytes: number,
  address: number,
  wanted: ReadonlySet<number>,
  report: ReportFrame,
): void {
  if (sizeBytes / PAGE_BYTES <= wanted.size) {
    for (let offset = 0; offset < sizeBytes; offset += PAGE_BYTES) {
      if (wanted.has(first + offset)) report(physical(first + offset), BigInt(address + offset));
    }
    return;
  }
  for (const frame of wanted) {
    if (frame >= first && frame < first + sizeBytes)
      report(physical(frame), BigInt(address) + BigInt(frame - first));
  }
}
