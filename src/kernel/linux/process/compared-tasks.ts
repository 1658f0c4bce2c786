// Every live task that anything leads to, and which structures of the kernel have it.
// Linux: kernel/fork.c (copy_process), kernel/exit.c (release_task), kernel/sched/core.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Hit } from '../../../scan/scanner.ts';
import type { Linux } from '../linux.ts';
import { carvedTasks } from './carved-tasks.ts';
import { containerOfTask } from './control-groups.ts';
import { holderTasks } from './holder-tasks.ts';
import { Task } from './task.ts';
import type { TaskFind } from './task-scanner.ts';
import { type TaskView, type TaskViewsOfThreads, taskViewsOf } from './task-views.ts';

/** On a run queue, and not on the way to another: TASK_ON_RQ_QUEUED of kernel/sched/sched.h. */
const QUEUED = 1;

/** A task, and what has it. */
export class ComparedTask {
  readonly task: Task;
  readonly isCarved: boolean;
  /** Whether a file or a socket leads to it; null where none does, since none need. */
  readonly isHolder: true | null;
  readonly #views: TaskViewsOfThreads;

  constructor(
    task: Task,
    views: TaskViewsOfThreads,
    { isCarved, isHolder }: { readonly isCarved: boolean; readonly isHolder: boolean },
  ) {
    this.task = task;
    this.isCarved = isCarved;
    this.isHolder = isHolder || null;
    this.#views = views;
  }

  /**
   * Whether a view has it; null where it need not. @throws WalkIncomplete where the view was not walked to its end
   * @throws EvidenceFault
   */
  isIn(view: TaskView): boolean | null {
    const { address } = this.task;
    if (this.#views.has(view, address)) return true;
    return this.#mustBeIn(view) ? this.#views.isIn(view, address) : null;
  }

  /** The ID or name of the container that it is in; null outside of containers. @throws EvidenceFault */
  get container(): string | null {
    return containerOfTask(this.task)?.id ?? null;
  }

  #mustBeIn(view: TaskView): boolean {
    const { raw, tid, pid, isSettled } = this.task;
    if (!isSettled) return false;
    if (view === 'list' || view === 'children') return tid === pid;
    if (view === 'queues') return raw.on_rq === QUEUED;
    return view !== 'cgroups' || raw.exit_state === 0;
  }
}

/**
 * Every task that a view has, that files or sockets lead to, or that was found by its shape and lives, as many as `most` of
 * the last; no idle ones.
 */
export function* comparedTasks(
  kernel: Linux,
  finds: readonly Hit<TaskFind>[],
  most: number,
): Generator<ComparedTask> {
  const views = taskViewsOf(kernel);
  const holders = holderTasks(kernel);
  const carved = new Map<VirtualAddress, boolean>();
  for (const found of carvedTasks(kernel, finds, most)) carved.set(found.task.address, isLive(found));
  const of = (address: VirtualAddress): ComparedTask =>
    new ComparedTask(new Task(kernel.at('task_struct', address), kernel), views, {
      isCarved: carved.has(address),
      isHolder: holders.has(address),
    });
  const shown = new Set(views.all);
  for (const address of shown) if (!views.has('idle', address)) yield of(address);
  const living = [...carved].filter(([, lives]) => lives).map(([address]) => address);
  for (const address of [...holders, ...living]) {
    if (shown.has(address)) continue;
    shown.add(address);
    yield of(address);
  }
}

/** What cannot be read is shown. */
function isLive(found: { readonly isLive: boolean }): boolean {
  try {
    return found.isLive;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return true;
  }
}
