// What becomes of a text that is longer than a cell may be: its beginning, and what tells it from every other.
// The runner applies it to every text cell.
import { createHash } from 'node:crypto';
import type { Budget } from '../base/budget.ts';

/** The most that a cell holds of a text, in bytes of UTF-8. */
export const MOST_CELL_BYTES = 65_536;
/** A UTF-16 unit has this many bytes of UTF-8 at most. */
const BYTES_A_UNIT = 3;
/** So many bytes are made and digested in the time of a read. */
const BYTES_A_READ = 16;

/** Cuts texts that are too long for a cell, and remembers how many it cut. */
export class LongTexts {
  readonly #budget: Pick<Budget, 'spend'>;
  #last: { readonly text: string; readonly cut: string } | undefined;
  readonly #cuts = new Map<string, { count: number; longest: number }>();

  /** What is cut costs the budget as much as it takes. */
  constructor(budget: Pick<Budget, 'spend'>) {
    this.#budget = budget;
  }

  /**
   * The text itself, or its first 64 KiB and then its whole length and digest: `… [2097152 bytes, sha256 5f70bf18…]`. What is
   * cut is longer than what is not, so no text of the evidence passes for one that was cut.
   * @throws BudgetExceeded
   */
  fitted(text: string, column: string): string {
    if (text.length * BYTES_A_UNIT <= MOST_CELL_BYTES) return text;
    // Of processes that share memory all have the same.
    if (this.#last?.text === text) return this.#counted(this.#last.cut, column, 0);
    this.#budget.spend(text.length / BYTES_A_READ);
    const bytes = Buffer.from(text);
    if (bytes.length <= MOST_CELL_BYTES) return text;
    const digest = createHash('sha256').update(bytes).digest('hex');
    // A copy: a part of a string of V8's keeps the whole.
    const head = bytes.toString('utf8', 0, letterEnd(bytes, MOST_CELL_BYTES));
    const cut = `${head}… [${bytes.length} bytes, sha256 ${digest}]`;
    this.#last = { text, cut };
    return this.#counted(cut, column, bytes.length);
  }

  /** What was cut, as sentences. */
  notes(): string[] {
    return [...this.#cuts].map(
      ([column, { count, longest }]) =>
        `${column}: ${count === 1 ? 'a text' : `${count} texts`} of more than ${MOST_CELL_BYTES} bytes ${count === 1 ? 'is' : 'are'} cut, the longest of ${longest}`,
    );
  }

  #counted(cut: string, column: string, bytes: number): string {
    const counted = this.#cuts.get(column) ?? { count: 0, longest: 0 };
    this.#cuts.set(column, { count: counted.count + 1, longest: Math.max(counted.longest, bytes) });
    return cut;
  }
}

/** The end of the last whole letter in the first `most` bytes of UTF-8. */
function letterEnd(bytes: Uint8Array, most: number): number {
  let end = most;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}
