import { definePlugin } from '../src/plugin/contract.ts';
import { hiddenProcesses } from '../src/plugin/hidden-processes.ts';
import { noteMachineState } from '../src/plugin/machine-state.ts';
import { shown } from '../src/plugin/observation.ts';

export default definePlugin({
  name: 'pslist',
  summary: 'List processes, those hidden from the task list too',
  example: '--pid 1,200 --columns pid,name,args',
  version: 4,
  async *subjects(kernel) {
    const { processes } = await import('../src/kernel/linux/process/processes.ts');
    let isEmpty = true;
    for (const task of processes(kernel)) {
      isEmpty = false;
      yield task;
    }
    // A machine that is starting or going down has few processes; of an empty table the runner says it.
    if (!isEmpty) await noteMachineState(kernel);
  },
  columns: {
    pid: { int: (task) => task.pid },
    ppid: { int: (task) => task.parent.pid },
    name: { text: (task) => task.name },
    threads: { int: (task) => task.threadCount },
    uid: { int: (task) => task.uid },
    euid: { int: (task) => task.euid },
    gid: { int: (task) => task.gid },
    state: { text: (task) => task.state },
    nice: { int: (task) => task.nice },
    started: { time: (task) => task.started },
    cpuTime: { seconds: (task) => task.cpuSeconds },
    rss: { int: (task) => task.memory?.residentKiB ?? null },
    kernel: { flag: (task) => task.isKernelThread },
    exe: { text: (task) => task.memory?.executable ?? null },
    args: { text: (task) => task.memory?.commandLine ?? null },
    task: { address: (task) => task.address },
    hidden: { flag: (task) => task.isHidden },
    views: { text: (task) => task.views },
    kernelFlag: { flag: (task) => task.isFlaggedAsKernels },
  },
  identity: ['pid', 'started'],
  enduring: ({ name, uid, args }) => [name!, uid!, args!],
  restless: ['cpuTime', 'rss', 'state', 'threads', 'views'],
  ofBoot: ['pid', 'ppid'],
  // Workers of the kernel are made and let go as there is work, and are called by what they last did.
  churn: ({ kernel, name }) => kernel === true && String(name).startsWith('kworker/'),
  observations: [
    ...hiddenProcesses,
    {
      of: ({ pid, name, kernel, kernelFlag }) =>
        kernelFlag === true && kernel === false ? `${shown(pid)} (${shown(name)})` : null,
      sentence: (things, count) =>
        `${count === 1 ? '1 process passes for a thread' : `${count} processes pass for threads`} of the kernel (PF_KTHREAD), and came from user mode: ${things}`,
    },
    {
      of: ({ pid, name, state, threads }) =>
        state === 'Z' && Number(threads) > 1
          ? `${shown(pid)} (${shown(name)}, ${Number(threads) - 1} left)`
          : null,
      sentence: (things) =>
        `the first thread has ended and others go on, so that /proc shows little: ${things}`,
    },
  ],
  filters: [
    ...(['pid', 'ppid', 'name', 'uid', 'euid', 'state', 'started', 'exe', 'args'] as const),
    ...(['kernel', 'kernelFlag', 'hidden'] as const),
  ],
  words: { state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'] },
  uncut: ['state'],
  paths: ['exe'],
  dispensable: [
    ...([
      'kernelFlag',
      'views',
      'hidden',
      'task',
      'kernel',
      'gid',
      'nice',
      'euid',
      'threads',
      'exe',
    ] as const),
    ...(['cpuTime', 'rss', 'started'] as const),
  ],
});
