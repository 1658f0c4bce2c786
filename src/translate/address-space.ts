// Virtual memory: a page-table root over physical memory, with a TLB in front.
// Reads cross page borders; a page that is missing throws a fault with its reason.
import { fromWords, highWord, lowWord, type PhysicalAddress, type VirtualAddress } from '../base/address.ts';
import { EvidenceFault, type Note, NotInSnapshot } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { type LinearArea, LinearAreas } from './linear-areas.ts';
import type { Paging } from './paging.ts';

const TLB_SLOTS = 4096;
/**
 * A process's own space is read in a few stretches, and there are many of them: so few slots that V8 keeps the
 * arrays on its heap (64 bytes at most), where they cost a tenth.
 */
const PROCESS_TLB_SLOTS = 8;

/** Whoever knows of pages that page tables do not map, and why a page is nowhere. */
export interface PageFinder {
  /**
   * The physical address of the 4 KiB page that holds (hi, lo), of which the walk through the space's tables ended with
   * `fault`. @throws EvidenceFault that says more, or `fault` itself
   */
  frameOf(space: AddressSpace, hi: number, lo: number, fault: EvidenceFault): number;
}

const unheard: Note = () => undefined;

/** Virtual memory: one page-table root over one physical memory, with a TLB in front. */
export class AddressSpace {
  readonly memory: PhysicalMemory;
  readonly paging: Paging;
  /** Where a walk over what is read here says what it lacks: the kernel that takes the space for its own listens. */
  note: Note = unheard;
  readonly #tagHi: Int32Array;
  readonly #tagPage: Int32Array;
  readonly #frame: Float64Array;
  readonly #slotMask: number;
  readonly #linear: LinearAreas | null;
  readonly #finder: PageFinder | null;
  /** Slots whose translation was calculated. */
  #calculated: number[] = [];

  /**
   * `slots`, a power of two: how many translations are remembered. `linear`: how addresses are translated whose page
   * tables are missing from the snapshot; where it is left out, they are not. `finder` is asked for every page that the
   * tables do not map.
   */
  constructor(
    memory: PhysicalMemory,
    paging: Paging,
    slots = TLB_SLOTS,
    linear: LinearAreas | null = null,
    finder: PageFinder | null = null,
  ) {
    this.memory = memory;
    this.paging = paging;
    this.#linear = linear;
    this.#finder = finder;
    this.#tagHi = new Int32Array(slots);
    this.#tagPage = new Int32Array(slots).fill(-1);
    this.#frame = new Float64Array(slots);
    this.#slotMask = slots - 1;
  }

  /** The same physical memory through another page-table root: a process's own space. */
  withRoot(root: PhysicalAddress, finder: PageFinder | null = null): AddressSpace {
    const space = new AddressSpace(this.memory, this.paging.withRoot(root), PROCESS_TLB_SLOTS, null, finder);
    space.note = this.note;
    return space;
  }

  /**
   * The same tables, where one that is missing is made up for by what is known of the areas that `find` gives. It is
   * asked when the first is missing.
   */
  withLinearAreas(find: () => readonly LinearArea[]): AddressSpace {
    return new AddressSpace(this.memory, this.paging, TLB_SLOTS, new LinearAreas(find));
  }

  /** The same space as it was before anything was read through it. */
  anew(): AddressSpace {
    return new AddressSpace(this.memory, this.paging, TLB_SLOTS, this.#linear?.anew() ?? null);
  }

  /** What was calculated since the last call, since page tables are missing. Whoever reads it again hears it again. */
  drainCalculated(): string[] {
    for (const slot of this.#calculated) this.#tagPage[slot] = -1;
    this.#calculated = [];
    return this.#linear?.drain() ?? [];
  }

  /** The physical address behind `address`. @throws EvidenceFault */
  translate(address: VirtualAddress): PhysicalAddress {
    return this.locate(highWord(address), lowWord(address));
  }

  /** `translate` for an address already split into words: the hot path. @throws EvidenceFault */
  locate(hi: number, lo: number): PhysicalAddress {
    const page = lo >>> 12;
    const slot = page & this.#slotMask;
    if (this.#tagPage[slot] !== page || this.#tagHi[slot] !== hi) {
      this.#frame[slot] = this.#walk(hi, lo);
      this.#tagPage[slot] = page;
      this.#tagHi[slot] = hi;
    }
    return (this.#frame[slot]! + (lo & 0xfff)) as PhysicalAddress;
  }

  /** Whether `address` translates and the snapshot holds the page. */
  isReadable(address: VirtualAddress): boolean {
    try {
      return this.memory.has(this.translate(address));
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }

  /** The byte `offset` bytes past (hi, lo). @throws EvidenceFault */
  u8(hi: number, lo: number, offset: number): number {
    const low = (lo + offset) | 0;
    return this.memory.u8(this.locate(carry(hi, lo, low, offset), low));
  }

  /** The unsigned 16-bit word `offset` bytes past (hi, lo). @throws EvidenceFault */
  u16(hi: number, lo: number, offset: number): number {
    return this.u8(hi, lo, offset) | (this.u8(hi, lo, offset + 1) << 8);
  }

  /** The int32 `offset` bytes past (hi, lo). Evidence may hold unaligned pointers, so it may straddle two pages. @throws EvidenceFault */
  i32(hi: number, lo: number, offset: number): number {
    const low = (lo + offset) | 0;
    const high = carry(hi, lo, low, offset);
    if ((low & 0xfff) <= 0xffc) return this.memory.i32(this.locate(high, low));
    let value = 0;
    for (let i = 0; i < 4; i++) value |= this.u8(high, low, i) << (8 * i);
    return value;
  }

  /** The unsigned 64-bit word `offset` bytes past (hi, lo). @throws EvidenceFault */
  u64(hi: number, lo: number, offset: number): bigint {
    const low = this.i32(hi, lo, offset);
    return fromWords(this.i32(hi, lo, offset + 4), low);
  }

  /** Whether the page of the byte `offset` bytes past (hi, lo) holds nothing but zeros. @throws EvidenceFault */
  isBlank(hi: number, lo: number, offset: number): boolean {
    const low = (lo + offset) | 0;
    return this.memory.isBlank(this.locate(carry(hi, lo, low, offset), low));
  }

  /** `isBlank` for an address that is not split into words. @throws EvidenceFault */
  isBlankAt(address: VirtualAddress): boolean {
    return this.isBlank(highWord(address), lowWord(address), 0);
  }

  /** `length` bytes from `address` on, as a copy. @throws EvidenceFault at the first byte that cannot be read */
  bytes(address: VirtualAddress, length: number): Uint8Array {
    const into = new Uint8Array(length);
    const had = this.#fill(address, into);
    if (had < length) this.memory.u8(this.translate(address + BigInt(had))); // throws, saying why
    return into;
  }

  /** As many bytes from `address` on as can be read in one piece, at most `length`. Never throws for missing memory. */
  readableBytes(address: VirtualAddress, length: number): Uint8Array {
    const into = new Uint8Array(length);
    return into.subarray(0, this.#fill(address, into));
  }

  /** Bytes up to the first NUL, at most `limit`; without the NUL. @throws EvidenceFault */
  cString(address: VirtualAddress, limit: number): Uint8Array {
    let length = 256;
    for (;;) {
      const bytes = this.readableBytes(address, Math.min(length, limit));
      const end = bytes.indexOf(0);
      if (end >= 0) return bytes.subarray(0, end);
      if (bytes.length < Math.min(length, limit))
        this.u8(highWord(address + BigInt(bytes.length)), lowWord(address + BigInt(bytes.length)), 0); // throws
      if (length >= limit) return bytes;
      length *= 4;
    }
  }

  /**
   * The walk, where a table that is missing can be made up for. An entry that maps nothing is believed, unless somebody
   * knows where its page is. @throws EvidenceFault
   */
  #walk(hi: number, lo: number): number {
    try {
      return this.paging.walk(this.memory, hi, lo);
    } catch (fault) {
      if (this.#finder !== null && fault instanceof EvidenceFault)
        return this.#finder.frameOf(this, hi, lo, fault);
      const isMissing = this.#linear !== null && fault instanceof NotInSnapshot;
      const frame = isMissing ? this.#linear!.frameOf(hi, lo, fault) : -1;
      if (frame === -1) throw fault;
      this.#calculated.push((lo >>> 12) & this.#slotMask);
      return frame;
    }
  }

  #fill(address: VirtualAddress, into: Uint8Array): number {
    let done = 0;
    try {
      while (done < into.length) {
        const at = this.translate(BigInt.asUintN(64, address + BigInt(done)));
        const piece = this.memory.restOfPage(at, into.length - done);
        into.set(piece, done);
        done += piece.length;
      }
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
    }
    return done;
  }
}

/** The high word after adding `offset` to (hi, lo) gave `low`; offsets may be negative. */
const carry = (hi: number, lo: number, low: number, offset: number): number =>
  offset >= 0 ? (low >>> 0 < lo >>> 0 ? (hi + 1) | 0 : hi) : low >>> 0 > lo >>> 0 ? (hi - 1) | 0 : hi;
