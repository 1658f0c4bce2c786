// The flags that say what one question may cost: an answer that reaches a limit ends there, with a note.
// They are `--max-rows`, `--max-bytes` and `--max-cpu`.
import type { Command } from 'commander';
import { type Limits, READS_PER_SECOND } from '../../base/budget.ts';
import { UsageError } from '../../base/errors.ts';
import { sizeFrom, timeFrom } from './words.ts';

/** As commander gives them. */
export interface BudgetFlags {
  readonly maxRows?: string;
  readonly maxBytes?: string;
  readonly maxCpu?: string;
}

/** Adds the flags. Where they are left out, the limits grow with the snapshot. */
export const withBudgetFlags = (command: Command): Command =>
  command
    .option(
      '--max-rows <rows>',
      'end each question after this many rows (default: one for each page of memory)',
    )
    .option('--max-bytes <size>', 'end each question when its texts take more than this: 64M, 2G')
    .option('--max-cpu <time>', 'end each question after about this much CPU time: 30s, 5m');

/** The limits that the user named. @throws UsageError */
export const budgetFrom = ({ maxRows, maxBytes, maxCpu }: BudgetFlags): Partial<Limits> => ({
  ...(maxRows === undefined ? {} : { rows: rowsFrom(maxRows) }),
  ...(maxBytes === undefined ? {} : { bytes: sizeFrom('--max-bytes', maxBytes) }),
  ...(maxCpu === undefined ? {} : { reads: (timeFrom('--max-cpu', maxCpu) / 1000) * READS_PER_SECOND }),
});

function rowsFrom(word: string): number {
  if (!/^\d{1,12}$/.test(word)) throw new UsageError(`--max-rows wants a number, not ${word}`);
  return Number(word);
}
