import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plugins } from '../plugins/index.ts';
import { Progress } from '../src/reader/progress.ts';
import { supervise } from '../src/reader/supervisor.ts';
import { SUPERVISED } from '../src/start/bundle.ts';

/** The question that is asked most. */
const LIST = plugins.find(({ lists }) => lists === 'processes')!.name;

const WORK = fileURLToPath(new URL('./work.js', import.meta.url));

/** What the work is done on: a snapshot of a machine, and one that was taken later. */
export type Pair = readonly [before: string, after: string];

/** A command line, without node and script. */
type Words = readonly string[];

/**
 * V8's code for the bundle in `folder`, sealed: for what an idle scan, a difference, a check and a remembered answer run.
 * What only reading a snapshot runs is left out: it is a fifth more to load at each start. Undefined where the work could
 * not be done; its process has told why.
 */
export const codeFor = (folder: string, pair: Pair): Promise<Buffer | undefined> =>
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
    const file = join(scratch, 'code');
    return (await isDone(startWork(folder, file, first))) &&
      (await isDone(startWork(folder, file, remembered)))
      ? readFileSync(file)
      : undefined;
  });

/** The same for what reads a snapshot of which nothing is remembered: one command, and the process of a scan that found something new. */
export const codeForReading = (folder: string, [before, after]: Pair): Promise<Buffer | undefined> =>
  withScratch(async (scratch) => {
    const scan = ['scan', '--cache', join(scratch, 'cache.sqlite'), '--settle', '0'];
    const file = join(scratch, 'code');
    const lines = [
      [LIST, '--no-cache', before],
      ['triage', '--no-cache', before],
      [...scan, before],
      [...scan, after],
    ];
    const code = await supervise(() => startWork(folder, file, lines, 'pipe'), new Progress());
    return code === 0 ? readFileSync(file) : undefined;
  });

async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-build-'));
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
  file: string,
  lines: readonly Words[],
  supervision: 'pipe' | 'ignore' = 'ignore',
): ChildProcess {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  return spawn(process.execPath, [WORK, folder, file, JSON.stringify(lines)], {
    stdio: ['ignore', 'ignore', 'inherit', supervision],
    env: supervision === 'pipe' ? { ...env, [SUPERVISED]: '1' } : env,
  });
}

const isDone = (work: ChildProcess): Promise<boolean> =>
  new Promise((resolve) => void work.on('exit', (code) => resolve(code === 0)));
