import { createCipheriv } from 'node:crypto';
import { physical } from '../base/address.ts';
import { sha256 } from '../memory/digest.ts';
import { type ExtentMemory, TAG_BYTES } from '../memory/extents.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import { PAGE_BYTES, type StoredPages } from '../memory/source.ts';
import type { Block } from './plan.ts';
import type { Scanner } from './scanner.ts';
import { isKnown, stretchIn, stretchOf, type TagTable, tagTableOf } from './tag-table.ts';

/**
 * Bytes of an extent. Larger ones are hashed at less cost, smaller ones are changed less often. With kdump pages of
 * four guests minutes apart 16 and 32 KiB are equally good, and half as many tags are half as much to keep.
 */
const EXTENT_BYTES = 32768;
/**
 * Neighbouring extents that are first told as one, by a tag of their own: in minutes an idle guest changes a tenth of
 * such stretches, and one hash over much costs less than many over little.
 */
const STRETCH_EXTENTS = 8;
/** Changes with what is told, and with how tags are kept. */
const LAYOUT = 2;

/** What a thread must know to recognise extents. Survives `postMessage`, and is shared by all threads. */
export interface Recognition {
  /** What tags are made with: follows from the store's secret, and from what they are about besides bytes. */
  readonly key: Uint8Array;
  readonly table: TagTable;
}

/** An extent and its tag. */
export interface Tagged {
  readonly extent: Block;
  /** Null where the extent cannot be told by a tag, and is looked at. */
  readonly tag: Uint8Array | null;
  /** True where a scanner has looked at it before and found nothing, or where it is zero throughout. */
  readonly isKnown: boolean;
}

/** Neighbouring extents. */
export interface Stretch {
  /** Null where it cannot be told by a tag, or has one extent only. */
  readonly tag: Uint8Array | null;
  /** Where a scanner has looked at all of it before and found nothing: the tags that are remembered of it. Else null. */
  readonly known: Uint8Array | null;
  /** In their order; none where it is known. */
  readonly extents: readonly Tagged[];
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
  const about = JSON.stringify([
    LAYOUT,
    scanner.name,
    scanner.version,
    scanner.overlapBytes,
    form,
    grainBytes,
  ]);
  const key = new Uint8Array(sha256(Buffer.concat([known.secret, Buffer.from(about)])));
  return { key, table: tagTableOf(known.recall()) };
}

/** Of an extent's tag, what is known besides what is stored: where it begins in its pages, lead, length, tail. */
const PLACE_BYTES = 16;
/** Of the 32 bytes of a key, the cipher's own and its nonce. */
const CIPHER_KEY_BYTES = 16;
const NONCE_BYTES = 12;

/** Cuts blocks into stretches and those into extents, and tells by their tags which need not be looked at again. */
export class Recogniser {
  readonly #pages: StoredPages;
  readonly #table: TagTable;
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
    const mostPieces = (STRETCH_EXTENTS * this.#step + 2 * this.overlapBytes) / grainBytes + 2;
    this.#told = Buffer.alloc(PLACE_BYTES + Math.ceil(mostPieces) * mostBytes);
    this.#key = key.subarray(0, CIPHER_KEY_BYTES);
    this.#nonce = key.subarray(CIPHER_KEY_BYTES, CIPHER_KEY_BYTES + NONCE_BYTES);
  }

  /** The stretches of a block in their order. Extents are looked for in those alone that are not known. */
  *stretchesOf(block: Block): Generator<Stretch> {
    for (const stretch of this.#cut(block, STRETCH_EXTENTS * this.#step)) {
      const told = stretch.length > this.#step ? this.#tagOf(stretch) : null;
      const known = told === ZEROS ? NOTHING : told === null ? null : stretchIn(this.#table, told);
      const extents = known === null ? this.#extentsOf(stretch) : [];
      yield { tag: told, known, extents };
    }
  }

  #extentsOf(stretch: Block): Tagged[] {
    return [...this.#cut(stretch, this.#step)].map((extent) => {
      const told = this.#tagOf(extent);
      const isZero = told === ZEROS;
      return {
        extent,
        tag: isZero ? null : told,
        isKnown: isZero || (told !== null && isKnown(this.#table, told)),
      };
    });
  }

  *#cut(block: Block, step: number): Generator<Block> {
    for (let at = 0; at < block.length; at += step)
      yield partOf(block, at, Math.min(at + step, block.length), this.overlapBytes);
  }

  /**
   * What a scanner finds in an extent follows from its bytes and those next to it that it is shown.
   *
   * GMAC, the authentication of AES-GCM, takes half the time of SHA-256 (NIST SP 800-38D). With one nonce for all it is
   * a keyed sum: who does not know the key finds two of one sum by chance alone, with 2^-114 for each pair of stretches. Who
   * knows key and sum, as a reader of the store would, could work out sixteen bytes of an extent from all the others:
   * so what is kept is a digest of the sum.
   *
   * @returns `ZEROS` where all of it is zero, null where it cannot be told
   */
  #tagOf({ start, length, lead, tail }: Block): Uint8Array | null {
    const grain = this.#pages.grainBytes;
    const from = physical(Math.floor((start - lead) / grain) * grain);
    const to = physical(Math.ceil((start + length + tail) / grain) * grain);
    const had = this.#pages.gather(from, to, this.#told, PLACE_BYTES);
    if (had <= 0) return had === 0 ? ZEROS : null;
    [start - lead - from, lead, length, tail].forEach((word, index) => {
      this.#told.writeUInt32LE(word, 4 * index);
    });
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#nonce);
    cipher.setAAD(this.#told.subarray(0, PLACE_BYTES + had));
    cipher.final();
    const tag = sha256(Buffer.concat([this.#key, cipher.getAuthTag()])).subarray(0, TAG_BYTES);
    tag[TAG_BYTES - 1] = 0;
    return tag;
  }
}

/** In place of a tag: there is nothing to remember of zeros. */
const ZEROS = new Uint8Array(0);
const NOTHING = new Uint8Array(0);

/** The tags to remember of a stretch, given which of its extents have been looked at and hold no finds. */
export function tagsToKeep({ known, tag, extents }: Stretch, clean: ReadonlySet<Tagged>): Uint8Array {
  if (known !== null) return known;
  const kept = extents.filter((extent) => extent.isKnown || clean.has(extent));
  const tags = kept.flatMap((extent) => extent.tag ?? []);
  return tag !== null && kept.length === extents.length ? stretchOf(tag, tags) : Buffer.concat(tags);
}

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
