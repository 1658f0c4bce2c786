// What stands in a piece of memory as one number, made from what the file stores of it. Scanners that reach over its ends
// to different lengths share the work: the middle is summed once, and what lies around it in rings.
import { createCipheriv } from 'node:crypto';
import { type PhysicalAddress, physical } from '../base/address.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES, type StoredPages } from '../memory/source.ts';
import { type Block, overlapOfRing } from './plan.ts';

/** Of an extent's sum, what is known besides what is stored: where it begins in its pages, lead, length, tail. */
const PLACE_BYTES = 16;
/** Of the 32 bytes of a key, the cipher's own and its nonce. */
const CIPHER_KEY_BYTES = 16;
const NONCE_BYTES = 12;
const SUM_BYTES = 16;

/** In place of a sum: there is nothing to remember of zeros. */
export const ZEROS = new Uint8Array(0);
/** A part of which all is zero, among others that are not. */
const ZERO_PART = new Uint8Array(SUM_BYTES);

/** The sums of one extent after the other. */
export class ExtentSums {
  readonly #pages: StoredPages;
  readonly #keys: readonly { readonly cipher: Uint8Array; readonly nonce: Uint8Array }[];
  /** What there is of a part that is zero throughout, and of one that cannot be told. */
  readonly #zeros: readonly Uint8Array[];
  readonly #unknown: readonly null[];
  /** What is summed: the place, then what is stored. */
  readonly #told: Buffer;
  /** The extent at hand, with all that lies around it. */
  #extent: Block = { start: physical(0), length: 0, lead: 0, tail: 0 };
  /** Sums of its parts by their number, one for each key: those that somebody has asked for. */
  readonly #parts: (readonly (Uint8Array | null)[] | undefined)[] = [];

  /** @param rings the widest ring that anybody will ask for */
  constructor(pages: StoredPages, keys: readonly Uint8Array[], mostBytes: number, rings: number) {
    this.#pages = pages;
    this.#keys = keys.map((key) => ({
      cipher: key.subarray(0, CIPHER_KEY_BYTES),
      nonce: key.subarray(CIPHER_KEY_BYTES, CIPHER_KEY_BYTES + NONCE_BYTES),
    }));
    this.#zeros = keys.map(() => ZEROS);
    this.#unknown = keys.map(() => null);
    const { grainBytes, mostBytes: mostOfPiece } = pages;
    // Both ends may begin within a piece.
    const mostPieces = Math.max(mostBytes + 2 * PAGE_BYTES, overlapOfRing(rings)) / grainBytes + 2;
    this.#told = Buffer.alloc(PLACE_BYTES + Math.ceil(mostPieces) * mostOfPiece);
  }

  /** Goes on to an extent. Nothing of it is read yet. */
  begin(extent: Block): void {
    this.#extent = extent;
    this.#parts.length = 0;
  }

  /**
   * The sums of the extent's parts out to a ring, one behind the other: the same for every choice of other rings.
   * @returns `ZEROS` where all of it is zero, null where it cannot be told
   */
  sumOf(key: number, ring: number): Uint8Array | null {
    if (ring === 0) return this.#part(0)[key]!;
    const sums: Uint8Array[] = [];
    let isZero = true;
    for (let part = 0; part <= 2 * ring; part++) {
      const sum = this.#part(part)[key]!;
      if (sum === null) return null;
      isZero &&= sum === ZEROS;
      sums.push(sum === ZEROS ? ZERO_PART : sum);
    }
    return isZero ? ZEROS : Buffer.concat(sums);
  }

  #part(part: number): readonly (Uint8Array | null)[] {
    return (this.#parts[part] ??= this.#summed(part));
  }

  /** Part 0 is the extent with its nearest ring; then come the parts of the wider ones, before it and behind it. */
  #summed(part: number): readonly (Uint8Array | null)[] {
    const ring = Math.ceil(part / 2);
    const [from, to] = this.#bounds(ring);
    if (part === 0) return this.#sum(from, to, ring);
    const [before, behind] = this.#bounds(ring - 1);
    return part % 2 === 1 ? this.#sum(from, before, ring) : this.#sum(behind, to, ring);
  }

  /** Where what is stored of the extent and of its rings up to this one begins and ends. */
  #bounds(ring: number): [from: PhysicalAddress, to: PhysicalAddress] {
    const { start, length, lead, tail } = this.#extent;
    const grain = this.#pages.grainBytes;
    const overlap = overlapOfRing(ring);
    const from = Math.floor((start - Math.min(lead, overlap)) / grain) * grain;
    const to = Math.ceil((start + length + Math.min(tail, overlap)) / grain) * grain;
    return [physical(from), physical(to)];
  }

  /**
   * What a scanner finds in an extent follows from its bytes and those next to it that it is shown.
   *
   * GMAC, the authentication of AES-GCM, takes half the time of SHA-256 (NIST SP 800-38D). With one nonce for all it is
   * a keyed sum: who does not know the key finds two of one sum by chance alone, with 2^-114 for each pair of stretches. Who
   * knows key and sum, as a reader of the store would, could work out sixteen bytes of an extent from all the others:
   * so what is kept is a digest of the sum.
   */
  #sum(from: PhysicalAddress, to: PhysicalAddress, ring: number): readonly (Uint8Array | null)[] {
    if (from >= to) return this.#zeros;
    const had = this.#pages.gather(from, to, this.#told, PLACE_BYTES);
    if (had <= 0) return had === 0 ? this.#zeros : this.#unknown;
    const { start, length, lead, tail } = this.#extent;
    const overlap = overlapOfRing(ring);
    const before = Math.min(lead, overlap);
    const begins = this.#bounds(ring)[0];
    [start - before - begins, before, length, Math.min(tail, overlap)].forEach((word, index) => {
      this.#told.writeUInt32LE(word, 4 * index);
    });
    const told = this.#told.subarray(0, PLACE_BYTES + had);
    return this.#keys.map(({ cipher: key, nonce }) => {
      const cipher = createCipheriv('aes-128-gcm', key, nonce);
      cipher.setAAD(told);
      cipher.final();
      return cipher.getAuthTag();
    });
  }
}

/** Memory that is stored as it is, read for its sums. */
export const pagesOf = (memory: PhysicalMemory): StoredPages =>
  memory.source.stored ?? {
    form: 'plain',
    grainBytes: PAGE_BYTES,
    mostBytes: PAGE_BYTES,
    gather(at, end, into, offset) {
      for (let done = 0; done < end - at; ) {
        const had = memory.readRun(physical(at + done), into.subarray(offset + done, offset + end - at));
        if (had === 0) return -1;
        done += had;
      }
      return end - at;
    },
  };
