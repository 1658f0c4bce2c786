import { inflateSync } from 'node:zlib';
import { hex } from '../base/address.ts';
import type { SnapshotBytes } from './file.ts';
import { Frames } from './frames.ts';
import { COMPRESSION, type KdumpHeader } from './kdump-header.ts';

/** Bytes of a page descriptor: offset, size, flags, the kernel's page flags. */
const DESCRIPTOR_BYTES = 24;
/** What of it says where a page stands and how it is stored: all but the kernel's page flags. */
const MEANT_BYTES = 16;
/** Descriptors read at a time: neighbours are asked for next, and 16 KiB cost little more than 24 bytes. */
const WINDOW = 680;
/** Frames are few in a window and many in a scan of all of them. */
const SCAN_WINDOW = 40_000;

/** The pages that a kdump file stores: descriptors in the order of the frames, compressed one by one. */
export class KdumpPages {
  /** What `gather` tells of a page before its bytes. */
  static readonly toldBytes = 1 + MEANT_BYTES - 8;
  readonly #file: SnapshotBytes;
  readonly #header: KdumpHeader;
  readonly #stored: Frames;
  readonly #window = Buffer.alloc(WINDOW * DESCRIPTOR_BYTES);
  /** Rank of the first descriptor in the window, and how many are there. */
  #windowFirst = 0;
  #windowCount = 0;
  /** What the descriptors of pages of zeros begin with, once one was met: dumpers store one such page for all. */
  #zero: Buffer | null = null;
  /** Where the page stands that was last taken for one of zeros. */
  #notZero = -1;

  constructor(file: SnapshotBytes, header: KdumpHeader, stored: Frames) {
    this.#file = file;
    this.#header = header;
    this.#stored = stored;
  }

  /** Fills `into`, one block long, with the page `frame`. @returns whether it could be had; if not, the file is told why. */
  read(frame: number, into: Uint8Array): boolean {
    const at = this.#soundAt(frame);
    if (at < 0) return this.#fail(frame, 'its descriptor makes no sense');
    if (this.#isZeroDescriptor(at)) {
      into.fill(0);
      return true;
    }
    if (!this.#unpack(frame, at, into)) return false;
    if (this.#zero === null && isZeroPage(into))
      this.#zero = Buffer.from(this.#window.subarray(at, at + MEANT_BYTES));
    return true;
  }

  /**
   * Writes what is stored of the frames from `first` up to and without `end`: of each whether it is the one before it
   * once more, how long it is and how compressed; then the bytes. @returns how many bytes; 0 where all of these frames
   * are known to be zero, −1 where some of it is not there
   */
  gather(first: number, end: number, into: Buffer, offset: number): number {
    let told = offset;
    let packed = offset + KdumpPages.toldBytes * (end - first);
    let [from, length, before] = [-1, 0, -1];
    let isZero = true;
    if (this.#zero === null) this.#tryForZero(first, end);
    for (let frame = first; frame < end; frame++, told += KdumpPages.toldBytes) {
      const at = this.#soundAt(frame);
      if (at < 0) return -1;
      isZero &&= this.#isZeroDescriptor(at);
      const place = offsetIn(this.#window, at);
      const isAgain = place === before;
      before = place;
      into[told] = isAgain ? 1 : 0;
      this.#window.copy(into, told + 1, at + 8, at + MEANT_BYTES);
      if (isAgain) continue;
      // Pages are mostly stored one behind the other, and one long read costs less than many.
      if (place !== from + length) {
        if (length > 0 && this.#file.read(from, into.subarray(packed, packed + length)) < length) return -1;
        [packed, from, length] = [packed + length, place, 0];
      }
      length += this.#window.readUInt32LE(at + 8);
    }
    if (isZero) return 0;
    if (length > 0 && this.#file.read(from, into.subarray(packed, packed + length)) < length) return -1;
    return packed + length - offset;
  }

  /** The offset on disk of the byte `within` the page `frame`, or null where the page is compressed or not stored. */
  position(frame: number, within: number): number | null {
    const at = this.#soundAt(frame);
    if (at < 0) return null;
    const isPlain = this.#window.readUInt32LE(at + 12) === COMPRESSION.none;
    return isPlain ? this.#file.position(offsetIn(this.#window, at) + within) : null;
  }

  /**
   * Whether the last descriptors or what they point to lie past the end of the file. Pages are written in order,
   * so a file that was cut lacks these first.
   */
  isCut(): boolean {
    const { count } = this.#stored;
    for (let rank = Math.max(0, count - WINDOW); rank < count; rank++) {
      const at = this.#descriptorAt(rank);
      if (at < 0 || !this.#isSound(this.#window, at)) return true;
    }
    return false;
  }

  /** The stored frames whose descriptor and bytes are in the file. Looks at every descriptor, so it is for cut files only. */
  present(): Frames {
    const { starts, ends, runs } = this.#stored;
    const present = new Frames();
    const window = Buffer.alloc(SCAN_WINDOW * DESCRIPTOR_BYTES);
    let first = 0;
    let had = 0;
    let rank = 0;
    for (let run = 0; run < runs; run++) {
      for (let frame = starts[run]!; frame < ends[run]!; frame++, rank++) {
        if (rank >= first + had) {
          first = rank;
          had = this.#readDescriptors(rank, window);
          if (had === 0) return present;
        }
        const isThere = this.#isSound(window, (rank - first) * DESCRIPTOR_BYTES);
        if (isThere && !present.add(frame, frame + 1)) return present;
      }
    }
    return present;
  }

  /** Fills `into` with what the descriptor at `at` in the window tells of. @returns whether it could be had */
  #unpack(frame: number, at: number, into: Uint8Array): boolean {
    const size = this.#window.readUInt32LE(at + 8);
    const flags = this.#window.readUInt32LE(at + 12);
    const offset = offsetIn(this.#window, at);
    if (flags === COMPRESSION.none && size === into.length) {
      return this.#file.read(offset, into) === size || this.#fail(frame, 'it is cut');
    }
    if (flags !== COMPRESSION.zlib)
      return this.#fail(frame, `its compression ${hex(flags)} is not supported`);
    const packed = Buffer.allocUnsafe(size);
    if (this.#file.read(offset, packed) < size) return this.#fail(frame, 'it is cut');
    return inflate(packed, into) || this.#fail(frame, 'it does not decompress to a page');
  }

  /** Looks whether a page that two neighbours share is zero, where it is not known to be another. */
  #tryForZero(first: number, end: number): void {
    const one = this.#soundAt(first);
    const offset = one < 0 ? -1 : offsetIn(this.#window, one);
    if (offset < 0 || offset === this.#notZero || first + 1 >= end) return;
    const other = this.#soundAt(first + 1);
    if (other < 0 || offsetIn(this.#window, other) !== offset) return;
    this.#notZero = offset;
    this.read(first, new Uint8Array(this.#header.blockBytes));
  }

  /** Offset in the window of the descriptor of `frame`, or −1 where it is not stored or its descriptor makes no sense. */
  #soundAt(frame: number): number {
    const rank = this.#stored.rankOf(frame);
    const at = rank < 0 ? -1 : this.#descriptorAt(rank);
    return at >= 0 && this.#isSound(this.#window, at) ? at : -1;
  }

  #isZeroDescriptor(at: number): boolean {
    return (
      this.#zero !== null && this.#window.compare(this.#zero, 0, MEANT_BYTES, at, at + MEANT_BYTES) === 0
    );
  }

  /** Offset in the window of descriptor `rank`, or −1 where the file has no such. */
  #descriptorAt(rank: number): number {
    if (rank < this.#windowFirst || rank >= this.#windowFirst + this.#windowCount) {
      this.#windowFirst = Math.floor(rank / WINDOW) * WINDOW;
      this.#windowCount = this.#readDescriptors(this.#windowFirst, this.#window);
      if (rank >= this.#windowFirst + this.#windowCount) return -1;
    }
    return (rank - this.#windowFirst) * DESCRIPTOR_BYTES;
  }

  #readDescriptors(rank: number, into: Buffer): number {
    const offset = this.#header.descriptors + rank * DESCRIPTOR_BYTES;
    const wanted = Math.min(into.length, (this.#stored.count - rank) * DESCRIPTOR_BYTES);
    const length = Math.min(wanted, Math.max(0, this.#file.sizeBytes - offset));
    return Math.floor(this.#file.read(offset, into.subarray(0, length)) / DESCRIPTOR_BYTES);
  }

  /** A page never grows by compression (QEMU and makedumpfile then store it plainly), and cannot lie in the header. */
  #isSound(window: Buffer, at: number): boolean {
    const offset = offsetIn(window, at);
    const size = window.readUInt32LE(at + 8);
    const isSized = size > 0 && size <= this.#header.blockBytes;
    return isSized && offset >= this.#header.descriptors && offset + size <= this.#file.sizeBytes;
  }

  #fail(frame: number, why: string): false {
    this.#file.trouble(`physical page ${hex(frame * this.#header.blockBytes)} cannot be read: ${why}`);
    return false;
  }
}

/** Where the page of the descriptor at `at` stands. Sums past 2^53 are inexact, and past the end of any file. */
const offsetIn = (window: Buffer, at: number): number =>
  window.readUInt32LE(at) + window.readUInt32LE(at + 4) * 2 ** 32;

/** As many as the largest block has. */
const ZEROS = Buffer.alloc(65536);

const isZeroPage = (page: Uint8Array): boolean => ZEROS.compare(page, 0, page.length, 0, page.length) === 0;

/** Inflates to exactly the length of `into`; a bomb is stopped there. */
function inflate(packed: Uint8Array, into: Uint8Array): boolean {
  try {
    // One chunk a little larger than the page: zlib then allocates once, and is a quarter faster.
    const page = inflateSync(packed, { chunkSize: into.length + 64, maxOutputLength: into.length });
    if (page.length !== into.length) return false;
    into.set(page);
    return true;
  } catch {
    return false;
  }
}
