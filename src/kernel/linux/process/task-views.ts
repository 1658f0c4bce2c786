// Processes and their threads as several structures of the kernel have them: what tasks that were
// found by their shape are held against.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, NotInKernel } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Walk } from '../../../types/struct.ts';
import { cgroupTasks } from '../cgroup/member-tasks.ts';
import { CrossView } from '../cross-view.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import { type CompleteView, type ProcessViews, processViewsOf } from './process-views.ts';
import { idleTasks, queuedTasks } from './run-queues.ts';
import { initTask } from './task.ts';

/** By their names in answers; only the first of each process is on the task list and a child of somebody. */
export const TASK_VIEWS = ['list', 'pids', 'threads', 'children', 'queues', 'cgroups', 'idle'] as const;
export type TaskView = (typeof TASK_VIEWS)[number];

/** Which view has which task. */
export class TaskViewsOfThreads {
  readonly #kernel: Linux;
  readonly #views = new CrossView<TaskView>();
  readonly #processes: ProcessViews;
  /** What the walks lacked. */
  readonly notes: readonly string[];

  constructor(kernel: Linux) {
    this.#kernel = kernel;
    this.#processes = processViewsOf(kernel);
    const processes = this.#processes;
    const walked = kernel.notedApart(() => {
      this.#add('list', this.#inView('list'));
      this.#add('pids', this.#inView('pids', processes.threads));
      this.#add('threads', this.#inGroups());
      this.#add('children', this.#inView('children'));
      this.#add('queues', queuedTasks(kernel));
      this.#add('cgroups', cgroupTasks(kernel));
      this.#add('idle', this.#idle());
    });
    this.notes = [...new Set([...processes.notes, ...walked])];
  }

  /** Every task that a view has. */
  get all(): Iterable<VirtualAddress> {
    return this.#views.all;
  }
  has(view: TaskView, task: VirtualAddress): boolean {
    return this.#views.has(view, task);
  }
  /** Whether the walk of a view came to its end. */
  isWhole(view: TaskView): boolean {
    return this.#views.isWhole(view);
  }
  /** Whether this kernel does not have the view. */
  isWithout(view: TaskView): boolean {
    return this.#views.isWithout(view);
  }
  /** @throws WalkIncomplete where its walk did not find it and did not come to its end either @throws NotInKernel */
  isIn(view: TaskView, task: VirtualAddress): boolean {
    return this.#views.isIn(view, task);
  }
  /** The views that have it. */
  with(task: VirtualAddress): readonly TaskView[] {
    return this.#views.among(TASK_VIEWS, task, true);
  }

  #add(name: TaskView, walk: Walk<VirtualAddress>): void {
    this.#views.addNoted(this.#kernel, name, walk, 'tasks');
  }

  /** What was walked for lists of processes already. */
  *#inView(view: CompleteView, more: Iterable<VirtualAddress> = []): Walk<VirtualAddress> {
    const isWhole = this.#processes.isWhole(view);
    if (isWhole === null) throw new NotInKernel(`this kernel has no ${view}`);
    yield* this.#processes.in(view);
    yield* more;
    return isWhole;
  }

  /** The threads of every process that is found. */
  *#inGroups(): Walk<VirtualAddress> {
    let isWhole = true;
    for (const task of this.#processes.tasks) {
      const walk = task.threads();
      try {
        let step = walk.next();
        for (; step.done !== true; step = walk.next()) yield step.value.address;
        isWhole &&= step.value;
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        isWhole = false;
        this.#kernel.note(`threads of ${task.label}: ${fault.message}`);
      }
    }
    return isWhole;
  }

  /** The first is in the image itself. */
  *#idle(): Walk<VirtualAddress> {
    const first = unlessFault(() => initTask(this.#kernel).address, undefined);
    if (first !== undefined) yield first;
    if (!this.#kernel.types.has('rq', 'idle') || !this.#kernel.hasSymbol('runqueues')) return false;
    return yield* idleTasks(this.#kernel);
  }
}

/** Which view of a kernel has which task: walked once, for all questions. */
export const taskViewsOf = perKernel((kernel) => new TaskViewsOfThreads(kernel));
