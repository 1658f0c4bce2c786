// Pages of a kdump-compressed file, found by their descriptors and unpacked.
// Pages are zlib, or stored as they are.
import { hex } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import type { SnapshotBytes } from './file.ts';
import { FirstByte } from './first-byte.ts';
import { Frames } from './frames.ts';
import { isHad } from './gaps.ts';
import { Inflater } from './inflate.ts';
import { COMPRESSION, type KdumpHeader } from './kdump-header.ts';

/** Bytes of a page descriptor: offset, size, flags, the kernel's page flags. */
const DESCRIPTOR_BYTES = 24;
/** Descriptors read at a time: neighbours are asked for next, and 16 KiB cost little more than 24 bytes. */
const WINDOW = 680;
/** Frames are few in a window and many in a scan of all of them. */
const SCAN_WINDOW = 40_000;

/** No block is larger: what `gather` tells of a page's size leaves this bit free. */
const IS_AGAIN = 2 ** 31;

/** Where a page stands and how it is stored: all of a descriptor but the kernel's page flags. */
interface Stored {
  readonly place: number;
  readonly size: number;
  readonly flags: number;
}

/** Pages that are stored compressed, by their frames. */
export interface PageStore {
  /** Fills `into`, one block long, with the page `frame`. @returns whether it could be had; if not, the file is told why. */
  read(frame: number, into: Uint8Array): boolean;
  /**
   * Writes what is stored of the frames from `first` up to and without `end`: of each whether it is the one before it
   * once more, how long it is and how compressed; then the bytes. @returns how many bytes; 0 where all of these frames
   * are known to be zero, −1 where some of it is not there
   */
  gather(first: number, end: number, into: Buffer, offset: number): number;
  /** The first byte of the page `frame`, told without unpacking it; −1 where only unpacking tells, or it cannot be had. */
  firstByte(frame: number): number;
  /** The offset on disk of the byte `within` the page `frame`, or null where the page is compressed or not stored. */
  position(frame: number, within: number): number | null;
  /**
   * Whether the last descriptors or what they point to lie past the end of the file. Pages are written in order,
   * so a file that was cut lacks these first. A piece that is missing is no end.
   */
  isCut(): boolean;
  /** The stored frames whose descriptor and bytes are in the file. Looks at every descriptor, so it is for cut files only. */
  present(): Frames;
  /** Where the page ends that is stored last. Looks at every descriptor: pages of zeros all stand in front. */
  storedEnd(): number;
}

/** The pages that a kdump file stores: descriptors in the order of the frames, compressed one by one. */
export class KdumpPages implements PageStore {
  /** What `gather` tells of a page before its bytes: its size and whether it is the one before once more, its flags. */
  static readonly toldBytes = 8;
  readonly #file: SnapshotBytes;
  readonly #header: KdumpHeader;
  readonly #stored: Frames;
  readonly #inflater: Inflater;
  readonly #window = Buffer.alloc(WINDOW * DESCRIPTOR_BYTES);
  readonly #view = viewOf(this.#window);
  /** Rank of the first descriptor in the window, and how many are there. */
  #windowFirst = 0;
  #windowCount = 0;
  /** What the descriptors of pages of zeros say, once one was met: dumpers store one such page for all. */
  #zero: Stored | null = null;
  /** What is stored of it, once somebody wanted to know: it stands elsewhere than its neighbours, and is met again and again. */
  #zeroBytes: Uint8Array | null = null;
  /** Where the page stands that was last taken for one of zeros. */
  #notZero = -1;
  /** Where the page stands whose first byte was told last, and that byte: dumpers store equal pages once. */
  readonly #firstByte = new FirstByte();
  #toldPlace = -1;
  #told = -1;

  constructor(file: SnapshotBytes, header: KdumpHeader, stored: Frames) {
    this.#file = file;
    this.#header = header;
    this.#stored = stored;
    this.#inflater = new Inflater(header.blockBytes);
  }

  read(frame: number, into: Uint8Array): boolean {
    const at = this.#soundAt(frame);
    if (at < 0) return this.#fail(frame, 'its descriptor makes no sense');
    if (this.#isZeroDescriptor(at)) {
      into.fill(0);
      return true;
    }
    if (!this.#unpack(frame, at, into)) return false;
    if (this.#zero === null && isZeroPage(into)) {
      const view = this.#view;
      this.#zero = { place: placeIn(view, at), size: sizeIn(view, at), flags: flagsIn(view, at) };
    }
    return true;
  }

  gather(first: number, end: number, into: Buffer, offset: number): number {
    const view = this.#view;
    const rank = this.#stored.rankOf(first);
    // Frames between which none is missing have ranks between which none is.
    if (rank < 0 || this.#stored.rankOf(end - 1) !== rank + (end - 1 - first)) return -1;
    if (this.#zero === null) this.#tryForZero(first, end);
    let packed = offset + KdumpPages.toldBytes * (end - first);
    let [from, length, before] = [-1, 0, -1];
    let isZero = true;
    for (let index = 0; index < end - first; index++) {
      const at = this.#descriptorAt(rank + index);
      if (at < 0 || !this.#isSound(view, at)) return -1;
      isZero &&= this.#isZeroDescriptor(at);
      const place = placeIn(view, at);
      const size = sizeIn(view, at);
      const isAgain = place === before;
      before = place;
      const told = offset + KdumpPages.toldBytes * index;
      into.writeUInt32LE(isAgain ? size + IS_AGAIN : size, told);
      into.writeUInt32LE(flagsIn(view, at), told + 4);
      if (isAgain) continue;
      const zeros = this.#zeroBytesAt(at);
      // Pages are mostly stored one behind the other, and one long read costs less than many.
      if (zeros !== null || place !== from + length) {
        if (length > 0 && this.#file.read(from, into.subarray(packed, packed + length)) < length) return -1;
        [packed, from, length] = [packed + length, place, 0];
      }
      if (zeros === null) {
        length += size;
        continue;
      }
      into.set(zeros, packed);
      [packed, from] = [packed + zeros.length, -1];
    }
    if (isZero) return 0;
    if (length > 0 && this.#file.read(from, into.subarray(packed, packed + length)) < length) return -1;
    return packed + length - offset;
  }

  firstByte(frame: number): number {
    const at = this.#soundAt(frame);
    if (at < 0) return -1;
    if (this.#isZeroDescriptor(at)) return 0;
    const place = placeIn(this.#view, at);
    if (place === this.#toldPlace) return this.#told;
    const flags = flagsIn(this.#view, at);
    const packed = Buffer.allocUnsafe(sizeIn(this.#view, at));
    const isHad = this.#file.read(place, packed) === packed.length;
    this.#toldPlace = place;
    if (!isHad) this.#told = -1;
    else if (flags === COMPRESSION.none) this.#told = packed[0]!;
    else this.#told = flags === COMPRESSION.zlib ? this.#firstByte.of(packed) : -1;
    return this.#told;
  }

  position(frame: number, within: number): number | null {
    const at = this.#soundAt(frame);
    if (at < 0) return null;
    const isPlain = flagsIn(this.#view, at) === COMPRESSION.none;
    return isPlain ? this.#file.position(placeIn(this.#view, at) + within) : null;
  }

  isCut(): boolean {
    if (this.#file.pieces.some(({ state }) => state === null)) return true;
    const { count } = this.#stored;
    for (let rank = Math.max(0, count - WINDOW); rank < count; rank++) {
      const at = this.#descriptorAt(rank);
      if (at < 0 || !this.#isSound(this.#view, at)) return true;
    }
    return false;
  }

  storedEnd(): number {
    const window = Buffer.alloc(SCAN_WINDOW * DESCRIPTOR_BYTES);
    const view = viewOf(window);
    let end = this.#header.descriptors + this.#stored.count * DESCRIPTOR_BYTES;
    for (let rank = 0; rank < this.#stored.count; ) {
      const had = this.#readDescriptors(rank, window);
      if (had === 0) break;
      for (let at = 0; at < had * DESCRIPTOR_BYTES; at += DESCRIPTOR_BYTES)
        if (this.#isSound(view, at)) end = Math.max(end, placeIn(view, at) + sizeIn(view, at));
      rank += had;
    }
    return end;
  }

  present(): Frames {
    const { starts, ends, runs } = this.#stored;
    const present = new Frames();
    const window = Buffer.alloc(SCAN_WINDOW * DESCRIPTOR_BYTES);
    const view = viewOf(window);
    let first = 0;
    let had = 0;
    let rank = 0;
    let lostUntil = 0;
    for (let run = 0; run < runs; run++) {
      for (let frame = starts[run]!; frame < ends[run]!; frame++, rank++) {
        if (rank < lostUntil) continue;
        if (rank >= first + had) {
          first = rank;
          had = this.#readDescriptors(rank, window);
          if (had === 0) {
            lostUntil = this.#nextDescriptor(rank);
            if (lostUntil <= rank) return present;
            continue;
          }
        }
        const isThere = this.#isSound(view, (rank - first) * DESCRIPTOR_BYTES);
        if (isThere && !present.add(frame, frame + 1)) return present;
      }
    }
    return present;
  }

  /** Fills `into` with what the descriptor at `at` in the window tells of. @returns whether it could be had */
  #unpack(frame: number, at: number, into: Uint8Array): boolean {
    const size = sizeIn(this.#view, at);
    const flags = flagsIn(this.#view, at);
    const offset = placeIn(this.#view, at);
    if (flags === COMPRESSION.none && size === into.length) {
      return this.#file.read(offset, into) === size || this.#fail(frame, 'it is cut');
    }
    if (flags !== COMPRESSION.zlib)
      return this.#fail(frame, `its compression ${hex(flags)} is not supported`);
    const packed = Buffer.allocUnsafe(size);
    if (this.#file.read(offset, packed) < size) return this.#fail(frame, 'it is cut');
    return this.#inflater.unpack(packed, into) || this.#fail(frame, 'it does not decompress to a page');
  }

  /** Looks whether a page that two neighbours share is zero, where it is not known to be another. */
  #tryForZero(first: number, end: number): void {
    const one = this.#soundAt(first);
    const offset = one < 0 ? -1 : placeIn(this.#view, one);
    if (offset < 0 || offset === this.#notZero || first + 1 >= end) return;
    const other = this.#soundAt(first + 1);
    if (other < 0 || placeIn(this.#view, other) !== offset) return;
    this.#notZero = offset;
    this.read(first, new Uint8Array(this.#header.blockBytes));
  }

  /** Offset in the window of the descriptor of `frame`, or −1 where it is not stored or its descriptor makes no sense. */
  #soundAt(frame: number): number {
    const rank = this.#stored.rankOf(frame);
    const at = rank < 0 ? -1 : this.#descriptorAt(rank);
    return at >= 0 && this.#isSound(this.#view, at) ? at : -1;
  }

  /** What is stored of the page of zeros, where the descriptor at `at` tells of that; null where it does not, or it cannot be had. */
  #zeroBytesAt(at: number): Uint8Array | null {
    const zero = this.#zero;
    if (zero === null || !this.#isZeroDescriptor(at)) return null;
    if (this.#zeroBytes === null) {
      const bytes = new Uint8Array(zero.size);
      if (this.#file.read(zero.place, bytes) === bytes.length) this.#zeroBytes = bytes;
    }
    return this.#zeroBytes;
  }

  #isZeroDescriptor(at: number): boolean {
    const zero = this.#zero;
    const view = this.#view;
    return (
      zero !== null &&
      placeIn(view, at) === zero.place &&
      sizeIn(view, at) === zero.size &&
      flagsIn(view, at) === zero.flags
    );
  }

  /** Offset in the window of descriptor `rank`, or −1 where the file has no such. */
  #descriptorAt(rank: number): number {
    if (rank < this.#windowFirst || rank >= this.#windowFirst + this.#windowCount) {
      this.#windowFirst = Math.floor(rank / WINDOW) * WINDOW;
      this.#windowCount = this.#readDescriptors(this.#windowFirst, this.#window);
      if (rank >= this.#windowFirst + this.#windowCount) {
        // A piece of the file may be missing in front of it.
        this.#windowFirst = rank;
        this.#windowCount = this.#readDescriptors(rank, this.#window);
        if (this.#windowCount === 0) return -1;
      }
    }
    return (rank - this.#windowFirst) * DESCRIPTOR_BYTES;
  }

  /** The first descriptor that stands behind the missing piece in which `rank` stands; `rank` where none is missing there. */
  #nextDescriptor(rank: number): number {
    const { descriptors } = this.#header;
    const end = descriptors + (rank + 1) * DESCRIPTOR_BYTES;
    const gap = this.#file.pieces.find(
      ({ state, offset, sizeBytes }) =>
        state === null && offset < end && offset + sizeBytes > end - DESCRIPTOR_BYTES,
    );
    return gap === undefined
      ? rank
      : Math.ceil((gap.offset + gap.sizeBytes - descriptors) / DESCRIPTOR_BYTES);
  }

  #readDescriptors(rank: number, into: Buffer): number {
    const offset = this.#header.descriptors + rank * DESCRIPTOR_BYTES;
    const wanted = Math.min(into.length, (this.#stored.count - rank) * DESCRIPTOR_BYTES);
    const length = Math.min(wanted, Math.max(0, this.#file.sizeBytes - offset));
    return Math.floor(this.#file.read(offset, into.subarray(0, length)) / DESCRIPTOR_BYTES);
  }

  /** A page never grows by compression (QEMU and makedumpfile then store it plainly), and cannot lie in the header. */
  #isSound(view: DataView, at: number): boolean {
    const offset = placeIn(view, at);
    const size = sizeIn(view, at);
    const isSized = size > 0 && size <= this.#header.blockBytes;
    return isSized && offset >= this.#header.descriptors && isHad(this.#file, offset, size);
  }

  #fail(frame: number, why: string): false {
    this.#file.trouble(`physical page ${hex(frame * this.#header.blockBytes)} cannot be read: ${why}`);
    return false;
  }
}

/** Where the page of the descriptor at `at` stands. Sums past 2^53 are inexact, and past the end of any file. */
const placeIn = (window: DataView, at: number): number =>
  window.getUint32(at, true) + window.getUint32(at + 4, true) * 2 ** 32;

const sizeIn = (window: DataView, at: number): number => window.getUint32(at + 8, true);

const flagsIn = (window: DataView, at: number): number => window.getUint32(at + 12, true);

/** As many as the largest block has. */
const ZEROS = Buffer.alloc(65536);

const isZeroPage = (page: Uint8Array): boolean => ZEROS.compare(page, 0, page.length, 0, page.length) === 0;
