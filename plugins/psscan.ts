import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

export default definePlugin({
  name: 'psscan',
  group: 'processes',
  onRequest: true,
  summary: 'Find processes and threads anywhere in memory by their shape, ended ones too',
  example: '--live false --columns pid,tid,name,exitCode,started',
  version: 2,
  scans: {
    tasks: async (kernel) => {
      const { tasks } = await import('../src/kernel/linux/process/task-scanner.ts');
      const { taskShapeOf } = await import('../src/kernel/linux/process/carved-tasks.ts');
      return { ...tasks, parameters: taskShapeOf(kernel) };
    },
  },
  async *subjects(kernel, _options, { finds }) {
    const { carvedTasks } = await import('../src/kernel/linux/process/carved-tasks.ts');
    yield* carvedTasks(kernel, finds.tasks, kernel.space.memory.limits.rows);
  },
  columns: {
    physical: {
      address: ({ physical }) => BigInt(physical),
      space: 'physical',
      help: 'where its struct task_struct is in RAM',
    },
    task: { address: ({ task }) => task.address, help: 'where the kernel has it' },
    pid: { int: ({ task }) => task.pid, help: 'process ID; of one that has ended the one that it had' },
    tid: { int: ({ task }) => task.tid, help: 'thread ID; of the first thread the process ID' },
    ppid: {
      int: ({ task }) => task.parent.pid,
      help: 'process ID of the parent; of one that has ended that of what lies there now',
    },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    uid: { int: (found) => found.uid, help: 'real user ID; null where its rights are given back' },
    state: { text: ({ task }) => task.state, help: 'the letter that ps shows; X has ended' },
    exitState: { text: ({ exitState }) => exitState, help: 'null before its end; zombie, dead' },
    exitCode: {
      int: ({ exitCode }) => exitCode,
      help: 'what it gave exit(2); null before its end, and where a signal ended it',
    },
    exitSignal: { text: ({ exitSignal }) => exitSignal, help: 'the signal that ended it' },
    started: { time: ({ task }) => task.started, help: 'when it was forked' },
    live: { flag: ({ isLive }) => isLive, help: 'whether it has not been let go; a zombie has not' },
    listed: {
      flag: ({ isListed }) => isListed,
      help: 'whether the task list, the table of process IDs, a thread group or a list of children has it',
    },
    hidden: { flag: ({ isHidden }) => isHidden, help: 'whether it lives, and none of these has it' },
    views: {
      text: ({ views }) => views,
      help: 'what has it: list, pids, threads, children, queues, cgroups',
    },
    container: {
      text: ({ container }) => container,
      help: 'ID or name of the container that it is in; null where it has ended',
    },
  },
  process: 'pid',
  references: { container: 'containers.id' },
  identity: ['physical', 'pid', 'tid', 'started'],
  restless: ['state', 'views'],
  ofBoot: ['pid', 'tid', 'ppid'],
  // What has ended lies there until its memory is another's.
  churn: ({ live }) => live !== true,
  followsProcess: true,
  observations: [
    {
      of: ({ pid, tid, name, hidden, physical }) =>
        hidden === true
          ? `${shown(pid)}${tid === pid ? '' : `, thread ${shown(tid)}`} (${shown(name)}; at ${physicalText(physical)})`
          : null,
      sentence: (things, count) =>
        `${count === 1 ? '1 task lives' : `${count} tasks live`} and the kernel lists ${count === 1 ? 'it' : 'them'} nowhere: ${things}`,
    },
  ],
  filters: [
    ...(['pid', 'tid', 'ppid', 'name', 'uid', 'state', 'exitState', 'exitCode', 'started'] as const),
    ...(['live', 'listed', 'hidden', 'container'] as const),
  ],
  words: { state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'], exitState: ['zombie', 'dead'] },
  uncut: ['state', 'exitState'],
  dispensable: [
    'container',
    'views',
    'task',
    'exitSignal',
    'listed',
    'exitState',
    'uid',
    'ppid',
    'exitCode',
    'started',
  ],
  wording: { noun: ['task', 'tasks'], all: 'tasks that are or were' },
});

const physicalText = (cell: unknown): string => (typeof cell === 'bigint' ? `0x${cell.toString(16)}` : '?');
