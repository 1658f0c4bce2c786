import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'kthreads',
  group: 'processes',
  summary: "List the kernel's own threads: which function each runs, and whose it is",
  example: '--known no --columns pid,name,address,work',
  version: 1,
  async *subjects(kernel) {
    const { shownKernelThreads } = await import('../src/kernel/linux/kthreads/shown-threads.ts');
    yield* shownKernelThreads(kernel);
  },
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's own name of it, of 15 bytes (comm)" },
    fullName: {
      text: ({ thread }) => thread.fullName,
      help: 'its whole name, and of a worker with what it works on (+) or did (-), as /proc/PID/comm has it',
    },
    symbol: {
      text: ({ made }) => made.symbol,
      help: 'the function that it was made for; empty where that is in nobody’s code',
    },
    module: { text: ({ made }) => made.module, help: 'whose code that is; empty for the kernel itself' },
    address: { address: ({ made }) => made.address, help: 'where that function is' },
    how: {
      text: ({ thread }) => thread.function?.how ?? null,
      help: 'what tells it: its struct kthread, or a frame of its stack, found as in stacks',
    },
    data: { address: ({ thread }) => thread.data, help: 'what the function was given' },
    work: {
      text: ({ work }) => work.symbol,
      help: 'the function that a worker works on now',
    },
    workModule: { text: ({ work }) => work.module, help: 'whose code that is; empty for the kernel itself' },
    lastWork: {
      text: ({ lastWork }) => lastWork.symbol,
      help: 'the function that a worker worked on before; empty too where its module was unloaded',
    },
    queue: {
      text: ({ thread }) => thread.worker?.workQueue ?? null,
      help: 'the work queue that a worker serves now, or which it is there to rescue',
    },
    pool: { int: ({ thread }) => thread.worker?.pool ?? null, help: 'the pool of workers that it is of' },
    boundCpu: { int: ({ thread }) => thread.boundCpu, help: 'the CPU that it is bound to' },
    flags: {
      text: ({ thread }) => thread.flags,
      help: 'per-cpu, should-stop, should-park; of a worker idle, unbound and the like',
    },
    known: {
      flag: (thread) => thread.isKnown(),
      help: 'whether what it runs and works on is code of the kernel or of a module; absent where not all modules could be found',
    },
    task: { address: ({ task }) => task.address, help: 'where its struct task_struct is' },
  },
  process: 'pid',
  processName: 'name',
  identity: ['pid'],
  restless: ['fullName', 'work', 'workModule', 'lastWork', 'queue', 'flags'],
  ofBoot: ['pid'],
  churn: ({ name }) => textOf(name).startsWith('kworker/'),
  followsProcess: true,
  filters: ['pid', 'name', 'symbol', 'module', 'work', 'workModule', 'queue', 'pool', 'known', 'how'],
  words: { how: ['kthread', 'saved', 'orc', 'frame-pointer', 'scan'] },
  dispensable: [
    'task',
    'data',
    'pool',
    'how',
    'workModule',
    'flags',
    'lastWork',
    'boundCpu',
    'address',
    'known',
  ],
  wording: { noun: ['thread of the kernel', 'threads of the kernel'] },
  triage: true,
  why: ({ known, symbol }) => {
    if (known !== false) return [];
    return [
      `${textOf(symbol) === '' ? 'runs' : 'works on'} code that is neither the kernel’s nor a module’s`,
    ];
  },
});
