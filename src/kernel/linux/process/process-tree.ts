// Processes by who started whom.
// Linux: real_parent of struct task_struct, include/linux/sched.h.
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import { processes } from './processes.ts';
import type { Task } from './task.ts';

/** A process and how far it is from the root of its tree: 0 for the root. */
export interface TreeNode {
  readonly task: Task;
  readonly depth: number;
}

/**
 * Every process, each after its parent and each once. Roots are processes whose parent is none of them (1 and 2,
 * children of the idle task) or cannot be read. With `root`, only that process and what descends from it.
 */
export function* processTree(kernel: Linux, root?: number): Generator<TreeNode> {
  const tasks = [...processes(kernel)];
  const byPid = new Map<number, Task>();
  for (const task of tasks) {
    // A number that cannot be read puts a process at the root of a tree; its cell tells why.
    const pid = unlessFault(() => task.pid, undefined);
    if (pid !== undefined && !byPid.has(pid)) byPid.set(pid, task);
  }
  const children = new Map<Task, Task[]>();
  const roots: Task[] = [];
  for (const task of tasks) {
    const parent = byPid.get(unlessFault(() => task.parent.pid, 0));
    if (parent === undefined) roots.push(task);
    else listOf(children, parent).push(task);
  }
  const seen = new Set<Task>();
  if (root !== undefined) {
    const task = byPid.get(root);
    if (task === undefined) kernel.note(`there is no process ${root}`);
    else yield* descend(task, children, seen);
    return;
  }
  for (const task of roots) yield* descend(task, children, seen);
  for (const task of tasks) {
    if (seen.has(task)) continue; // whoever is left descends from itself
    kernel.note(`${task.label} is its own ancestor`);
    yield* descend(task, children, seen);
  }
}

/** `task` and its descendants, parents first, siblings in the order of the task list. Not recursive: depth is the evidence's choice. */
function* descend(
  task: Task,
  children: ReadonlyMap<Task, readonly Task[]>,
  seen: Set<Task>,
): Generator<TreeNode> {
  const waiting: TreeNode[] = [{ task, depth: 0 }];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node.task)) continue;
    seen.add(node.task);
    yield node;
    const below = children.get(node.task) ?? [];
    for (let i = below.length - 1; i >= 0; i--) waiting.push({ task: below[i]!, depth: node.depth + 1 });
  }
}

function listOf(children: Map<Task, Task[]>, parent: Task): Task[] {
  let list = children.get(parent);
  if (list === undefined) children.set(parent, (list = []));
  return list;
}
