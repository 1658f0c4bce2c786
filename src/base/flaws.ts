// One error for several things that are wrong with what the user gave.
// Its message has a line for each.
import { ForensicError } from './errors.ts';

/** Several things are wrong with what the user gave, and all are told: a line each. */
export class Flaws extends ForensicError {
  readonly code = 'flaws';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('; '));
    this.lines = lines;
  }
}
