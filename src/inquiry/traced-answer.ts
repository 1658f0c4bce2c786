// A whole answer with what it was read from, and how the store names the options that it was given with.
// Only types and a word: what finds such an answer is loaded where a snapshot is opened.
import type { AnyPlugin } from '../plugin/contract.ts';
import { optionsOf, usualValue } from '../plugin/options.ts';
import type { RememberedAnswer } from '../store/remembered.ts';

/** What an answer was read from. Kept beside it, it tells whether the machine's next snapshot would answer the same. */
export interface Trace {
  /** All that the answer depends on besides memory and the question, as one text. */
  readonly basis: string;
  readonly reads: Uint8Array;
}

/** A whole answer, and what it was read from where that can be told. */
export interface TracedAnswer extends RememberedAnswer {
  readonly trace?: Trace;
}

/** The options of a question that has none, as the store knows them. */
export const NO_OPTIONS = '{}';

/** Options as one text, the same for the same choice whatever the order of flags: without what is usual. */
export function optionsKey(plugin: AnyPlugin, options: Readonly<Record<string, unknown>>): string {
  const declared = optionsOf(plugin);
  const isUsual = (name: string, value: unknown): boolean =>
    value === undefined ||
    (declared[name] !== undefined && JSON.stringify(value) === JSON.stringify(usualValue(declared[name])));
  const chosen = Object.entries(options).filter(([name, value]) => !isUsual(name, value));
  return JSON.stringify(Object.fromEntries(chosen.sort(([a], [b]) => (a < b ? -1 : 1))));
}
