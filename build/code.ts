import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plugins } from '../plugins/index.ts';
import { Readers } from '../src/reader/readers.ts';

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
      ['pslist', ...cache, after],
      ['pslist', ...cache, '--color', 'always', after],
      ['sql', ...cache, 'select count(*) from pslist'],
    ];
    const file = join(scratch, 'code');
    return (await isDone(startWork(folder, file, first))) &&
      (await isDone(startWork(folder, file, remembered)))
      ? readFileSync(file)
      : undefined;
  });

/** The same for what reads a snapshot of which nothing is remembered: one command, and a scan's reader. */
export const codeForReading = (folder: string, [before, after]: Pair): Promise<Buffer | undefined> =>
  withScratch(async (scratch) => {
    const cache = ['--cache', join(scratch, 'cache.sqlite')];
    const file = join(scratch, 'code');
    mkdirSync(join(scratch, 'nothing'));
    // The reader wants a store, and one in which nothing is.
    if (!(await isDone(startWork(folder, file, [['scan', ...cache, join(scratch, 'nothing')]]))))
      return undefined;
    const lines = [
      ['pslist', '--no-cache', before],
      ['triage', '--no-cache', before],
      ['reader', ...cache],
    ];
    rmSync(file);
    const readers = new Readers({
      start: () => startWork(folder, file, lines),
      forced: {},
      keep: () => undefined,
      keptFor: () => undefined,
    });
    try {
      const reading = await readers.open(after);
      for (const plugin of plugins) await reading.answer(plugin);
    } catch (error) {
      process.stderr.write(`build: ${(error as Error).message}\n`);
      return undefined;
    } finally {
      await readers.close();
    }
    return existsSync(file) ? readFileSync(file) : undefined;
  });

async function withScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-build-'));
  try {
    return await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Starts a process that does the work, under the flags that V8 has by itself: it refuses code made under others. */
function startWork(folder: string, file: string, lines: readonly Words[]): ChildProcess {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  return fork(WORK, [folder, file, JSON.stringify(lines)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
    execArgv: [],
    env,
  });
}

const isDone = (work: ChildProcess): Promise<boolean> =>
  new Promise((resolve) => void work.on('exit', (code) => resolve(code === 0)));
