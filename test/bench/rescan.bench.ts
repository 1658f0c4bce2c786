import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { aes } from '../../src/crypto/aes.ts';
import type { ExtentMemory } from '../../src/memory/extents.ts';
import { sweep } from '../../src/scan/sweep.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { type Bench, median, type Outcome, type Setting, type Skipped } from './bench.ts';
import { takeTurns, vestige } from './processes.ts';

const TARGET = 0.25;

const samples = fileURLToPath(new URL('../../../samples/web-1/', import.meta.url));

/** Two snapshots of one guest, minutes apart: `VESTIGE_BENCH_PAIR` names them with a comma between, or those that ship. */
function pair(): readonly [string, string] | null {
  const named = process.env['VESTIGE_BENCH_PAIR']?.split(',');
  const [before, after] = named ?? [join(samples, 'before.kdump'), join(samples, 'after.kdump')];
  if (before === undefined || after === undefined) return null;
  return existsSync(before) && existsSync(after) ? [before, after] : null;
}

const bench = (
  name: string,
  measures: string,
  run: (setting: Setting, before: string, after: string) => Outcome | Promise<Outcome>,
): Bench => ({
  name,
  measures,
  target: `≤ ${TARGET}×`,
  run: async (setting): Promise<Outcome | Skipped> => {
    const found = pair();
    return found === null
      ? { skipped: 'no two snapshots of one guest: VESTIGE_BENCH_PAIR names them' }
      : run(setting, ...found);
  },
});

function compare(first: readonly number[], second: readonly number[]): Outcome {
  const ratio = median(second) / median(first);
  return {
    figure: `${median(second).toFixed(0)} ms`,
    baseline: `the first: ${median(first).toFixed(0)} ms`,
    ratio,
    met: ratio <= TARGET,
  };
}

let caches = 0;

/** Everything that can be asked, of a machine seen minutes ago. */
export const rescan: Bench = bench(
  'rescan',
  'vestige scan of the second of two snapshots',
  ({ scratch, rounds }, before, after) => {
    const words = (snapshot: string) => [
      ...[vestige, 'scan', '--settle', '0', '--cache', join(scratch, `rescan-${caches}.sqlite`), snapshot],
    ];
    const first = () => {
      caches++;
      return words(before);
    };
    const [times, others] = takeTurns([first, () => words(after)], rounds);
    return compare(times!, others!);
  },
);

/** The part of it that looks at every byte, on one thread. */
export const rescanKeys: Bench = bench(
  'rescan-keys',
  'AES keys sought in the second of two snapshots, one thread',
  async ({ rounds }, before, after) => {
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      let tags: Uint8Array = new Uint8Array(0);
      const known: ExtentMemory = {
        secret: new Uint8Array(32).fill(round),
        recall: () => tags,
        remember: (left) => {
          tags = left;
        },
      };
      for (const [turn, path] of [before, after].entries()) {
        const { memory, origin, file } = openSnapshot(path);
        const started = performance.now();
        for await (const _ of sweep([aes], memory, origin, { workers: 1, known: () => known }));
        if (round > 0) times[turn]!.push(performance.now() - started); // the first round warms the code
        file.close();
      }
    }
    return compare(...times);
  },
);
