import crypto, { createCipheriv, createHash } from 'node:crypto';
import { type PhysicalAddress, physical } from '../base/address.ts';
import { type ExtentMemory, TAG_BYTES } from '../memory/extents.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES, type StoredPages } from '../memory/source.ts';
import type { Block } from './plan.ts';
import type { Scanner } from './scanner.ts';

/**
 * Bytes of an extent. Larger ones are hashed at less cost, smaller ones are changed less often. With kdump pages of
 * four guests minutes apart 16 and 32 KiB are equally good, and half as many tags are half as much to keep.
 */
const EXTENT_BYTES = 32768;
/** Tags that are taken from a store or given to it, 16 MiB of them: of 32 GiB of memory in use. */
export const MAXIMUM_TAGS = 2 ** 20;

/** What a thread must know to recognise extents. Survives `postMessage`, and is shared by all threads. */
export interface Recognition {
  /** What tags are made with: follows from the store's secret, and from what they are about besides bytes. */
  readonly key: Uint8Array;
  /** A hash table of tags: four words each, open addressing, a power of two of places. All zero: a free place. */
  readonly table: Int32Array;
}

/** An extent and its tag. */
export interface Tagged {
  readonly extent: Block;
  /** Null where the extent cannot be told by a tag, and is looked at. */
  readonly tag: Buffer | null;
  /** True where a scanner has looked at it before and found nothing, or where it is zero throughout. */
  readonly isKnown: boolean;
}

/**
 * How extents of `memory` are told from what `known` remembers. Undefined where looking is cheaper than telling:
 * where pages need no unpacking and the scanner is faster than a hash.
 */
export function recognitionOf(
  scanner: Scanner<unknown>,
  memory: PhysicalMemory,
  known: ExtentMemory,
): Recognition | undefined {
  if (memory.source.stored === undefined && scanner.isSlow !== true) return undefined;
  const { form, grainBytes } = pagesOf(memory);
  const about = JSON.stringify([scanner.name, scanner.version, scanner.overlapBytes, form, grainBytes]);
  const key = new Uint8Array(createHash('sha256').update(known.secret).update(about).digest());
  return { key, table: tableOf(known.recall()) };
}

/** Whether nothing is remembered. */
export const isEmpty = ({ table }: Recognition): boolean => table.every((word) => word === 0);

/** Of an extent's tag, what is known besides what is stored: where it begins in its pages, lead, length, tail. */
const PLACE_BYTES = 16;
/** Of the 32 bytes of a key, the cipher's own and its nonce. */
const CIPHER_KEY_BYTES = 16;
const NONCE_BYTES = 12;

/** Cuts blocks into extents and tells by their tags which of them need not be looked at again. */
export class Recogniser {
  readonly #pages: StoredPages;
  readonly #table: Int32Array;
  /** The scanner's overlap in whole pages. */
  readonly overlapBytes: number;
  readonly #step: number;
  readonly #key: Uint8Array;
  readonly #nonce: Uint8Array;
  /** What is tagged: the place, then what is stored. */
  readonly #told: Buffer;

  constructor(memory: PhysicalMemory, scanner: Scanner<unknown>, { key, table }: Recognition) {
    this.#pages = pagesOf(memory);
    this.#table = table;
    this.overlapBytes = Math.ceil(scanner.overlapBytes / PAGE_BYTES) * PAGE_BYTES;
    const { grainBytes, mostBytes } = this.#pages;
    this.#step = Math.ceil(EXTENT_BYTES / grainBytes) * grainBytes;
    // Both ends may begin within a piece.
    const mostPieces = (this.#step + 2 * this.overlapBytes) / grainBytes + 2;
    this.#told = Buffer.alloc(PLACE_BYTES + Math.ceil(mostPieces) * mostBytes);
    this.#key = key.subarray(0, CIPHER_KEY_BYTES);
    this.#nonce = key.subarray(CIPHER_KEY_BYTES, CIPHER_KEY_BYTES + NONCE_BYTES);
  }

  /** The extents of a block in their order. */
  *extentsOf(block: Block): Generator<Tagged> {
    const grain = this.#pages.grainBytes;
    for (let at = 0; at < block.length; at += this.#step) {
      const extent = partOf(block, at, Math.min(at + this.#step, block.length), this.overlapBytes);
      const from = physical(Math.floor((extent.start - extent.lead) / grain) * grain);
      const to = physical(Math.ceil((extent.start + extent.length + extent.tail) / grain) * grain);
      const had = this.#pages.gather(from, to, this.#told, PLACE_BYTES);
      const tag = had > 0 ? this.#tagOf(extent, from, PLACE_BYTES + had) : null;
      yield { extent, tag, isKnown: had === 0 || (tag !== null && has(this.#table, tag)) };
    }
  }

  /**
   * What a scanner finds in an extent follows from its bytes and those next to it that it is shown.
   *
   * GMAC, the authentication of AES-GCM, takes half the time of SHA-256 (NIST SP 800-38D). With one nonce for all it is
   * a keyed sum: who does not know the key finds two extents of one sum by chance alone, with 2^-117 for each pair. Who
   * knows key and sum, as a reader of the store would, could work out sixteen bytes of an extent from all the others:
   * so what is kept is a digest of the sum.
   */
  #tagOf({ start, length, lead, tail }: Block, from: PhysicalAddress, end: number): Buffer {
    [start - lead - from, lead, length, tail].forEach((word, index) => {
      this.#told.writeUInt32LE(word, 4 * index);
    });
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce);
    cipher.setAAD(this.#told.subarray(0, end));
    cipher.final();
    return sha256(Buffer.concat([this.#key, cipher.getAuthTag()])).subarray(0, TAG_BYTES);
  }
}

/** Since Node 20.12 in one step, which for so few bytes takes half the time. */
const sha256: (bytes: Uint8Array) => Buffer =
  typeof crypto.hash === 'function'
    ? (bytes) => crypto.hash('sha256', bytes, 'buffer')
    : (bytes) => createHash('sha256').update(bytes).digest();

/** The part of `block` from byte `from` up to and without byte `to`, as a block of its own. */
export function partOf(block: Block, from: number, to: number, overlapBytes: number): Block {
  return {
    start: physical(block.start + from),
    length: to - from,
    lead: Math.min(overlapBytes, block.lead + from),
    tail: Math.min(overlapBytes, block.length + block.tail - to),
  };
}

/** Memory that is stored as it is, read for its hash. */
const pagesOf = (memory: PhysicalMemory): StoredPages =>
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

/** The hash table of some tags, in memory that threads share. */
function tableOf(tags: Uint8Array): Int32Array {
  const count = Math.min(MAXIMUM_TAGS, Math.floor(tags.length / TAG_BYTES));
  const places = 2 ** Math.ceil(Math.log2(2 * count + 2));
  const table = new Int32Array(new SharedArrayBuffer(places * TAG_BYTES));
  // A copy, because words must stand at multiples of four. A Buffer's own `slice` would be none, and its memory a pool.
  const words = new Int32Array(Uint8Array.from(tags.subarray(0, count * TAG_BYTES)).buffer);
  for (let at = 0; at < words.length; at += 4) {
    const place = placeOf(table, words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!);
    table.set(words.subarray(at, at + 4), place);
  }
  return table;
}

function has(table: Int32Array, tag: Buffer): boolean {
  const [a, b, c, d] = [0, 4, 8, 12].map((at) => tag.readInt32LE(at)) as [number, number, number, number];
  const place = placeOf(table, a, b, c, d);
  return table[place] === a && table[place + 1] === b && table[place + 2] === c && table[place + 3] === d;
}

/** Where in the table the tag of these words is, or the free place where it would be. Half of all places are free. */
function placeOf(table: Int32Array, a: number, b: number, c: number, d: number): number {
  const mask = table.length - 1;
  for (let at = (a & (table.length / 4 - 1)) * 4; ; at = (at + 4) & mask) {
    const [w, x, y, z] = [table[at], table[at + 1], table[at + 2], table[at + 3]];
    if ((w === a && x === b && y === c && z === d) || (w === 0 && x === 0 && y === 0 && z === 0)) return at;
  }
}
