import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plugins } from '../plugins/index.ts';
import { Progress } from '../src/reader/progress.ts';
import { supervise } from '../src/reader/supervisor.ts';
import { codeFile, SUPERVISED } from '../src/start/bundle.ts';

/** The question that is asked most. */
const LIST = plugins.find(({ lists }) => lists === 'processes')!.name;

const WORK = fileURLToPath(new URL('./work.js', import.meta.url));

/** What the work is done on: a snapshot of a machine, and one that was taken later. */
export type Pair = readonly [before: string, after: string];

/** A command line, without node and script. */
type Words = readonly string[];

/** V8's code for parts of a bundle, sealed, by the names of their files. */
type Codes = ReadonlyMap<string, Buffer>;

const READING = ['snapshot', 'scanning', 'reading'].map(codeFile);

/**
 * V8's code for the parts of the bundle in `folder`: of what lies in those for reading, what reading a snapshot of which nothing is
 * remembered runs; of all others what an idle scan, a difference, a check and a remembered answer run. What only reading a
 * snapshot runs of them is left out: each start would load it. Undefined where the work could not be done; its process has told why.
 */
export async function codesFor(folder: string, pair: Pair): Promise<Codes | undefined> {
  const remembering = await codesOfRemembering(folder, pair);
  const reading = await codesOfReading(folder, pair);
  if (remembering === undefined || reading === undefined) return undefined;
  const ofReading = [...reading].filter(([name]) => READING.includes(name));
  return new Map([...reading, ...remembering, ...ofReading]);
}

const codesOfRemembering = (folder: string, pair: Pair): Promise<Codes | undefined> =>
  withScratch(async (scratch) => {
    const cache = ['--cache', join(scratch, 'cache.sqlite')];
    const scan = ['scan', ...cache, '--settle', '0', '--policy', 'cloud-linux', ...pair];
    const report = ['--report', join(scratch, 'reports')];
    const [, after] = pair;
    // Each of these answers without reading once it has read: triage searches for kernels more closely than a scan.
    const first = [
      [...scan, ...report],
      ['triage', ...cache, after],
    ];
    const remembered = [
      [...scan, ...report],
      ['scan', ...cache, '--settle', '0', ...pair],
      ['diff', ...cache, ...pair],
      ['check', ...cache, after],
      ['triage', ...cache, after],
      [LIST, ...cache, after],
      [LIST, ...cache, '--color', 'always', after],
      ['sql', ...cache, `select count(*) from ${LIST}`],
    ];
    return (await isDone(startWork(folder, inside(scratch), first))) &&
      (await isDone(startWork(folder, inside(scratch), remembered)))
      ? codesIn(inside(scratch))
      : undefined;
  });

/** One command, and the process of a scan that found something new. */
const codesOfReading = (folder: string, [before, after]: Pair): Promise<Codes | undefined> =>
  withScratch(async (scratch) => {
    const scan = ['scan', '--cache', join(scratch, 'cache.sqlite'), '--settle', '0'];
    const lines = [
      [LIST, '--no-cache', before],
      ['triage', '--no-cache', before],
      [...scan, before],
      [...scan, after],
    ];
    const code = await supervise(() => startWork(folder, inside(scratch), lines, 'pipe'), new Progress());
    return code === 0 ? codesIn(inside(scratch)) : undefined;
  });

/** A folder for code alone. */
const inside = (scratch: string): string => join(scratch, 'codes');

const codesIn = (folder: string): Codes =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-build-'));
  mkdirSync(inside(scratch));
  try {
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * Starts a process that does the work, under the flags that V8 has by itself: it refuses code made under others.
 * @param supervision a pipe where its scans are supervised
 */
function startWork(
  folder: string,
  into: string,
  lines: readonly Words[],
  supervision: 'pipe' | 'ignore' = 'ignore',
): ChildProcess {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  return spawn(process.execPath, [WORK, folder, into, JSON.stringify(lines)], {
    stdio: ['ignore', 'ignore', 'inherit', supervision],
    env: supervision === 'pipe' ? { ...env, [SUPERVISED]: '1' } : env,
  });
}

const isDone = (work: ChildProcess): Promise<boolean> =>
  new Promise((resolve) => void work.on('exit', (code) => resolve(code === 0)));
