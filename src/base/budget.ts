// What one question may cost. The evidence is the intruder's: a few forged pages can promise rows without end, so every
// question ends by numbers that depend on the snapshot's size alone, and the same snapshot gives the same answer anywhere.
import { CorruptStructure, ForensicError } from './errors.ts';

/** What one question may cost at most. */
export interface Limits {
  readonly rows: number;
  /** Of all texts in the rows, in UTF-16 units: what they are in ASCII. */
  readonly bytes: number;
  /** Work, counted in reads of memory: `READS_PER_SECOND` of them take about a second of CPU time. */
  readonly reads: number;
}

/** Reads of memory that take about a second, with all that is made of what was read. */
export const READS_PER_SECOND = 20_000_000;

/**
 * What an entry of a list costs that is remembered so as not to be walked twice: as much as so many reads. A set takes
 * 60 bytes for each, and lists may be as long as their links say.
 */
export const ENTRY_COST = 32;

const KIB = 2 ** 10;
const MIB = 2 ** 20;

/**
 * The limits for a snapshot of so many bytes. A page of memory gives a row at most on any guest that is as its kernel made
 * it: what a process, a mapping or a socket takes, its tables and buffers counted, is more. Descriptors take less, but
 * few guests have many more than pages, and there are rows beside for small guests. Past 16 GiB the rows, not the memory,
 * are what fills the machine that the question is asked on.
 */
export const limitsFor = (memoryBytes: number): Limits => ({
  rows: Math.min(8_192 + Math.ceil(memoryBytes / (4 * KIB)), 4_194_304),
  bytes: Math.min(4 * MIB + Math.ceil(memoryBytes / 16), 1024 * MIB),
  reads: Math.min(6_000_000 + Math.ceil(memoryBytes / 16), 60 * READS_PER_SECOND),
});

/**
 * A question has had all that it may cost. It ends with what it had: no fault of the evidence, so nothing that goes on
 * after faults goes on after this.
 */
export class BudgetExceeded extends ForensicError {
  readonly code = 'budget-exceeded';
  /** The limit that was reached. */
  readonly limit: keyof Limits;
  constructor(limit: keyof Limits, message: string) {
    super(message);
    this.limit = limit;
  }
}

/** A part of a question has had its share: told from faults, after which a part may go on, and known in here only. */
class PartExceeded extends ForensicError {
  readonly code = 'part-exceeded';
}

/** Counts what one question costs. */
export class Budget {
  readonly #limits: Limits;
  #rows = 0;
  #bytes = 0;
  #reads = 0;
  /** Reads at which the part that is being done has had its share. */
  #partEnd = Number.POSITIVE_INFINITY;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Counts a row whose texts are so long. @throws BudgetExceeded where it is one too many */
  row(textBytes: number): void {
    const { rows, bytes } = this.#limits;
    if (++this.#rows > rows)
      throw new BudgetExceeded('rows', `there are more than ${rows} rows; --max-rows allows more`);
    this.#bytes += textBytes;
    if (this.#bytes > bytes)
      throw new BudgetExceeded('bytes', `its texts have more than ${bytes} bytes; --max-bytes allows more`);
  }

  /**
   * Does a part of the work, which may have this share of all reads: what has no end in it then costs that part, and not
   * all that comes after. Within, nothing goes on after it. @throws CorruptStructure where the share is used up
   */
  within<T>(share: number, work: () => T): T {
    const outer = this.#partEnd;
    const own = this.#reads + this.#limits.reads * share;
    this.#partEnd = Math.min(outer, own);
    try {
      return work();
    } catch (error) {
      if (error instanceof PartExceeded && this.#reads > own)
        throw new CorruptStructure('it takes more work than anything that has an end');
      throw error;
    } finally {
      this.#partEnd = outer;
    }
  }

  /** Counts work that took as long as so many reads of memory. @throws BudgetExceeded */
  spend(reads: number): void {
    this.#reads += reads;
    const { reads: most } = this.#limits;
    if (this.#reads <= most) {
      if (this.#reads > this.#partEnd) throw new PartExceeded();
      return;
    }
    const seconds = (most / READS_PER_SECOND).toPrecision(2);
    throw new BudgetExceeded('reads', `it takes more than ${seconds} s of work; --max-cpu allows more`);
  }
}
