import { inflateSync } from 'node:zlib';
import { hex } from '../base/address.ts';
import type { SnapshotBytes } from './file.ts';
import { Frames } from './frames.ts';
import { COMPRESSION, type KdumpHeader } from './kdump-header.ts';

/** Bytes of a page descriptor: offset, size, flags, the kernel's page flags. */
const DESCRIPTOR_BYTES = 24;
/** Descriptors read at a time: neighbours are asked for next, and 16 KiB cost little more than 24 bytes. */
const WINDOW = 680;
/** Frames are few in a window and many in a scan of all of them. */
const SCAN_WINDOW = 40_000;

/** The pages that a kdump file stores: descriptors in the order of the frames, compressed one by one. */
export class KdumpPages {
  readonly #file: SnapshotBytes;
  readonly #header: KdumpHeader;
  readonly #stored: Frames;
  readonly #window = Buffer.alloc(WINDOW * DESCRIPTOR_BYTES);
  /** Rank of the first descriptor in the window, and how many are there. */
  #windowFirst = 0;
  #windowCount = 0;

  constructor(file: SnapshotBytes, header: KdumpHeader, stored: Frames) {
    this.#file = file;
    this.#header = header;
    this.#stored = stored;
  }

  /** Fills `into`, one block long, with the page `frame`. @returns whether it could be had; if not, the file is told why. */
  read(frame: number, into: Uint8Array): boolean {
    const rank = this.#stored.rankOf(frame);
    const at = rank < 0 ? -1 : this.#descriptorAt(rank);
    if (at < 0 || !this.#isSound(this.#window, at)) return this.#fail(frame, 'its descriptor makes no sense');
    const size = this.#window.readUInt32LE(at + 8);
    const flags = this.#window.readUInt32LE(at + 12);
    const offset = Number(this.#window.readBigUInt64LE(at));
    if (flags === COMPRESSION.none && size === into.length) {
      return this.#file.read(offset, into) === size || this.#fail(frame, 'it is cut');
    }
    if (flags !== COMPRESSION.zlib)
      return this.#fail(frame, `its compression ${hex(flags)} is not supported`);
    const packed = Buffer.allocUnsafe(size);
    if (this.#file.read(offset, packed) < size) return this.#fail(frame, 'it is cut');
    return inflate(packed, into) || this.#fail(frame, 'it does not decompress to a page');
  }

  /** The offset on disk of the byte `within` the page `frame`, or null where the page is compressed or not stored. */
  position(frame: number, within: number): number | null {
    const rank = this.#stored.rankOf(frame);
    const at = rank < 0 ? -1 : this.#descriptorAt(rank);
    if (at < 0 || !this.#isSound(this.#window, at)) return null;
    const isPlain = this.#window.readUInt32LE(at + 12) === COMPRESSION.none;
    return isPlain ? this.#file.position(Number(this.#window.readBigUInt64LE(at)) + within) : null;
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
    const offset = window.readUInt32LE(at) + window.readUInt32LE(at + 4) * 2 ** 32;
    const size = window.readUInt32LE(at + 8);
    const isSized = size > 0 && size <= this.#header.blockBytes;
    return isSized && offset >= this.#header.descriptors && offset + size <= this.#file.sizeBytes;
  }

  #fail(frame: number, why: string): false {
    this.#file.trouble(`physical page ${hex(frame * this.#header.blockBytes)} cannot be read: ${why}`);
    return false;
  }
}

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
