// Collects sentences about what the evidence lacks.
// Each sentence is kept once, in the order in which it came first, and their number is bounded.
import type { Note } from './errors.ts';

/** Distinct notes kept for one question: past this a torrent of damage is only counted. */
const MAXIMUM_NOTES = 200;

/** Collects what the evidence lacked, each sentence once, in the order it was first said. */
export class Notes {
  readonly #counts = new Map<string, number>();
  readonly #further: () => readonly string[];
  #dropped = 0;

  /** `further`: what else is to be said, asked at each `drain`. */
  constructor(further: () => readonly string[] = () => []) {
    this.#further = further;
  }

  /** Adds a note; the same sentence again is counted, not repeated. */
  readonly add: Note = (message) => {
    const count = this.#counts.get(message);
    if (count === undefined && this.#counts.size >= MAXIMUM_NOTES) this.#dropped++;
    else this.#counts.set(message, (count ?? 0) + 1);
  };

  /** All notes since the last call, and forgets them. */
  drain(): string[] {
    const said = [...this.#counts].map(([message, count]) =>
      count > 1 ? `${message} (${count} times)` : message,
    );
    if (this.#dropped > 0) said.push(`${this.#dropped} further notes are not shown`);
    this.#counts.clear();
    this.#dropped = 0;
    return [...said, ...this.#further()];
  }
}
