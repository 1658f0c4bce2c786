// The kernel's image as one array of bytes to search.
// What the snapshot lacks is zeros.
import { highWord, lowWord, physical } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import { PAGE_BYTES } from '../../../memory/source.ts';
import { IMAGE_REACH_BYTES } from '../image.ts';

/** A kernel's image in one piece, to be searched: whatever lies as far from its start as images reach. */
export class KernelImage {
  /** Virtual address of the first byte. */
  readonly base: bigint;
  readonly bytes: Buffer;
  readonly #view: DataView;

  constructor(base: bigint, bytes: Buffer) {
    this.base = base;
    this.bytes = bytes;
    this.#view = viewOf(bytes);
  }

  /** Where `address` is in `bytes`; −1 where it is not in the image. */
  offsetOf(address: bigint): number {
    const offset = Number(address - this.base);
    return offset >= 0 && offset < this.bytes.length ? offset : -1;
  }

  addressAt(offset: number): bigint {
    return BigInt.asUintN(64, this.base + BigInt(offset));
  }

  /** The pointer-sized word at `address`, or undefined where the image has none there. */
  wordAt(address: bigint): bigint | undefined {
    const offset = this.offsetOf(address);
    return offset < 0 || offset + 8 > this.bytes.length ? undefined : this.#view.getBigUint64(offset, true);
  }

  /** The addresses at which these bytes stand; at most `most` of them, and those that are multiples of `alignment`. */
  *placesOf(needle: Uint8Array, most: number, alignment = 1): Generator<bigint> {
    let left = most;
    for (let at = this.bytes.indexOf(needle); at >= 0 && left > 0; at = this.bytes.indexOf(needle, at + 1)) {
      if (at % alignment !== 0) continue;
      left--;
      yield this.addressAt(at);
    }
  }

  /** The addresses at which a pointer to `target` stands, aligned as pointers are; at most `most` of them. */
  pointersTo(target: bigint, most: number): Generator<bigint> {
    const needle = Buffer.alloc(8);
    needle.writeInt32LE(lowWord(target), 0);
    needle.writeInt32LE(highWord(target), 4);
    return this.placesOf(needle, most, 8);
  }
}

/**
 * The image from `start` on, `delta` = virtual − physical. What the snapshot lacks is zeros: nothing is found there.
 * Most of what is read may lie past the image's end, which nothing tells.
 */
export function readImage(memory: PhysicalMemory, start: bigint, delta: bigint): KernelImage {
  const base = start & ~BigInt(PAGE_BYTES - 1);
  const first = Number(BigInt.asUintN(64, base - delta));
  const length = Math.min(IMAGE_REACH_BYTES, memory.end - first);
  const bytes = Buffer.alloc(Number.isSafeInteger(first) && length > 0 ? length : 0);
  for (let done = 0; done < bytes.length; ) {
    done += memory.readRun(physical(first + done), bytes.subarray(done)) || PAGE_BYTES;
  }
  return new KernelImage(base, bytes);
}
