import { UsageError } from '../src/base/errors.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { hiddenProcesses } from '../src/plugin/hidden-processes.ts';

export default definePlugin({
  name: 'pstree',
  group: 'processes',
  summary: 'Show which process started which',
  example: '--root 1 --columns pid,name,args',
  version: 5,
  options: {
    root: { help: 'show this process and its descendants', value: 'pid', parse: pidOf },
  },
  async *subjects(kernel, { root }) {
    const { processTree } = await import('../src/kernel/linux/process/process-tree.ts');
    yield* processTree(kernel, root);
  },
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID, in the initial PID namespace' },
    ppid: { int: ({ task }) => task.parent.pid, help: 'process ID of the parent' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    depth: { int: ({ depth }) => depth, help: 'how far from the root of its tree; 0 for the root' },
    threads: { int: ({ task }) => task.threadCount, help: 'threads that have not ended' },
    uid: { int: ({ task }) => task.uid, help: 'real user ID' },
    state: { text: ({ task }) => task.state, help: 'the letter that ps shows' },
    started: { time: ({ task }) => task.started, help: 'when it was forked' },
    exe: { text: ({ task }) => task.memory?.executable ?? null, help: 'the file that it runs' },
    args: {
      text: ({ task }) => task.memory?.commandLine ?? null,
      help: 'its command line, which it may change itself',
    },
    hidden: {
      flag: ({ task }) => task.isHidden,
      help: 'whether a view of the kernel that has all processes lacks it',
    },
    views: { text: ({ task }) => task.views, help: 'the views of the kernel that have it' },
  },
  process: 'pid',
  processName: 'name',
  references: { ppid: 'pslist.pid' },
  identity: ['pid', 'started'],
  restless: ['state', 'threads', 'views'],
  observations: hiddenProcesses,
  filters: ['pid', 'name', 'uid', 'state'],
  words: { state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'] },
  uncut: ['state'],
  paths: ['exe'],
  dispensable: ['views', 'hidden', 'exe', 'threads', 'state', 'started', 'uid'],
  tree: { column: 'name', by: 'depth' },
  wording: {
    noun: ({ uid }) => (uid === null ? ['kernel thread', 'kernel threads'] : ['process', 'processes']),
  },
  repeats: true,
});

function pidOf(word: string): number {
  if (!/^\d{1,10}$/.test(word)) throw new UsageError(`${word} is no process ID`);
  return Number(word);
}
