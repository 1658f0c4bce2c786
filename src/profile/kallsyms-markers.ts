// Where in the names of a symbol table each 256th begins. The kernel keeps it to find a name fast; here it tells where to go
// on behind a page that is missing.
import { viewOf } from '../base/bytes.ts';
import { type Gap, isMissing } from './piecewise.ts';

/** A marker stands for so many names (scripts/kallsyms.c, write_src). */
const NAMES_PER_MARKER = 256;
/** A name is one byte of length and one token at the least; KSYM_NAME_LEN tokens and two bytes at the most. */
const LEAST_STEP = 2 * NAMES_PER_MARKER;
const MOST_STEP = 514 * NAMES_PER_MARKER;

/** Where to go on: the name number `index` begins at `at`. */
export interface Resumption {
  readonly index: number;
  readonly at: number;
}

/** The markers of a table of names, found behind them by what they must be. */
export class Markers {
  /** Where each begins; none where the markers themselves are missing. */
  readonly starts: readonly number[];

  /** `bytes`: the names and what follows them, up to the tokens. */
  constructor(bytes: Uint8Array, gaps: readonly Gap[], symbolCount: number) {
    this.starts = markersIn(bytes, gaps, Math.ceil(symbolCount / NAMES_PER_MARKER));
  }

  /** The first name that is marked and begins at or behind `at`; undefined where none is. */
  after(at: number): Resumption | undefined {
    const marker = this.starts.findIndex((start) => start >= at);
    return marker < 0 ? undefined : { index: marker * NAMES_PER_MARKER, at: this.starts[marker]! };
  }
}

/** A run of so many numbers that begins with 0, ascends as fast as names do and ends before the run begins. None where it is itself missing. */
function markersIn(bytes: Uint8Array, gaps: readonly Gap[], count: number): number[] {
  const view = viewOf(bytes);
  // Markers are u32 since Linux kernel commit 80ffbaa5b1bd ("kallsyms: reduce size a little on 64-bit") (in v4.20).
  for (const width of [4, 8]) {
    for (let at = 0; at + count * width <= bytes.length; at += 4) {
      if (view.getUint32(at, true) !== 0) continue;
      const starts = [0];
      while (starts.length < count) {
        const next = view.getUint32(at + starts.length * width, true);
        const step = next - starts.at(-1)!;
        if (step < LEAST_STEP || step > MOST_STEP || next >= at) break;
        starts.push(next);
      }
      if (starts.length === count && count > 1 && !isMissing(gaps, at, at + count * width)) return starts;
    }
  }
  return [];
}
