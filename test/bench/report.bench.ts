import { statSync } from 'node:fs';
import { join } from 'node:path';
import { drawMonth } from '../store/month.ts';
import { type Bench, median } from './bench.ts';
import { bareNode, takeTurns, vestige } from './processes.ts';

/** A page that is made by a nightly job, or while somebody waits for it. */
const MOST_MS = 10_000;
/** A page that can be mailed. */
const MOST_BYTES = 5_000_000;

/** Whole processes of `vestige report` over a month of hourly snapshots of one machine, from the store alone. */
export const reportMonth: Bench = {
  name: 'report-month',
  measures:
    'vestige report of a machine with 720 drawn snapshots of 60 processes each, and the size of the page',
  target: `≤ ${MOST_MS / 1000} s and ≤ ${MOST_BYTES / 1e6} MB`,
  run: async ({ scratch, rounds }) => {
    const store = join(scratch, 'machine.sqlite');
    const page = join(scratch, 'report.html');
    drawMonth(store, ['web-1']);
    const report = [vestige, 'report', 'web-1', '--cache', store, '--output', page];
    const [bare, took] = takeTurns([bareNode, () => report], Math.min(rounds, 5)).map(median) as [
      number,
      number,
    ];
    const { size } = statSync(page);
    return {
      figure: `${took.toFixed(0)} ms, ${(size / 1e6).toFixed(2)} MB`,
      baseline: `node -e 0: ${bare.toFixed(0)} ms; store of ${(statSync(store).size / 2 ** 20).toFixed(0)} MiB`,
      ratio: took / bare,
      met: took <= MOST_MS && size <= MOST_BYTES,
    };
  },
};
