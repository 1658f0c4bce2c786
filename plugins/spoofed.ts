import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'spoofed',
  group: 'processes',
  summary: 'List processes whose names disagree: comm, first argument, executable',
  example: '--spoofed yes --columns pid,name,argv0,exe,disagree',
  version: 2,
  walker: 'namedProcesses',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    ppid: { int: ({ task }) => task.parent.pid, help: 'process ID of the parent' },
    uid: { int: ({ task }) => task.uid, help: 'real user ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    argv0: {
      text: ({ argv0 }) => argv0(),
      help: 'its first argument, which it may change itself',
    },
    exe: { text: ({ memory }) => memory.executable, help: 'the file that it runs' },
    disagree: {
      text: ({ disagree }) => disagree.join(','),
      help: 'names that are not those of the file (name, argv0), and exe where the file is deleted or in memory only',
    },
    explained: {
      text: ({ explanation }) => explanation,
      help: 'what it is if that explains it; renamed: only comm is another, which the process may set itself',
    },
    kernelLike: {
      flag: ({ isLikeKernels }) => isLikeKernels,
      help: 'whether it is called as threads of the kernel are, and is none',
    },
    spoofed: {
      flag: (process) => process.isSpoofed(),
      help: 'whether nothing explains it; absent where a name cannot be read',
    },
  },
  process: 'pid',
  processName: 'name',
  references: { ppid: 'pslist.pid' },
  identity: ['pid'],
  ofBoot: ['pid', 'ppid'],
  followsProcess: true,
  filters: ['pid', 'name', 'exe', 'disagree', 'explained', 'kernelLike', 'spoofed'],
  words: { explained: ['script', 'multi-call', 'login-shell', 'title', 'loader', 'renamed'] },
  uncut: ['disagree', 'explained'],
  paths: ['exe'],
  dispensable: ['kernelLike', 'uid', 'ppid'],
  wording: { noun: ['process with several names', 'processes with several names'] },
  triage: true,
  // Of deleted files and of names like the kernel's the list of processes tells.
  why: ({ spoofed, kernelLike, disagree, argv0, name }) =>
    spoofed !== true || kernelLike === true
      ? []
      : textOf(disagree).split(',').includes('argv0')
        ? [`calls itself ${textOf(argv0)}, which it does not run`]
        : textOf(disagree).split(',').includes('name')
          ? [`calls itself ${textOf(name)}, which it does not run`]
          : [],
});
