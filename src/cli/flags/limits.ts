// The flags that say how much of the machine reading one snapshot may take.
// The supervisor of `scan` and `watch` enforces them.
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.ts';
import type { Limits } from '../../reader/limits.ts';
import { sizeFrom, timeFrom } from './words.ts';

/** As commander gives them. */
export interface LimitFlags {
  readonly memoryLimit?: string;
  readonly cpuLimit?: string;
}

/** Adds the flags. */
export const withLimitFlags = (command: Command): Command =>
  command
    .option(
      '--memory-limit <size>',
      'give up on a snapshot that takes more memory to read (default: 1G, more for large ones)',
    )
    .option(
      '--cpu-limit <time>',
      'give up on a snapshot that takes more CPU time to read (default: 5m, more for large ones)',
    );

/** The limits that the user named. @throws UsageError */
export const limitsFrom = ({ memoryLimit, cpuLimit }: LimitFlags): Partial<Limits> => ({
  ...(memoryLimit === undefined ? {} : { memoryBytes: memoryFrom('--memory-limit', memoryLimit) }),
  ...(cpuLimit === undefined ? {} : { cpuMs: cpuFrom('--cpu-limit', cpuLimit) }),
});

/** What a process takes that has read nothing yet, twice: under less, no snapshot could be read. */
const LEAST_MEMORY_BYTES = 128 * 2 ** 20;
const LEAST_CPU_MS = 1_000;

function memoryFrom(flag: string, word: string): number {
  const bytes = sizeFrom(flag, word);
  if (bytes < LEAST_MEMORY_BYTES) throw new UsageError(`${flag} wants 128M or more, not ${word}`);
  return bytes;
}

function cpuFrom(flag: string, word: string): number {
  const ms = timeFrom(flag, word);
  if (ms < LEAST_CPU_MS) throw new UsageError(`${flag} wants 1s or more, not ${word}`);
  return ms;
}
