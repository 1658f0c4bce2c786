// Which process does a scan: this one where nothing has to be opened for it, and else the program itself, started once more. This
// one then looks at what the other takes.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import type { AnyPlugin } from '../../plugin/contract.ts';
import type { Limits } from '../../reader/limits.ts';
import type { Progress } from '../../reader/progress.ts';
import type { ScanState } from '../../reader/protocol.ts';
import { reportTo, type SendReport, scanStateFrom } from '../../reader/scan-reports.ts';
import { SUPERVISOR_FD, supervise } from '../../reader/supervisor.ts';
import { SUPERVISED } from '../../start/bundle.ts';
import { fileOf } from '../flags/plugin-files.ts';

/** What a process that scans has from its supervisor. */
export interface SupervisedScan {
  readonly state: ScanState;
  readonly send: SendReport;
}

let supervised: SupervisedScan | undefined;

/** What the supervisor has told this process; undefined where it has none. */
export function supervisedScan(): SupervisedScan | undefined {
  if (supervised === undefined && process.env[SUPERVISED] !== undefined) {
    delete process.env[SUPERVISED]; // what this process starts is something else
    supervised = { state: scanStateFrom(SUPERVISOR_FD), send: reportTo(SUPERVISOR_FD) };
  }
  return supervised;
}

/** The launcher: it lies beside what is compiled, and a test that runs from the source takes what was compiled last. */
const LAUNCHER = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../../dist/bin/vestige.js' : '../../../bin/vestige.js',
    import.meta.url,
  ),
);

/**
 * Has a command done by a process of its own. @param words the command and all behind it
 * @returns its exit code @throws ScanEnded
 */
export const inOwnProcess = (
  words: readonly string[],
  plugins: readonly AnyPlugin[],
  forced: Partial<Limits>,
  progress: Progress,
): Promise<number> => supervise(() => start([...wordsFor(plugins), ...words], forced), progress);

function start(words: readonly string[], { memoryBytes = 0 }: Partial<Limits>): ChildProcess {
  // V8 takes the code that was kept of the bundle only under the flags that it has by itself.
  const needsMore = memoryBytes > getHeapStatistics().heap_size_limit;
  const heap = needsMore ? [`--max-old-space-size=${Math.ceil(memoryBytes / 2 ** 20)}`] : [];
  return spawn(process.execPath, [...process.execArgv, ...heap, LAUNCHER, ...words], {
    env: { ...process.env, [SUPERVISED]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
  });
}

/** The plugins that the user brought, as flags. */
const wordsFor = (plugins: readonly AnyPlugin[]): string[] =>
  plugins.flatMap((plugin) => {
    const file = fileOf(plugin);
    return file === undefined ? [] : ['--plugin', file];
  });
