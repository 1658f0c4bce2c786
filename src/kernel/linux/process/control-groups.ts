// The control groups of each process, and the container that they tell of.
// Linux: task_struct.cgroups of include/linux/sched.h.
import { type ContainerName, containerOf } from '../cgroup/container-path.ts';
import { type Membership, membershipsIn, unifiedGroup } from '../cgroup/membership.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** A process in one of its groups. */
export class GroupOfProcess {
  readonly task: Task;
  readonly group: Membership;
  constructor(task: Task, group: Membership) {
    this.task = task;
    this.group = group;
  }
  /** The container that the group is of; null outside of containers. @throws EvidenceFault */
  get container(): ContainerName | null {
    return containerOf(this.group.path);
  }
}

/** The groups of a task in every hierarchy; none for one that is let go, or where this kernel has no control groups. */
function* groupsOf(task: Task): Generator<GroupOfProcess> {
  const { kernel } = task;
  const what = `control groups of ${task.label}`;
  const set = kernel.attempt(() => task.raw.cgroups ?? null, null, what);
  if (set === null) return;
  for (const group of membershipsIn(kernel, set, what)) yield new GroupOfProcess(task, group);
}

/** Every process in every group that it is in. */
export function* controlGroups(kernel: Linux): Generator<GroupOfProcess> {
  for (const task of tasks(kernel)) yield* groupsOf(task);
}

/**
 * The container that a process is in, as its groups tell; null where it is in none. The unified hierarchy is asked first;
 * where that tells nothing, those of version 1. @throws EvidenceFault
 */
export function containerOfTask(task: Task): ContainerName | null {
  const { cgroups: set } = task.raw;
  return set === null || set === undefined ? null : containerOfSet(task, set);
}

/** The same, by the groups that the process has in common with others. @throws EvidenceFault */
export function containerOfSet(task: Task, set: Kernel<'css_set'>): ContainerName | null {
  const { kernel } = task;
  const unified = unifiedGroup(kernel, set);
  const found = unified === null ? null : containerOf(unified.path);
  if (found !== null) return found;
  for (const group of membershipsIn(kernel, set, `control groups of ${task.label}`)) {
    const inOther = containerOf(group.path);
    if (inOther !== null) return inOther;
  }
  return null;
}
