import { fromWords, type PhysicalAddress, physical } from '../base/address.ts';
import { NotInSnapshot } from '../base/errors.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource, rangeIndexOf } from './source.ts';

const CHUNK_BYTES = 65536;
/** 64 MiB at most: enough that a whole triage of a 512 MiB guest rarely reads a chunk twice. */
const SLOTS = 1024;

/**
 * The guest's physical memory, whatever file it came from.
 *
 * Reads go through a direct-mapped cache of 64 KiB chunks: chunk n lives in slot n mod 1024 or nowhere, so
 * a lookup is one compare and memory stays bounded however large the snapshot is.
 */
export class PhysicalMemory {
  readonly source: PhysicalSource;
  readonly #tags = new Float64Array(SLOTS).fill(-1);
  /** Bit n: page n of the chunk is loaded. */
  readonly #loaded = new Uint16Array(SLOTS);
  readonly #views: DataView[] = [];
  readonly #bytes: Uint8Array<ArrayBuffer>[] = [];

  constructor(source: PhysicalSource) {
    this.source = source;
  }

  /** What the snapshot holds: ascending, disjoint, page-aligned. */
  get ranges(): readonly PhysicalRange[] {
    return this.source.ranges;
  }

  /** The first address past the last byte held. */
  get end(): PhysicalAddress {
    return this.ranges.at(-1)?.end ?? physical(0);
  }

  /** True where the snapshot holds the page of `at`. */
  has(at: PhysicalAddress): boolean {
    return rangeIndexOf(this.ranges, at) >= 0;
  }

  /** The byte at `at`. @throws NotInSnapshot */
  u8(at: PhysicalAddress): number {
    return this.#views[this.#slotOf(at)]!.getUint8(at & (CHUNK_BYTES - 1));
  }

  /** The int32 at `at`, which lies within one page. @throws NotInSnapshot */
  i32(at: PhysicalAddress): number {
    return this.#views[this.#slotOf(at)]!.getInt32(at & (CHUNK_BYTES - 1), true);
  }

  /** The unsigned 64-bit word at `at`, which lies within one page. @throws NotInSnapshot */
  u64(at: PhysicalAddress): bigint {
    const view = this.#views[this.#slotOf(at)]!;
    return fromWords(
      view.getInt32((at & (CHUNK_BYTES - 1)) + 4, true),
      view.getInt32(at & (CHUNK_BYTES - 1), true),
    );
  }

  /**
   * The bytes of the page around `at`, from `at` to the page's end: a window into the cache, valid until
   * the next read. @throws NotInSnapshot
   */
  restOfPage(at: PhysicalAddress): Uint8Array {
    const within = at & (CHUNK_BYTES - 1);
    return this.#bytes[this.#slotOf(at)]!.subarray(
      within,
      (Math.floor(within / PAGE_BYTES) + 1) * PAGE_BYTES,
    );
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

  #slotOf(at: PhysicalAddress): number {
    const chunk = Math.floor(at / CHUNK_BYTES);
    const slot = chunk % SLOTS;
    if (this.#tags[slot] !== chunk) {
      if (!(at >= 0)) throw new NotInSnapshot(at);
      this.#claim(slot, chunk);
    }
    const page = (at & (CHUNK_BYTES - 1)) >>> 12;
    if (!this.#holds(slot, page)) this.#load(slot, chunk, page);
    return slot;
  }

  #claim(slot: number, chunk: number): void {
    if (this.#views[slot] === undefined) {
      const buffer = new ArrayBuffer(CHUNK_BYTES);
      this.#views[slot] = new DataView(buffer);
      this.#bytes[slot] = new Uint8Array(buffer);
    }
    this.#tags[slot] = chunk;
    this.#loaded[slot] = 0;
  }

  /** Loads the wanted page, and where pages are cheap everything else that its range holds of the chunk. */
  #load(slot: number, chunk: number, page: number): void {
    const base = chunk * CHUNK_BYTES;
    const wanted = base + page * PAGE_BYTES;
    const range = this.ranges[rangeIndexOf(this.ranges, wanted)];
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
    const had = this.source.read(physical(start), this.#bytes[slot]!.subarray(start - base, end - base));
    this.#loaded[slot]! |= ((1 << (had / PAGE_BYTES)) - 1) << ((start - base) / PAGE_BYTES);
  }
}
