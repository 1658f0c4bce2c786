import { join } from 'node:path';
import { plugins } from '../../plugins/index.ts';
import { type Bench, median, noSnapshot, type Outcome, type Setting, type Skipped } from './bench.ts';
import { type Arguments, bareNode, takeTurns, vestige } from './processes.ts';

/** Every question but the sweep, which is measured by itself. */
const questions = plugins.map(({ name }) => name).filter((name) => name !== 'keys');

let caches = 0;
const freshCache = (scratch: string): string => join(scratch, `cache-${caches++}.sqlite`);

/** Whole processes against each other, by their medians. */
function compare(
  { rounds }: Setting,
  measured: Arguments,
  baseline: Arguments,
  name: string,
  most: number,
): Outcome {
  const [times, others] = takeTurns([measured, baseline], rounds);
  const ratio = median(times!) / median(others!);
  return {
    figure: `${median(times!).toFixed(0)} ms`,
    baseline: `${name}: ${median(others!).toFixed(0)} ms`,
    ratio,
    met: ratio <= most,
  };
}

function bench(
  name: string,
  measures: string,
  most: number,
  run: (setting: Setting, snapshot: string, most: number) => Outcome,
): Bench {
  return {
    name,
    measures,
    target: `≤ ${most}×`,
    run: async (setting): Promise<Outcome | Skipped> =>
      setting.snapshot === null ? noSnapshot : run(setting, setting.snapshot, most),
  };
}

/** The first question about a snapshot of a kernel never seen before. */
export const cold: Bench = bench('cold', 'vestige pslist, nothing remembered', 6, (setting, snapshot, most) =>
  compare(
    setting,
    () => [vestige, 'pslist', '--cache', freshCache(setting.scratch), snapshot],
    bareNode,
    'node -e 0',
    most,
  ),
);

/** The same question again. */
export const remembered: Bench = bench(
  'remembered',
  'vestige pslist, answer remembered',
  3,
  (setting, snapshot, most) => {
    const words = [vestige, 'pslist', '--cache', freshCache(setting.scratch), snapshot];
    return compare(setting, () => words, bareNode, 'node -e 0', most);
  },
);

/** What the other questions cost once the kernel is found. */
export const together: Bench = bench(
  'together',
  `vestige run with all questions but keys (${questions.length}), nothing remembered`,
  3,
  (setting, snapshot, most) =>
    compare(
      setting,
      () => [vestige, 'run', questions.join(), '--cache', freshCache(setting.scratch), snapshot],
      () => [vestige, 'pslist', '--cache', freshCache(setting.scratch), snapshot],
      'pslist',
      most,
    ),
);

const samples = ['before', 'after'].map((name) => `samples/web-1/${name}.kdump`);

/** What happened between two snapshots that were asked before. */
export const difference: Bench = {
  name: 'diff',
  measures: 'vestige diff of the two samples, answers remembered',
  target: '≤ 3×',
  run: async (setting) => {
    const words = [vestige, 'diff', '--cache', freshCache(setting.scratch), ...samples];
    return compare(setting, () => words, bareNode, 'node -e 0', 3);
  },
};

/** The policy that ships has fifty rules and more. */
export const checked: Bench = {
  name: 'check',
  measures: 'vestige check of a sample by the shipped policy, answers remembered',
  target: '≤ 2×',
  run: async (setting) => {
    const words = ['--cache', freshCache(setting.scratch), samples[1]!];
    return compare(
      setting,
      () => [vestige, 'check', ...words],
      () => [vestige, 'triage', ...words],
      'triage, remembered',
      2,
    );
  },
};
