// How many processes and threads the kernel itself counts: kernel/fork.c, kernel/exit.c.
// Both change under the lock that the task list changes under, and count no idle task.

import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import { cpusOf } from '../machine/cpus.ts';
import { numbersInUse } from './pid-table.ts';

/** What the kernel counts; null where this build's description or the evidence lacks the counter. */
export interface KernelCounts {
  readonly processes: number | null;
  readonly threads: number | null;
  /** Numbers in use in the table of process IDs: of threads, and of groups and sessions that outlive their leader. */
  readonly numbers: number | null;
}

/** The counters `process_counts` (one for each CPU, of which only the sum means anything), `nr_threads` and `pid_allocated`. */
export const kernelCounts = (kernel: Linux): KernelCounts => ({
  processes: unlessFault(() => processCount(kernel), null),
  threads: unlessFault(() => kernel.u32Of('nr_threads'), null),
  numbers: unlessFault(() => numbersInUse(kernel), null),
});

function processCount(kernel: Linux): number {
  const cpus = cpusOf(kernel);
  const counter = kernel.symbol('process_counts');
  let sum = 0n;
  for (const cpu of cpus.possible) sum += kernel.pointerAt(cpus.perCpu(counter, cpu));
  return Number(BigInt.asIntN(8 * kernel.types.pointerBytes, sum));
}
