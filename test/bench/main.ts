import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { guestFolder } from '../guests/folders.ts';
import type { Bench, Outcome, Setting, Skipped } from './bench.ts';
import { cachedFiles, cachedNames, openFiles } from './files.bench.ts';
import { keysGuest, keysRandom } from './keys.bench.ts';
import { peak, sparse } from './memory.bench.ts';
import { reportMonth } from './report.bench.ts';
import { rescan, rescanKeys } from './rescan.bench.ts';
import { sqlMonth } from './sql.bench.ts';
import { checked, cold, difference, remembered, together } from './start.bench.ts';
import { tasks } from './tasks.bench.ts';
import { types } from './types.bench.ts';

const benches: readonly Bench[] = [
  cold,
  remembered,
  together,
  difference,
  checked,
  peak,
  sparse,
  tasks,
  openFiles,
  cachedFiles,
  cachedNames,
  types,
  keysRandom,
  keysGuest,
  rescan,
  rescanKeys,
  sqlMonth,
  reportMonth,
];

const USAGE = `usage: npm run bench -- [--check] [--rounds N] [--snapshot FILE] [name…]

Prints a table of measurements: ${benches.map(({ name }) => name).join(', ')}.
--check exits with 1 where a target is missed.
`;

/** The guest that whole processes are measured on, or else a sample that ships with the source. */
function anySnapshot(): string | null {
  const guest = join(guestFolder('amd64-6.1-cloud'), 'snapshot.raw');
  if (existsSync(guest)) return guest;
  const samples = fileURLToPath(new URL('../../../samples/', import.meta.url));
  if (!existsSync(samples)) return null;
  const names = readdirSync(samples, { recursive: true, encoding: 'utf8' }).sort();
  const sample = names.find((name) => /\.(kdump|raw|lime|elf)$/.test(name));
  return sample === undefined ? null : join(samples, sample);
}

function row(bench: Bench, outcome: Outcome | Skipped): string {
  const cells =
    'skipped' in outcome
      ? ['–', '–', `not measured: ${outcome.skipped}`, bench.target, '–']
      : [
          outcome.figure,
          outcome.ratio === null ? '' : `${outcome.ratio.toFixed(2)}×`,
          outcome.baseline,
          bench.target,
          outcome.met ? 'yes' : 'NO',
        ];
  return `| ${[bench.name, bench.measures, ...cells].join(' | ')} |`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      check: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '15' },
      snapshot: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  if (!(rounds >= 1)) throw new Error(`--rounds ${values.rounds} is no number of runs`);
  const unknown = positionals.filter((word) => !benches.some(({ name }) => name === word));
  if (values.help || unknown.length > 0) {
    console.error(unknown.length > 0 ? `no bench is called ${unknown.join(', ')}\n\n${USAGE}` : USAGE);
    return unknown.length > 0 ? 2 : 0;
  }
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-bench-'));
  const snapshot = values.snapshot ?? anySnapshot();
  const setting: Setting = { snapshot, scratch, rounds };
  const size = snapshot === null ? '' : ` (${(statSync(snapshot).size / 2 ** 20).toFixed(0)} MiB)`;
  console.log(
    `Node ${process.versions.node}, ${availableParallelism()} CPUs, medians of ${setting.rounds} runs.`,
  );
  console.log(`Snapshot: ${snapshot === null ? 'none' : basename(join(snapshot, '..'))}${size}.\n`);
  console.log('| bench | what is measured | figure | ratio | against, in the same run | target | met |');
  console.log('| --- | --- | ---: | ---: | --- | --- | --- |');
  let missed = 0;
  try {
    for (const bench of benches) {
      if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
      const outcome = await bench.run(setting);
      if ('met' in outcome && !outcome.met) missed++;
      console.log(row(bench, outcome));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return values.check && missed > 0 ? 1 : 0;
}

process.exitCode = await main();
