import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The command as it is built: this file runs from dist/test/bench. */
export const vestige = fileURLToPath(new URL('../../bin/vestige.js', import.meta.url));

/** The arguments of one run of node; made anew for each, so that each can have a cache file of its own. */
export type Arguments = () => readonly string[];

/** The cheapest whole process there is, to compare with. */
export const bareNode: Arguments = () => ['-e', '0'];

/**
 * Milliseconds of wall clock for each run of each command. They take turns (A B A B …), so that whatever else the
 * machine does meets all alike; the first turn only warms the page cache and the file system.
 */
export function takeTurns(commands: readonly Arguments[], rounds: number): readonly (readonly number[])[] {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, command] of commands.entries()) {
      const words = command();
      const started = process.hrtime.bigint();
      const { status, error } = spawnSync(process.execPath, words, { stdio: 'ignore' });
      const took = Number(process.hrtime.bigint() - started) / 1e6;
      // `diff` ends with 1 where something differs.
      if (status !== 0 && status !== 1)
        throw new Error(`node ${words.join(' ')} ended with ${error?.message ?? `status ${status}`}`);
      if (round > 0) times[index]!.push(took);
    }
  }
  return times;
}

/** Writes the process's own peak at its end. Linux's ru_maxrss would count the parent's size before exec as well. */
const peakHook = (file: string): string => `
import { readFileSync, writeFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
const peak = () => process.platform === 'linux'
  ? /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))[1]
  : process.resourceUsage().maxRSS;
if (isMainThread) process.on('exit', () => writeFileSync(${JSON.stringify(file)}, String(peak())));`;

/** Peak resident memory of one run in MiB, all its threads included. */
export function peakMiB(words: readonly string[], scratch: string): number {
  const file = join(scratch, 'peak');
  const hook = `data:text/javascript,${encodeURIComponent(peakHook(file))}`;
  const { status } = spawnSync(process.execPath, ['--import', hook, ...words], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${words.join(' ')} ended with status ${status}`);
  const peak = Number(readFileSync(file, 'latin1')) / 1024;
  rmSync(file);
  return peak;
}
