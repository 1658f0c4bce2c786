// The interface between file formats and memory: where physical bytes come from, and which are there.
// Each format of `src/snapshot` gives one.
import type { PhysicalAddress } from '../base/address.ts';

/** Bytes of a page frame: the grain in which snapshots hold or lack memory. */
export const PAGE_BYTES = 4096;

/** Physical memory from `start` up to and without `end`, both multiples of `PAGE_BYTES`. */
export interface PhysicalRange {
  readonly start: PhysicalAddress;
  readonly end: PhysicalAddress;
}

/**
 * How a source keeps pages, where that is not as they are: the same stored bytes are the same memory, which is told
 * without unpacking them. The converse does not hold: what is stored otherwise may be the same all the same.
 */
export interface StoredPages {
  /** How bytes became what is stored, `kdump`: only what is stored in one form can be compared. */
  readonly form: string;
  /** Bytes of memory that are stored as one piece, a multiple of `PAGE_BYTES`. */
  readonly grainBytes: number;
  /** What `gather` writes of one piece at most. */
  readonly mostBytes: number;
  /** The first byte of the piece at `at`, a multiple of the grain, told without unpacking it; −1 where only reading tells. */
  firstByte?(at: PhysicalAddress): number;
  /**
   * Writes what is stored of the pieces from `at` up to and without `end`, both multiples of the grain, into `into` from
   * `offset` on: bytes that no other memory of the form has.
   * @returns how many; 0 where all of it is known to be zero, −1 where some of it is not stored or cannot be read
   */
  gather(at: PhysicalAddress, end: PhysicalAddress, into: Buffer, offset: number): number;
}

/**
 * Where physical bytes come from: one per snapshot format. Everything above sees only this.
 *
 * A page that the snapshot holds in part only (LiME at 0x9fc00) counts as missing: the kernel never uses such
 * pages, and half-invented bytes would be worse than none.
 */
export interface PhysicalSource {
  /** What the snapshot holds: ascending, disjoint, page-aligned. */
  readonly ranges: readonly PhysicalRange[];
  /** True where each page costs work of its own (compressed pages): the cache then loads no neighbours. */
  readonly costlyPages: boolean;
  /** Where pages are stored otherwise than as they are. */
  readonly stored?: StoredPages;
  /**
   * Copies memory from `at` on into `into`; both page-aligned, wholly inside one range.
   * @returns how many bytes were had, a multiple of `PAGE_BYTES`: fewer than asked where the file is cut or damaged.
   */
  read(at: PhysicalAddress, into: Uint8Array): number;
  /** The offset in the file of the byte at `at`, or null where it is stored compressed or not at all. */
  fileOffset(at: PhysicalAddress): number | null;
}

/** Index of the range that holds `at`, or −1, for what is no number too. Binary search. */
export function rangeIndexOf(ranges: readonly PhysicalRange[], at: number): number {
  let low = 0;
  let high = ranges.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle]!;
    if (at >= range.end) low = middle + 1;
    else if (at >= range.start) return middle;
    else high = middle - 1;
  }
  return -1;
}

/** Total bytes in `ranges`. */
export const bytesIn = (ranges: readonly PhysicalRange[]): number =>
  ranges.reduce((sum, { start, end }) => sum + (end - start), 0);

/** Is told which bytes of physical memory are read, whether they are there or not. */
export interface ReadRecorder {
  /** `length` bytes at `at`, within one page; 0 where it is only asked whether the page is there. */
  add(at: number, length: number): void;
  /** What is read goes beyond single pages. */
  addEverything(): void;
}
