import { createHash } from 'node:crypto';
import { type PhysicalAddress, physical } from '../base/address.ts';
import { NotInSnapshot } from '../base/errors.ts';
import type { PhysicalMemory } from './physical.ts';
import { PAGE_BYTES } from './source.ts';

/** Pages beyond which a run read too much to be worth remembering: 1.2 MB of places. */
const MAXIMUM_PAGES = 16384;
/** What is read is told in words of eight bytes, one bit for each of a page's. */
const WORD_BYTES = 8;
const WORDS = PAGE_BYTES / WORD_BYTES;
const MASK_BYTES = WORDS / 8;
const DIGEST_BYTES = 32;
/** A page's number, whether it was asked for at all, and which of its words were read. */
const ENTRY_BYTES = 8 + MASK_BYTES;

/** Which words of which pages were read, whether they were there or not. */
export class ReadRecord {
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
    for (let word = within >>> 3; word <= last; word++) mask[word >>> 5]! |= 1 << (word & 31);
  }

  /** What was asked goes beyond single pages: such a run is not remembered. */
  addEverything(): void {
    this.#isBounded = false;
  }

  /** The record with a digest of what `memory` holds there; null where too much was read. */
  seal(memory: PhysicalMemory): Uint8Array | null {
    if (!this.#isBounded) return null;
    const pages = [...this.#pages].sort(([a], [b]) => a - b);
    const sealed = new Uint8Array(DIGEST_BYTES + pages.length * ENTRY_BYTES);
    const view = new DataView(sealed.buffer);
    pages.forEach(([page, mask], index) => {
      const at = DIGEST_BYTES + index * ENTRY_BYTES;
      view.setFloat64(at, page, true);
      mask.forEach((bits, word) => {
        view.setUint32(at + 8 + 4 * word, bits, true);
      });
    });
    const digest = digestOf(memory, sealed);
    if (digest === null) return null;
    sealed.set(digest);
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
  const digest = digestOf(memory, reads);
  return digest !== null && Buffer.compare(digest, reads.subarray(0, DIGEST_BYTES)) === 0;
}

/** The digest of a record's places and of what `memory` has there; null where the record makes no sense. */
function digestOf(memory: PhysicalMemory, reads: Uint8Array): Buffer | null {
  const count = (reads.length - DIGEST_BYTES) / ENTRY_BYTES;
  if (!Number.isInteger(count) || count < 0 || count > MAXIMUM_PAGES) return null;
  const view = new DataView(reads.buffer, reads.byteOffset, reads.length);
  const hash = createHash('sha256').update(reads.subarray(DIGEST_BYTES));
  const gathered = Buffer.alloc(PAGE_BYTES + 1);
  for (let entry = DIGEST_BYTES; entry < reads.length; entry += ENTRY_BYTES) {
    const page = view.getFloat64(entry, true);
    if (!(page >= 0) || !Number.isSafeInteger(page * PAGE_BYTES)) return null;
    const bytes = pageOf(memory, physical(page * PAGE_BYTES));
    // Whether a page is held can be asked without reading it.
    gathered[0] = bytes !== null ? 2 : memory.has(physical(page * PAGE_BYTES)) ? 1 : 0;
    let length = 1;
    for (let at = 0; bytes !== null && at < MASK_BYTES; at += 4) {
      const bits = view.getUint32(entry + 8 + at, true);
      for (let word = 0; bits >>> word !== 0 && word < 32; word++) {
        if (((bits >>> word) & 1) === 0) continue;
        const from = (at * 8 + word) * WORD_BYTES;
        for (let byte = 0; byte < WORD_BYTES; byte++) gathered[length++] = bytes[from + byte]!;
      }
    }
    hash.update(gathered.subarray(0, length));
  }
  return hash.digest();
}

function pageOf(memory: PhysicalMemory, at: PhysicalAddress): Uint8Array | null {
  try {
    return memory.restOfPage(at);
  } catch (fault) {
    if (!(fault instanceof NotInSnapshot)) throw fault;
    return null;
  }
}
