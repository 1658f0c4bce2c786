// Every process of a kernel: those on the task list, in the order the kernel keeps them, and behind them those that only
// other views of the kernel have.
import type { Linux } from '../linux.ts';
import { processViewsOf } from './process-views.ts';
import type { Task } from './task.ts';

/** Every process. What the walks lacked is noted at the end. */
export function* tasks(kernel: Linux): Generator<Task> {
  const { tasks: found, notes } = processViewsOf(kernel);
  yield* found;
  for (const note of notes) kernel.note(note);
}

/** `tasks`, and at the end notes of what one view of the kernel has and another lacks. */
export function* processes(kernel: Linux): Generator<Task> {
  yield* tasks(kernel);
  processViewsOf(kernel).noteDifferences();
}
