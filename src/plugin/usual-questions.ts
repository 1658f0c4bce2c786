// The questions that are asked of a snapshot where nobody names any.
// What diff, scan, watch and report begin with.
import type { AnyPlugin } from './contract.ts';

/** All but those whose rows are another's in another shape, and those that want to be named. */
export const usualQuestions = (plugins: readonly AnyPlugin[]): readonly AnyPlugin[] =>
  plugins.filter(({ repeats, onRequest }) => repeats !== true && onRequest !== true);
