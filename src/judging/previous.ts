// What a judgement takes of the snapshot before, and of the day: no more than a scan needs that finds nothing new.
// Judging itself is loaded where there is something to judge.
import { type Comparable, compareForRules } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Previous } from '../policy/judge.ts';

/** What rules see of the snapshot before. `compared` are the questions whose differences they look at. */
export const previousOf = (
  {
    compared,
    questions,
  }: { readonly compared: readonly AnyPlugin[]; readonly questions: readonly AnyPlugin[] },
  now: Comparable,
  before: Comparable,
): Previous => ({
  answers: before.answers,
  comparison: compareForRules(before, now, compared, questions),
});

/** The day on which suppressions count, by UTC: `2027-01-31`. */
export const today = (now: Date = new Date()): string => now.toISOString().slice(0, 10);
