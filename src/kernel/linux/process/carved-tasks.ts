// Tasks that were found by their shape: whether they are where they say, whether they live, and who knows of them.
// Linux: kernel/exit.c (release_task), kernel/fork.c (__put_task_struct).
import { hex, highWord, lowWord, type PhysicalAddress, type VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, WalkIncomplete } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Hit } from '../../../scan/scanner.ts';
import type { Linux } from '../linux.ts';
import { containerOfTask } from './control-groups.ts';
import { signalName } from './signal-names.ts';
import { Task } from './task.ts';
import type { TaskFind, TaskShape } from './task-scanner.ts';
import { type TaskView, type TaskViewsOfThreads, taskViewsOf } from './task-views.ts';

/** Lists of a task that no part of the kernel poisons: kernel/fork.c and kernel/exit.c make each empty again. */
const HEADS = ['children', 'sibling', 'ptraced', 'ptrace_entry'] as const;
/** `exit_state` of include/linux/sched.h: a task that is let go, or waits for its parent. */
const EXIT_DEAD = 0x10;
const EXIT_ZOMBIE = 0x20;
/** Set in the state of a task that has run for the last time: TASK_DEAD of include/linux/sched.h. */
const TASK_DEAD = 0x80;
/** The kernel's half begins here at the lowest: 5-level paging and 52 bits of AArch64; VMSPLIT_1G in 32 bits. */
const LOWEST_POINTER = { 4: 0x4000_0000, 8: 0xff00_0000 } as const;
/** Every view that a live task must be in. */
const LISTING = ['list', 'pids', 'threads', 'children'] as const satisfies readonly TaskView[];

/** Where this build has what tells a task. @throws NotInKernel */
export function taskShapeOf(kernel: Linux): TaskShape {
  const { types } = kernel;
  const at = (member: string): number => types.offsetOf('task_struct', member);
  const rt = at('rt') + types.offsetOf('sched_rt_entity', 'run_list');
  const fair = at('se') + types.offsetOf('sched_entity', 'group_node');
  const shape = {
    ...{ schedClass: at('sched_class'), pid: at('pid'), tgid: at('tgid'), comm: at('comm') },
    ...{ heads: [...HEADS.map(at), rt, fair], groupLeader: at('group_leader') },
    pointers: [at('real_parent'), at('group_leader')],
    nullable: [
      at('real_cred'),
      at('cred'),
      at('mm'),
      ...(types.has('task_struct', 'stack') ? [at('stack')] : []),
    ],
  };
  const { schedClass, pid, tgid, comm, heads, pointers, nullable } = shape;
  const text = kernel.symbol('_text');
  return {
    ...shape,
    pointerBytes: types.pointerBytes,
    bytes: Math.max(schedClass, pid, tgid, comm, ...heads, ...pointers, ...nullable) + 16,
    image: { hi: highWord(text), lo: lowWord(text), bytes: Number(kernel.symbol('_end') - text) },
    lowestPointer: LOWEST_POINTER[types.pointerBytes],
  };
}

/** A task that was found by its shape. */
export class CarvedTask {
  readonly task: Task;
  readonly physical: PhysicalAddress;
  readonly #views: TaskViewsOfThreads;

  constructor(task: Task, physical: PhysicalAddress, views: TaskViewsOfThreads) {
    this.task = task;
    this.physical = physical;
    this.#views = views;
  }

  /** It has neither been let go nor is it being made; a zombie that waits for its parent is live. @throws EvidenceFault */
  get isLive(): boolean {
    const { raw } = this.task;
    if (raw.usage === 0 || !this.task.isSettled) return false;
    return raw.exit_state !== 0 || (this.task.stateBits & TASK_DEAD) === 0;
  }

  /** Whether it waits for its parent, or is let go; null before its end. @throws EvidenceFault */
  get exitState(): 'zombie' | 'dead' | null {
    const { exit_state: state } = this.task.raw;
    if ((state & EXIT_DEAD) !== 0) return 'dead';
    return (state & EXIT_ZOMBIE) !== 0 ? 'zombie' : null;
  }
  /** What it ended with; null before, and where a signal ended it. @throws EvidenceFault */
  get exitCode(): number | null {
    if (this.exitState === null || this.#signalNumber !== 0) return null;
    return (this.task.raw.exit_code >>> 8) & 0xff;
  }
  /** The signal that ended it; null where none has. @throws EvidenceFault */
  get exitSignal(): string | null {
    return this.exitState === null || this.#signalNumber === 0 ? null : signalName(this.#signalNumber);
  }
  get #signalNumber(): number {
    return this.task.raw.exit_code & 0x7f;
  }
  /** Its real user; null where its rights are given back, which is the last that a task keeps. @throws EvidenceFault */
  get uid(): number | null {
    const { raw, kernel } = this.task;
    const member = kernel.types.offsetOf('task_struct', 'real_cred');
    return kernel.pointerAt(raw.address + BigInt(member)) === 0n ? null : raw.real_cred.uid;
  }
  /** The ID or name of the container that it is in; null outside of containers, and where it has ended. @throws EvidenceFault */
  get container(): string | null {
    return this.isLive ? (containerOfTask(this.task)?.id ?? null) : null;
  }

  /** Whether one of the kernel's own views of all tasks has it. @throws WalkIncomplete */
  get isListed(): boolean {
    const { address } = this.task;
    if (LISTING.some((view) => this.#views.has(view, address))) return true;
    const broken = LISTING.find((view) => !this.#views.isWhole(view) && !this.#views.isWithout(view));
    if (broken === undefined) return false;
    throw new WalkIncomplete(`the walk of ${broken} did not come to its end`);
  }

  /**
   * It lives, and none of the kernel's views of all tasks has it. What passes for the task that a CPU runs when there is
   * nothing else to do is none if no CPU has it. @throws WalkIncomplete @throws EvidenceFault
   */
  get isHidden(): boolean {
    if (!this.isLive || this.isListed) return false;
    return this.task.tid !== 0 || !this.#views.isIn('idle', this.task.address);
  }

  /** The views that have it; null where none has. */
  get views(): string | null {
    return this.#views.with(this.task.address).join(',') || null;
  }
}

/** Tasks that a note names one by one. */
const NAMED = 10;

/**
 * Every process and thread among what was found, as many as `most`; none of the tasks that CPUs run when there is nothing
 * else to do. What the kernel lists and was not found is noted. A copy of one, in a file that is cached or in the memory of a guest
 * inside this one, does not lie where it says, and is none of this kernel.
 */
export function* carvedTasks(
  kernel: Linux,
  finds: readonly Hit<TaskFind>[],
  most: number,
): Generator<CarvedTask> {
  let count = 0;
  let lost = 0;
  let why = '';
  const views = taskViewsOf(kernel);
  const found = new Set<VirtualAddress>();
  for (const note of views.notes) kernel.note(note);
  for (const { physical, found: find } of finds) {
    let place: PhysicalAddress;
    try {
      place = kernel.space.translate(find.address);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      if (fault.code !== 'not-in-snapshot') continue;
      lost++;
      why ||= fault.message;
      continue;
    }
    if (place !== physical || views.has('idle', find.address)) continue;
    found.add(find.address);
    if (++count > most) continue;
    yield new CarvedTask(new Task(kernel.at('task_struct', find.address), kernel), physical, views);
  }
  if (lost > 0)
    kernel.note(`${lost} that look like tasks are left out, since their page tables are lost: ${why}`);
  if (count > most)
    kernel.note(`${count - most} more tasks are left out than the ${most} first; --max-rows allows more`);
  noteNotFound(kernel, views, found);
}

/** Says which tasks the kernel lists that do not look like one. */
function noteNotFound(kernel: Linux, views: TaskViewsOfThreads, found: ReadonlySet<VirtualAddress>): void {
  const missed: string[] = [];
  for (const address of views.all) {
    if (found.has(address) || !LISTING.some((view) => views.has(view, address))) continue;
    missed.push(unlessFault(() => `${kernel.at('task_struct', address).pid}`, hex(address)));
  }
  if (missed.length === 0) return;
  const rest = missed.length > NAMED ? ` and ${missed.length - NAMED} more` : '';
  kernel.note(
    `${missed.length} ${missed.length === 1 ? 'task that the kernel lists does' : 'tasks that the kernel lists do'} ` +
      `not look like one, or their pages are not in the snapshot: ${missed.slice(0, NAMED).join(', ')}${rest}`,
  );
}
