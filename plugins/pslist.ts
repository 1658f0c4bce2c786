import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'pslist',
  summary: 'List processes by walking the kernel task list',
  example: '--pid 1,200 --columns pid,name,args',
  version: 1,
  subjects: (kernel) => kernel.tasks(),
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
    args: { text: (task) => task.memory?.commandLine ?? null },
    task: { address: (task) => task.address },
  },
  identity: ['pid', 'started'],
  enduring: ({ name, uid, args }) => [name!, uid!, args!],
  restless: ['cpuTime', 'rss', 'state', 'threads'],
  ofBoot: ['pid', 'ppid'],
  // Workers of the kernel are made and let go as there is work, and are called by what they last did.
  churn: ({ kernel, name }) => kernel === true && String(name).startsWith('kworker/'),
  filters: ['pid', 'ppid', 'name', 'uid', 'state', 'kernel'],
  dispensable: ['task', 'kernel', 'gid', 'nice', 'euid', 'threads', 'cpuTime', 'rss', 'started'],
});
