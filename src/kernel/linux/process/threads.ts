// Every thread of every process: what /proc/PID/task lists.
// Linux: signal_struct.thread_head of include/linux/sched/signal.h.
import type { Linux } from '../linux.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** The threads of a process in the order in which they were made, as far as they can be found; of a broken list the first at least. */
export function* threadsOf(task: Task): Generator<Task> {
  const { kernel } = task;
  let found = 0;
  let isFirstFound = false;
  for (const thread of kernel.untilFault(task.threads(), `threads of ${task.label}`)) {
    found++;
    isFirstFound ||= thread.address === task.address;
    yield thread;
  }
  if (!isFirstFound) yield task;
  const counted = kernel.attempt(() => task.threadCount, found, `threads of ${task.label}`);
  if (found > 0 && counted !== found)
    kernel.note(`threads of ${task.label}: the kernel counts ${counted}, and ${found} are found`);
}

/** Every thread of every process, process by process. */
export function* threads(kernel: Linux): Generator<Task> {
  for (const task of tasks(kernel)) yield* threadsOf(task);
}
