// A snapshot that is opened only if something has to be read: the store may have all that is asked for.
// Whoever found it may have opened it already.
import type { Reading } from '../inquiry/reading.ts';

/** A snapshot that is opened when it is needed. */
export class Opening {
  readonly #open: () => Promise<Reading>;
  #reading: Reading | undefined;

  constructor(open: () => Promise<Reading>, reading: Reading | undefined) {
    this.#open = open;
    this.#reading = reading;
  }

  async reading(): Promise<Reading> {
    this.#reading ??= await this.#open();
    return this.#reading;
  }

  get troubles(): readonly string[] {
    return this.#reading?.troubles ?? [];
  }

  answered(): void {
    this.#reading?.answered?.();
  }

  close(): void {
    this.#reading?.close();
    this.#reading = undefined;
  }
}
