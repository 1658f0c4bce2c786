/** What must not compile. Compiling this file is the test: nothing of it is ever run. */
import type { PhysicalAddress, VirtualAddress } from '../src/base/address.ts';
import type { Task } from '../src/kernel/linux/process/task.ts';
import type { Kernel } from '../src/kernel/linux/structs.ts';
import { definePlugin } from '../src/plugin/contract.ts';

declare const task: Kernel<'task_struct'>;
declare const virtual: VirtualAddress;
declare const physical: PhysicalAddress;

export const pid: number = task.pid;
export const root: bigint | undefined = task.mm?.pgd;
export const grandparent: string = task.real_parent.real_parent.comm;
export const state: number | undefined = task.__state;
export const runtime: bigint = task.se.sum_exec_runtime;
export const told: bigint | undefined = task.signal.prev_cputime?.utime;
for (const thread of task.signal.thread_head) {
  const tgid: number = thread.tgid;
  void tgid;
}

// @ts-expect-error mm may be NULL
task.mm.pgd;
// @ts-expect-error only some kernels have it
export const certain: number = task.__state;
// @ts-expect-error no such member is declared
task.journal_info;
// @ts-expect-error evidence is never written
task.pid = 1;
// @ts-expect-error virtual and physical addresses cannot be added
export const sum = virtual + physical;
// @ts-expect-error a number is no physical address until somebody says so
export const frame: PhysicalAddress = 0x1000;

export const good = definePlugin({
  name: 'good',
  summary: 'Compile',
  example: '--pid 1',
  version: 1,
  walker: 'processes',
  columns: {
    pid: { int: (subject) => subject.pid },
    name: { text: (subject) => subject.name },
    task: { address: (subject) => subject.address },
    started: { time: (subject) => subject.started },
  },
  identity: ['pid'],
  filters: ['name'],
  tree: { column: 'name', by: 'pid' },
});

declare const tasks: () => Iterable<Task>;
const rest = { summary: 'Not compile', example: '--pid 1', version: 1, subjects: tasks };

definePlugin({
  ...rest,
  name: 'a',
  // @ts-expect-error an int column cannot hold a name
  columns: { pid: { int: (subject: Task) => subject.name } },
  identity: ['pid'],
});
definePlugin({
  ...rest,
  name: 'b',
  columns: { pid: { int: (subject: Task) => subject.pid } },
  // @ts-expect-error identity must name declared columns
  identity: ['tid'],
});
definePlugin({
  ...rest,
  name: 'c',
  // @ts-expect-error a Task has no such property
  columns: { pid: { int: (subject: Task) => subject.thread } },
  identity: ['pid'],
});
definePlugin({
  ...rest,
  name: 'd',
  columns: { pid: { int: (subject: Task) => subject.pid } },
  identity: ['pid'],
  // @ts-expect-error filters must name declared columns
  filters: ['uid'],
});
definePlugin({
  ...rest,
  name: 'e',
  // @ts-expect-error there is no such kind of column
  columns: { pid: { number: (subject: Task) => subject.pid } },
  identity: ['pid'],
});
definePlugin({
  ...rest,
  name: 'f',
  columns: { pid: { int: (subject: Task) => subject.pid } },
  identity: ['pid'],
  options: { depth: { help: 'how deep', value: 'number', parse: Number } },
  // @ts-expect-error an option that may be left out may be undefined
  subjects: (_kernel, { depth }) => [depth.toFixed()],
});
definePlugin({
  ...rest,
  name: 'g',
  columns: { pid: { int: (subject: Task) => subject.pid } },
  identity: ['pid'],
  // @ts-expect-error a tree is drawn by a column that there is
  tree: { column: 'pid', by: 'depth' },
});
