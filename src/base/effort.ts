// What a search through evidence may take altogether. The evidence is the intruder's, who can draw places without end that
// look like what is sought: each step is counted, over all parts of the search, and in the end it goes no further.

/** The steps that are left to a search; a step takes about as long as it takes to look at a word, a nanosecond or two. */
export class Effort {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** Whether nothing is left: what comes later is not looked at. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  spend(steps: number): void {
    this.#left -= steps;
  }
}
