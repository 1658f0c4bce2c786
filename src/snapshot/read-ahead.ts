// Reads ahead where short reads follow each other.
// A system call takes longer than what a short read brings.

/** Bytes read in one go. Four times as much is as fast in a sweep, and costs more where a few short reads happen to follow each other. */
const WINDOW_BYTES = 2 ** 16;
/** Reads this long gain nothing by waiting for others. */
const LONG_BYTES = 2 ** 15;
/**
 * A read that begins so far before the end of the one before, or so little behind it, goes on with it: extents overlap,
 * and records have headers. Who reads the headers alone is not to be given all that lies between.
 */
const OVERLAP_BYTES = 2 ** 15;
const GAP_BYTES = 2 ** 11;

/** Reads bytes of a file. @returns how many it had; fewer than asked for at the end, or after an error */
export type ReadBytes = (offset: number, into: Uint8Array) => number;

/**
 * Reads ahead where short reads follow each other, as in a sweep over compressed pages: each costs a system call, which
 * takes longer than what it brings. Reads here and there, as walks make them, bring nothing but what they ask for.
 */
export class ReadAhead {
  readonly #read: ReadBytes;
  /** Made when it is first needed: of many files few are read so. */
  #window = new Uint8Array();
  /** What the window holds: bytes from `#at` up to `#end`. */
  #at = 0;
  #end = 0;
  /** Where the last read of the file ended. */
  #last = Number.NEGATIVE_INFINITY;

  constructor(read: ReadBytes) {
    this.#read = read;
  }

  /** Fills `into` from `offset` on, if that can be done without a read of its own. */
  take(offset: number, into: Uint8Array): boolean {
    const end = offset + into.length;
    if (into.length > LONG_BYTES) return false;
    if (offset < this.#at || end > this.#end) {
      const gap = offset - this.#last;
      const isNext = gap >= -OVERLAP_BYTES && gap <= GAP_BYTES;
      this.#last = end;
      if (!isNext) return false;
      if (this.#window.length === 0) this.#window = new Uint8Array(WINDOW_BYTES);
      this.#at = offset;
      this.#end = offset + this.#read(offset, this.#window);
      if (end > this.#end) return false;
    }
    this.#last = end;
    into.set(this.#window.subarray(offset - this.#at, end - this.#at));
    return true;
  }
}
