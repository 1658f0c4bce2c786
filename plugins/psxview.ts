import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'psxview',
  group: 'processes',
  onRequest: true,
  summary: 'Tell which structures of the kernel have each process and thread',
  example: '--pid 1,200 --columns pid,tid,name,taskList,pids,carved',
  version: 2,
  scans: {
    tasks: async (kernel) => {
      const { tasks } = await import('../src/kernel/linux/process/task-scanner.ts');
      const { taskShapeOf } = await import('../src/kernel/linux/process/carved-tasks.ts');
      return { ...tasks, parameters: taskShapeOf(kernel) };
    },
  },
  async *subjects(kernel, _options, { finds }) {
    const { comparedTasks } = await import('../src/kernel/linux/process/compared-tasks.ts');
    yield* comparedTasks(kernel, finds.tasks, kernel.space.memory.limits.rows);
  },
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    tid: { int: ({ task }) => task.tid, help: 'thread ID; of the first thread the process ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    taskList: {
      flag: (found) => found.isIn('list'),
      help: 'the task list; null for what is no first thread',
    },
    pids: { flag: (found) => found.isIn('pids'), help: 'the table of process IDs, which /proc shows' },
    threads: { flag: (found) => found.isIn('threads'), help: 'the threads of a process' },
    children: {
      flag: (found) => found.isIn('children'),
      help: "its parent's children; null for what is no first thread",
    },
    queues: {
      flag: (found) => found.isIn('queues'),
      help: 'the run queue of a CPU; null for what waits for none',
    },
    cgroups: {
      flag: (found) => found.isIn('cgroups'),
      help: 'the tasks of a set of control groups; null for what has ended',
    },
    holders: {
      flag: (found) => found.isHolder,
      help: 'a mapped file, the owner of a file or the peer of a socket; null where none leads to it, as none need',
    },
    carved: { flag: (found) => found.isCarved, help: 'whether psscan finds it by its shape' },
    task: { address: ({ task }) => task.address, help: 'where its struct task_struct is' },
    container: {
      text: ({ container }) => container,
      help: 'ID or name of the container that it is in',
    },
  },
  process: 'pid',
  references: { container: 'containers.id' },
  identity: ['task', 'pid', 'tid'],
  restless: ['queues'],
  ofBoot: ['pid', 'tid'],
  followsProcess: true,
  repeats: true,
  filters: [
    ...([
      'pid',
      'tid',
      'name',
      'taskList',
      'pids',
      'threads',
      'children',
      'queues',
      'cgroups',
      'holders',
      'carved',
      'container',
    ] as const),
  ],
  dispensable: ['container', 'task'],
  wording: { noun: ['task', 'tasks'] },
});
