// The guest's physical memory: numbers and bytes at physical addresses, through a cache of chunks.
// It counts what a question reads, and ends a question that reads too much.
import { fromWords, type PhysicalAddress, physical } from '../base/address.ts';
import { type Budget, type Limits, limitsFor } from '../base/budget.ts';
import { NotInSnapshot } from '../base/errors.ts';
import type { ExtentMemories } from './extents.ts';
import {
  bytesIn,
  PAGE_BYTES,
  type PhysicalRange,
  type PhysicalSource,
  type ReadRecorder,
  rangeIndexOf,
} from './source.ts';

/** Bytes read in one go: as cheap as a page. Where pages are costly each is read by itself. */
const CHUNK_BYTES = 65536;
/** Enough that a whole triage of a 512 MiB guest rarely reads a chunk twice. */
const CACHE_BYTES = 2 ** 26;

/** Reads that are counted before the budget hears of them. */
const READS_A_CHARGE = 4096;
/** What the file is asked for costs as much as so many reads: a page that is unpacked takes 25 µs, a chunk of 64 KiB 15. */
const PAGE_COST = 500;
const CHUNK_COST = 300;
/** So many bytes that are taken in one piece, and looked at one by one, cost as much as a read. */
const BYTES_A_READ = 16;

/**
 * The guest's physical memory, whatever file it came from.
 *
 * Reads go through a direct-mapped cache of chunks, 64 KiB or a page each: chunk n lives in slot n mod their number or
 * nowhere, so a lookup is one compare and memory stays bounded however large the snapshot is. All slots are one buffer:
 * the system gives its pages when they are first filled, and the garbage collector sees one object and not a thousand.
 */
export class PhysicalMemory {
  readonly source: PhysicalSource;
  /** What sweeps of earlier snapshots of this machine left: set by whoever opens the snapshot and has a store. */
  extents: ExtentMemories | undefined;
  /** Powers of two. */
  readonly #chunkBytes: number;
  readonly #slots: number;
  /** The chunk in each slot. */
  readonly #tags: Float64Array;
  /** Bit n: page n of the chunk is loaded. */
  readonly #loaded: Uint16Array;
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #record: ReadRecorder | null = null;
  /** What a question of this memory may cost. Set by whoever opens the snapshot and wants others. */
  limits: Limits;
  #budget: Budget | null = null;
  #uncounted = READS_A_CHARGE;

  constructor(source: PhysicalSource) {
    this.source = source;
    this.limits = limitsFor(bytesIn(source.ranges));
    this.#chunkBytes = source.costlyPages ? PAGE_BYTES : CHUNK_BYTES;
    const most = CACHE_BYTES / this.#chunkBytes;
    const chunks = Math.ceil((source.ranges.at(-1)?.end ?? 1) / this.#chunkBytes);
    this.#slots = chunks >= most ? most : 2 ** Math.ceil(Math.log2(Math.max(1, chunks)));
    this.#tags = new Float64Array(this.#slots).fill(-1);
    this.#loaded = new Uint16Array(this.#slots);
    const buffer = new ArrayBuffer(this.#slots * this.#chunkBytes);
    this.#view = new DataView(buffer);
    this.#bytes = new Uint8Array(buffer);
  }

  /** What the snapshot holds: ascending, disjoint, page-aligned. */
  get ranges(): readonly PhysicalRange[] {
    if (this.#record !== null) {
      this.#record.addEverything();
      this.#record = null; // such a run is not remembered: no need to go on noting
    }
    return this.source.ranges;
  }

  /** The first address past the last byte held. */
  get end(): PhysicalAddress {
    return this.ranges.at(-1)?.end ?? physical(0);
  }

  /** True where the snapshot holds the page of `at`. */
  has(at: PhysicalAddress): boolean {
    this.#record?.add(at, 0);
    return rangeIndexOf(this.source.ranges, at) >= 0;
  }

  /** The byte at `at`. @throws NotInSnapshot */
  u8(at: PhysicalAddress): number {
    if (this.#record !== null) this.#record.add(at, 1);
    return this.#bytes[this.#find(at)]!;
  }

  /** The int32 at `at`, which lies within one page. @throws NotInSnapshot */
  i32(at: PhysicalAddress): number {
    if (this.#record !== null) this.#record.add(at, 4);
    return this.#view.getInt32(this.#find(at), true);
  }

  /** The unsigned 64-bit word at `at`, which lies within one page. @throws NotInSnapshot */
  u64(at: PhysicalAddress): bigint {
    if (this.#record !== null) this.#record.add(at, 8);
    const place = this.#find(at);
    return fromWords(this.#view.getInt32(place + 4, true), this.#view.getInt32(place, true));
  }

  /**
   * Whether the page of `at` holds nothing but zeros. What shows that it does is one word, the nearest to `at`: only
   * that counts as read. @throws NotInSnapshot
   */
  isBlank(at: PhysicalAddress): boolean {
    const view = this.#view;
    const start = this.#find(at) - (at % PAGE_BYTES);
    let below = (at % PAGE_BYTES) & ~3;
    for (let above = below + 4; below >= 0 || above < PAGE_BYTES; below -= 4, above += 4) {
      let word = -1;
      if (below >= 0 && view.getInt32(start + below, true) !== 0) word = below;
      else if (above < PAGE_BYTES && view.getInt32(start + above, true) !== 0) word = above;
      if (word < 0) continue;
      if (this.#record !== null) this.#record.add(at - (at % PAGE_BYTES) + word, 4);
      this.spend(Math.abs(word - (at % PAGE_BYTES)) / BYTES_A_READ);
      return false;
    }
    if (this.#record !== null) this.#record.add(at - (at % PAGE_BYTES), PAGE_BYTES);
    this.spend(PAGE_BYTES / BYTES_A_READ);
    return true;
  }

  /**
   * The bytes of the page around `at`, from `at` to the page's end, at most `length`: a window into the cache, valid
   * until the next read. @throws NotInSnapshot
   */
  restOfPage(at: PhysicalAddress, length: number = PAGE_BYTES): Uint8Array {
    const had = Math.min(length, PAGE_BYTES - (at % PAGE_BYTES));
    this.spend(Math.ceil(had / BYTES_A_READ));
    if (this.#record !== null) this.#record.add(at, had);
    const place = this.#find(at);
    return this.#bytes.subarray(place, place + had);
  }

  /** A copy of `length` bytes from `at` on, read past the cache in as few reads as the ranges allow. @throws NotInSnapshot */
  bytes(at: PhysicalAddress, length: number): Uint8Array {
    const first = Math.floor(at / PAGE_BYTES) * PAGE_BYTES;
    const last = Math.ceil((at + length) / PAGE_BYTES) * PAGE_BYTES;
    const pages = new Uint8Array(last - first);
    for (let done = 0; done < pages.length; ) {
      const here = physical(first + done);
      const had = this.readRun(here, pages.subarray(done));
      if (had === 0) throw new NotInSnapshot(here);
      done += had;
    }
    return pages.subarray(at - first, at - first + length);
  }

  /**
   * Copies what the snapshot holds from `at` (page-aligned) on, at most to the end of the range it is in.
   * Past the cache; never throws for missing memory. @returns bytes had, a multiple of the page size; 0 where
   * nothing is held, or where the page at `at` is held and cannot be read: then a sweep goes on at the next page.
   */
  readRun(at: PhysicalAddress, into: Uint8Array): number {
    const range = this.ranges[rangeIndexOf(this.ranges, at)];
    if (range === undefined) return 0;
    const length = Math.min(into.length, range.end - at);
    return this.source.read(at, length === into.length ? into : into.subarray(0, length));
  }

  /** Notes every read in `record` from now on, up to one that goes beyond single pages; null ends it. */
  recordIn(record: ReadRecorder | null): void {
    this.#record = record;
  }

  /** Every read from now on is work of this budget, up to the call with null. A budget that is used up ends the read. */
  chargeTo(budget: Budget | null): void {
    this.#budget = budget;
    this.#uncounted = READS_A_CHARGE;
  }

  /**
   * Counts work beside reads that takes as long as so many of them. Whoever remembers what the evidence lists counts
   * it: lists may be as long as somebody wants. @throws BudgetExceeded
   */
  spend(reads: number): void {
    this.#uncounted -= reads;
    if (this.#uncounted < 0) this.#charge();
  }

  /** Does a part of a question's work, which may have this share of all its reads. @throws CorruptStructure where that is used up */
  within<T>(share: number, work: () => T): T {
    return this.#budget === null ? work() : this.#budget.within(share, work);
  }

  /** Tells the budget. @throws BudgetExceeded */
  #charge(): void {
    const reads = READS_A_CHARGE - this.#uncounted;
    this.#uncounted = READS_A_CHARGE;
    this.#budget?.spend(reads);
  }

  /** What is noted of reads counts no more: the run that they are of did not end by what it read. */
  discardRecord(): void {
    this.#record?.addEverything();
  }

  /** Where in the buffer the byte at `at` is, loading its page where need be. @throws NotInSnapshot */
  #find(at: PhysicalAddress): number {
    if (--this.#uncounted < 0) this.#charge();
    const chunkBytes = this.#chunkBytes;
    const chunk = Math.floor(at / chunkBytes);
    const slot = chunk & (this.#slots - 1);
    if (this.#tags[slot] !== chunk) {
      if (!(at >= 0)) throw new NotInSnapshot(at);
      this.#tags[slot] = chunk;
      this.#loaded[slot] = 0;
    }
    const within = at & (chunkBytes - 1);
    if (!this.#holds(slot, within >>> 12)) this.#load(slot, chunk, within >>> 12);
    return slot * chunkBytes + within;
  }

  /** Loads the wanted page, and where pages are cheap everything else that its range holds of the chunk. */
  #load(slot: number, chunk: number, page: number): void {
    this.spend(this.source.costlyPages ? PAGE_COST : CHUNK_COST);
    const base = chunk * this.#chunkBytes;
    const wanted = base + page * PAGE_BYTES;
    const range = this.source.ranges[rangeIndexOf(this.source.ranges, wanted)];
    if (range === undefined) throw new NotInSnapshot(physical(wanted));
    if (!this.source.costlyPages) {
      this.#fill(slot, base, Math.max(base, range.start), Math.min(base + CHUNK_BYTES, range.end));
      if (this.#holds(slot, page)) return;
      // A page before it cannot be read (a bad sector), which ended the read: it is no fault of this one.
    }
    this.#fill(slot, base, wanted, wanted + PAGE_BYTES);
    if (!this.#holds(slot, page)) throw new NotInSnapshot(physical(wanted));
  }

  #holds(slot: number, page: number): boolean {
    return ((this.#loaded[slot]! >>> page) & 1) === 1;
  }

  #fill(slot: number, base: number, start: number, end: number): void {
    const place = slot * this.#chunkBytes - base;
    const had = this.source.read(physical(start), this.#bytes.subarray(start + place, end + place));
    this.#loaded[slot]! |= ((1 << (had / PAGE_BYTES)) - 1) << ((start - base) / PAGE_BYTES);
  }
}
