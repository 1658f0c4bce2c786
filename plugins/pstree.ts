import { UsageError } from '../src/base/errors.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { hiddenProcesses } from '../src/plugin/hidden-processes.ts';

export default definePlugin({
  name: 'pstree',
  summary: 'Show which process started which',
  example: '--root 1 --columns pid,name,args',
  version: 4,
  options: {
    root: { help: 'show this process and its descendants', value: 'pid', parse: pidOf },
  },
  async *subjects(kernel, { root }) {
    const { processTree } = await import('../src/kernel/linux/process/process-tree.ts');
    yield* processTree(kernel, root);
  },
  columns: {
    pid: { int: ({ task }) => task.pid },
    ppid: { int: ({ task }) => task.parent.pid },
    name: { text: ({ task }) => task.name },
    depth: { int: ({ depth }) => depth },
    threads: { int: ({ task }) => task.threadCount },
    uid: { int: ({ task }) => task.uid },
    state: { text: ({ task }) => task.state },
    started: { time: ({ task }) => task.started },
    exe: { text: ({ task }) => task.memory?.executable ?? null },
    args: { text: ({ task }) => task.memory?.commandLine ?? null },
    hidden: { flag: ({ task }) => task.isHidden },
    views: { text: ({ task }) => task.views },
  },
  identity: ['pid', 'started'],
  restless: ['state', 'threads', 'views'],
  observations: hiddenProcesses,
  filters: ['pid', 'name', 'uid', 'state'],
  words: { state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'] },
  uncut: ['state'],
  paths: ['exe'],
  dispensable: ['views', 'hidden', 'exe', 'threads', 'state', 'started', 'uid'],
  tree: { column: 'name', by: 'depth' },
});

function pidOf(word: string): number {
  if (!/^\d{1,10}$/.test(word)) throw new UsageError(`${word} is no process ID`);
  return Number(word);
}
