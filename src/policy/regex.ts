// Regular expressions of policies, in time linear in the text.
// re2js runs them, since the evidence chooses the texts.
import { RE2JS, RE2JSException } from 're2js';
import { ForensicError } from '../base/errors.ts';

/** A pattern that is none, or too large. */
export class BadPattern extends ForensicError {
  readonly code = 'bad-pattern';
}

/** Characters of the longest pattern, and instructions of the largest program that one may become. */
const LONGEST_PATTERN = 1000;
const LARGEST_PROGRAM = 5000;

/** A pattern, ready to be looked for. */
export interface Pattern {
  /** Whether it is anywhere in the text, in time linear in the length of the text. */
  readonly test: (text: string) => boolean;
  /** How many instructions a character of the text may cost. */
  readonly size: number;
}

const CACHED = 500;
const cache = new Map<string, Pattern>();

/** Makes a pattern ready; those seen before are remembered. @throws BadPattern */
export function patternOf(source: string): Pattern {
  const known = cache.get(source);
  if (known !== undefined) return known;
  if (source.length > LONGEST_PATTERN)
    throw new BadPattern(`the pattern is of ${source.length} characters, and may be of ${LONGEST_PATTERN}`);
  const made = compiled(source);
  const size = made.programSize();
  if (size > LARGEST_PROGRAM)
    throw new BadPattern(`the pattern becomes ${size} instructions, and may become ${LARGEST_PROGRAM}`);
  if (cache.size >= CACHED) cache.clear();
  const pattern: Pattern = { test: (text) => made.test(text), size };
  cache.set(source, pattern);
  return pattern;
}

function compiled(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new BadPattern(
      `the pattern cannot be used: ${error.message.replace(/^error parsing regexp: /, '')}`,
    );
  }
}
