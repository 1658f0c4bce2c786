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
    kernel: { flag: (task) => task.isKernelThread },
    task: { address: (task) => task.address },
  },
  identity: ['pid', 'task'],
  filters: ['pid', 'name'],
});
