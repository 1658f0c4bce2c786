import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { plugins } from '../../plugins/index.ts';
import { type Bench, noSnapshot, type Outcome } from './bench.ts';
import { peakMiB, vestige } from './processes.ts';

const TARGET = 200;

function compare(words: readonly string[], scratch: string): Outcome {
  const peak = peakMiB([vestige, ...words], scratch);
  const bare = peakMiB(['-e', '0'], scratch);
  return {
    figure: `${peak.toFixed(0)} MiB`,
    baseline: `node -e 0: ${bare.toFixed(0)} MiB`,
    ratio: peak / bare,
    met: peak <= TARGET,
  };
}

/** Peak memory of everything that can be asked, sweep included. */
export const peak: Bench = {
  name: 'peak',
  measures: 'peak resident memory of vestige run with all questions',
  target: `≤ ${TARGET} MiB`,
  async run({ snapshot, scratch }) {
    if (snapshot === null) return noSnapshot;
    const all = plugins.map(({ name }) => name).join();
    return compare(['run', all, '--cache', join(scratch, 'peak.sqlite'), snapshot], scratch);
  },
};

/**
 * A guest of 64 GiB whose file is mostly holes. It takes a guest booted with that much memory, which the guests
 * tooling does not make by itself: its raw snapshot is named by `VESTIGE_BENCH_SPARSE`.
 */
export const sparse: Bench = {
  name: 'sparse',
  measures: 'peak resident memory of vestige pslist on a sparse raw file of 64 GiB',
  target: `≤ ${TARGET} MiB`,
  async run({ scratch }) {
    const path = process.env['VESTIGE_BENCH_SPARSE'];
    if (path === undefined) return { skipped: 'VESTIGE_BENCH_SPARSE names no snapshot' };
    if (!existsSync(path)) return { skipped: `${path} is not there` };
    const gib = statSync(path).size / 2 ** 30;
    if (gib < 60) return { skipped: `${path} has ${gib.toFixed(1)} GiB` };
    return compare(['pslist', '--cache', join(scratch, 'sparse.sqlite'), path], scratch);
  },
};
