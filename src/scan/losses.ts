// What a sweep could not look at for a scanner, added up: a torn snapshot makes a few sentences and not two thousand.
// The sums become notes.
import { hex, type PhysicalAddress } from '../base/address.ts';
import type { BlockResult } from './look.ts';
import type { Block } from './plan.ts';

/** What was not looked at, or left out. */
export class Losses {
  readonly #name: string;
  #missingBytes = 0;
  #firstMissing: PhysicalAddress | null = null;
  #reason: string | undefined;
  #dropped = 0;
  #firstDropped: PhysicalAddress | null = null;
  #failures = 0;
  #firstFailed: PhysicalAddress | null = null;
  #failure = '';

  constructor(name: string) {
    this.#name = name;
  }

  add(block: Block, { missingBytes, firstMissing, dropped, reason, failure }: BlockResult): void {
    this.#missingBytes += missingBytes;
    this.#firstMissing ??= firstMissing;
    this.#reason ??= reason;
    this.#dropped += dropped;
    if (dropped > 0) this.#firstDropped ??= block.start;
    if (failure === undefined) return;
    if (this.#failures++ > 0) return;
    this.#firstFailed = block.start;
    this.#failure = failure;
  }

  /** What there is to say, as sentences. */
  *sentences(): Generator<string> {
    if (this.#firstMissing !== null) {
      const why = this.#reason === undefined ? '' : ` (${this.#reason})`;
      yield `${this.#name}: ${this.#missingBytes} bytes could not be read, the first at ${hex(this.#firstMissing)}${why}`;
    }
    if (this.#firstDropped !== null)
      yield `${this.#name}: ${this.#dropped} finds left out, too many in one block, the first at ${hex(this.#firstDropped)}`;
    if (this.#firstFailed !== null) {
      const blocks = this.#failures === 1 ? 'one block' : `${this.#failures} blocks`;
      yield `${this.#name}: the scanner failed over ${blocks}, whose finds are missing, the first at ${hex(this.#firstFailed)} (${this.#failure})`;
    }
  }
}
