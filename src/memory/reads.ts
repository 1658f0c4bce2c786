// Records which words a question read, and tells whether another snapshot holds the same.
// If it does, the answer of the earlier snapshot stands.
import { type PhysicalAddress, physical } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { NotInSnapshot } from '../base/errors.ts';
import { sha256 } from './digest.ts';
import type { PhysicalMemory } from './physical.ts';
import { PAGE_BYTES, type ReadRecorder } from './source.ts';

/** Pages beyond which a run read too much to be worth remembering: 1.2 MB of places. */
const MAXIMUM_PAGES = 16384;
/** What is read is told in words of eight bytes, one bit for each of a page's. */
const WORD_BYTES = 8;
const WORDS = PAGE_BYTES / WORD_BYTES;
const MASK_BYTES = WORDS / 8;
/** A digest of all entries stands in front of them: a record that lost some would hold where it does not. */
const DIGEST_BYTES = 32;
/** A page's number, and which of its words were read: none where it was only asked whether it is there. */
const PLACE_BYTES = 8 + MASK_BYTES;
/** Tells what the page had there. Of a digest, as much as nobody finds another content for. */
const TAG_BYTES = 16;
const ENTRY_BYTES = PLACE_BYTES + TAG_BYTES;
/** Of what a tag is made of, in words of four bytes: where the page's state stands, behind the place. */
const STATE_AT = PLACE_BYTES / 4;

/** Which words of which pages were read, whether they were there or not. */
export class ReadRecord implements ReadRecorder {
  /** A page's mask by its number. */
  readonly #pages = new Map<number, Uint32Array>();
  #lastPage = -1;
  #lastMask: Uint32Array = new Uint32Array(0);
  #isBounded = true;

  /** Notes `length` bytes at `at`, within one page. */
  add(at: number, length: number): void {
    const page = Math.floor(at / PAGE_BYTES);
    const mask = page === this.#lastPage ? this.#lastMask : this.#maskOf(page);
    const within = at - page * PAGE_BYTES;
    const last = (within + length - 1) >> 3;
    if (length === PAGE_BYTES) mask.fill(-1);
    else for (let word = within >>> 3; word <= last; word++) mask[word >>> 5]! |= 1 << (word & 31);
  }

  /** What was asked goes beyond single pages: such a run is not remembered. */
  addEverything(): void {
    this.#isBounded = false;
  }

  /** The record with tags of what `memory` holds there; null where too much was read. */
  seal(memory: PhysicalMemory): Uint8Array | null {
    if (!this.#isBounded) return null;
    const pages = [...this.#pages].sort(([a], [b]) => a - b);
    const sealed = new Uint8Array(DIGEST_BYTES + pages.length * ENTRY_BYTES);
    const view = new DataView(sealed.buffer);
    const tagger = new Tagger(memory);
    let at = DIGEST_BYTES;
    for (const [page, mask] of pages) {
      view.setFloat64(at, page, true);
      mask.forEach((bits, index) => {
        view.setUint32(at + 8 + 4 * index, bits, true);
      });
      const tag = tagger.tagOf(sealed.subarray(at, at + PLACE_BYTES));
      if (tag === null) return null;
      sealed.set(tag, at + PLACE_BYTES);
      at += ENTRY_BYTES;
    }
    sealed.set(digestOf(sealed));
    return sealed;
  }

  #maskOf(page: number): Uint32Array {
    let mask = this.#pages.get(page);
    if (mask === undefined) {
      mask = new Uint32Array(WORDS / 32);
      if (this.#pages.size < MAXIMUM_PAGES) this.#pages.set(page, mask);
      else this.#isBounded = false;
    }
    this.#lastPage = page;
    this.#lastMask = mask;
    return mask;
  }
}

/**
 * Runs `run` and says what of `memory` it read: bytes to keep beside the answer and to show to `stillHold`. Null where
 * it read too much, or swept memory.
 *
 * What was remembered before the run is not read again in it, and would be missing from the record: `run` makes its
 * own address spaces and its own kernel. One record of a memory at a time.
 */
export async function recordReads<T>(
  memory: PhysicalMemory,
  run: () => Promise<T>,
): Promise<{ readonly result: T; readonly reads: Uint8Array | null }> {
  const record = new ReadRecord();
  memory.recordIn(record);
  try {
    const result = await run();
    memory.recordIn(null);
    return { result, reads: record.seal(memory) };
  } finally {
    memory.recordIn(null);
  }
}

/**
 * Whether `memory` holds, byte for byte, what a run read of another memory, and lacks what that lacked: then the same
 * run would read the same again, and end the same. True of nothing that is damaged.
 *
 * That the run is the same is for the caller to know: the plugin and its options, the kernel's build, where this boot
 * put it, its page tables' root.
 */
export function stillHold(memory: PhysicalMemory, reads: Uint8Array): boolean {
  const count = (reads.length - DIGEST_BYTES) / ENTRY_BYTES;
  if (!Number.isInteger(count) || count < 0 || count > MAXIMUM_PAGES) return false;
  if (Buffer.compare(digestOf(reads), reads.subarray(0, DIGEST_BYTES)) !== 0) return false;
  const tagger = new Tagger(memory);
  for (let at = DIGEST_BYTES; at < reads.length; at += ENTRY_BYTES) {
    const tag = tagger.tagOf(reads.subarray(at, at + PLACE_BYTES));
    if (tag === null || Buffer.compare(tag, reads.subarray(at + PLACE_BYTES, at + ENTRY_BYTES)) !== 0)
      return false;
  }
  return true;
}

const digestOf = (reads: Uint8Array): Buffer => sha256(reads.subarray(DIGEST_BYTES));

/** Tells by a tag what one memory has in some places. */
class Tagger {
  readonly #memory: PhysicalMemory;
  /** A place, the state of its page, and the words that were read of it. */
  readonly #gathered = new Uint32Array(STATE_AT + 1 + PAGE_BYTES / 4);
  readonly #bytes = new Uint8Array(this.#gathered.buffer);

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /** The tag of a page's number and mask with what they lead to; null where they make no sense. */
  tagOf(place: Uint8Array): Buffer | null {
    const view = viewOf(place);
    const page = view.getFloat64(0, true);
    if (!(page >= 0) || !Number.isSafeInteger(page * PAGE_BYTES)) return null;
    const bytes = this.#pageAt(physical(page * PAGE_BYTES));
    // Whether a page is held can be asked without reading it.
    this.#bytes.set(place);
    this.#gathered[STATE_AT] = bytes !== null ? 2 : this.#memory.has(physical(page * PAGE_BYTES)) ? 1 : 0;
    const length =
      bytes === null
        ? STATE_AT + 1
        : this.#gather(view, new Uint32Array(bytes.buffer, bytes.byteOffset, PAGE_BYTES / 4));
    return sha256(this.#bytes.subarray(0, 4 * length)).subarray(0, TAG_BYTES);
  }

  /** Puts the words of the mask behind the state. @returns how many numbers there are then */
  #gather(mask: DataView, words: Uint32Array): number {
    let length = STATE_AT + 1;
    for (let at = 0; at < MASK_BYTES; at += 4) {
      for (let bits = mask.getUint32(8 + at, true); bits !== 0; bits &= bits - 1) {
        const word = at * 8 + 31 - Math.clz32(bits & -bits);
        this.#gathered[length++] = words[2 * word]!;
        this.#gathered[length++] = words[2 * word + 1]!;
      }
    }
    return length;
  }

  #pageAt(at: PhysicalAddress): Uint8Array | null {
    try {
      return this.#memory.restOfPage(at);
    } catch (fault) {
      if (!(fault instanceof NotInSnapshot)) throw fault;
      return null;
    }
  }
}
