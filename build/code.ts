import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WORK = fileURLToPath(new URL('./work.js', import.meta.url));

/** What the work is done on: a snapshot of a machine, and one that was taken later. */
export type Pair = readonly [before: string, after: string];

/**
 * V8's code for the bundle in `folder`, sealed: for what an idle scan, a difference, a check and a remembered answer run.
 * What only reading a snapshot runs is left out: it is a third more to load at each start, and saves 6 of the 190 ms
 * that reading takes. Undefined where the work could not be done; its process has told why.
 */
export function codeFor(folder: string, pair: Pair): Buffer | undefined {
  const scratch = mkdtempSync(join(tmpdir(), 'vestige-build-'));
  try {
    const cache = ['--cache', join(scratch, 'cache.sqlite')];
    const scan = ['scan', ...cache, '--settle', '0', '--policy', 'cloud-linux', ...pair];
    const report = ['--report', join(scratch, 'reports')];
    const [, after] = pair;
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
    return run(folder, file, [[...scan, ...report]]) && run(folder, file, remembered)
      ? readFileSync(file)
      : undefined;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Does the work in a process of its own, under the flags that V8 has by itself: it refuses code made under others. */
function run(folder: string, file: string, lines: readonly (readonly string[])[]): boolean {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  const { status } = spawnSync(process.execPath, [WORK, folder, file, JSON.stringify(lines)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env,
  });
  return status === 0;
}
