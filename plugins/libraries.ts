import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'libraries',
  group: 'memory',
  onRequest: true,
  summary: 'List the libraries of processes: what the dynamic linker lists, and what is mapped',
  example: '--listed no --columns pid,name,start,path',
  version: 1,
  walker: 'libraries',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of the process (comm)" },
    position: { int: ({ position }) => position, help: "from 0, in the dynamic linker's order" },
    library: {
      text: (library) => library.name,
      help: 'what the dynamic linker calls it: the path by which it was loaded; empty for the program itself',
    },
    path: { text: ({ path }) => path, help: 'the file that is mapped there, as the kernel has it' },
    start: { address: ({ start }) => start, help: 'where its first mapping begins' },
    bias: {
      address: ({ bias }) => bias,
      help: 'what the dynamic linker added to the addresses of the file: 0 for a program that lies where it says',
    },
    listed: {
      flag: (library) => library.isListed(),
      help: 'whether the dynamic linker lists it; empty in a program without one, absent where the list was not read to its end',
    },
    mapped: {
      flag: (library) => library.isMapped(),
      help: 'whether a file is mapped where the dynamic linker has it; empty for what the kernel put there',
    },
  },
  process: 'pid',
  processName: 'name',
  identity: ['pid', 'path', 'library'],
  restless: ['position'],
  followsProcess: true,
  filters: ['pid', 'name', 'library', 'path', 'listed', 'mapped'],
  paths: ['library', 'path'],
  dispensable: ['position', 'bias', 'mapped', 'start', 'library'],
  wording: { noun: ['library', 'libraries'] },
  aliases: ['librarylist', 'linkmap'],
  why: ({ listed, mapped, path, library }) => [
    ...(listed === false ? [`has ${textOf(path)} mapped, which its dynamic linker does not list`] : []),
    ...(mapped === false ? [`its dynamic linker lists ${textOf(library)}, and no file is mapped there`] : []),
  ],
});
