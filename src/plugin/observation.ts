// What a question says of its rows in sentences, where nothing is missing: a process that is hidden, one whose first
// thread has ended. Notes tell of gaps, and whoever judges or compares answers holds them against the answer; these do not.
import { type Cell, isAbsent, type Row } from './cell.ts';

/** Something about rows that is worth a sentence. */
export interface Observation {
  /** What the sentence calls the row's thing: `183 (bash)`; null where there is nothing to say of it. */
  readonly of: (row: Row) => string | null;
  /** `things` names the first of them, and counts the rest. */
  readonly sentence: (things: string, count: number) => string;
}

/** A cell in a sentence. */
export const shown = (cell: Cell | undefined): string =>
  cell === null || cell === undefined || isAbsent(cell) ? '?' : String(cell);

/** Things that a sentence names before it only counts. */
const NAMED = 8;

/** Watches rows go by, and says what was worth a sentence. */
export class Observer {
  readonly #observations: readonly Observation[];
  readonly #names: string[][];
  readonly #counts: number[];

  constructor(observations: readonly Observation[] = []) {
    this.#observations = observations;
    this.#names = observations.map(() => []);
    this.#counts = observations.map(() => 0);
  }

  see(row: Row): void {
    for (const [index, { of }] of this.#observations.entries()) {
      const name = of(row);
      if (name === null) continue;
      if (this.#counts[index]!++ < NAMED) this.#names[index]!.push(name);
    }
  }

  /** What there is to say, after the last row. */
  sentences(): string[] {
    return this.#observations.flatMap(({ sentence }, index) => {
      const [names, count] = [this.#names[index]!, this.#counts[index]!];
      const rest = count > names.length ? ` and ${count - names.length} more` : '';
      return count === 0 ? [] : [sentence(`${names.join(', ')}${rest}`, count)];
    });
  }
}
