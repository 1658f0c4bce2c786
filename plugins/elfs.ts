import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'elfs',
  group: 'memory',
  onRequest: true,
  summary: 'List the ELF programs and libraries in the memory of processes',
  example: '--pid 1 --columns start,path,type,buildId',
  version: 2,
  walker: 'processElfs',
  columns: {
    pid: { int: ({ area }) => area.task.pid, help: 'process ID' },
    name: { text: ({ area }) => area.task.name, help: "the kernel's name of the process (comm)" },
    start: { address: ({ area }) => area.start, help: 'where its header is' },
    end: { address: ({ area }) => area.end, help: 'end of the mapping with the header' },
    path: { text: ({ area }) => area.path, help: 'the file, or what the kernel calls the mapping' },
    type: {
      text: ({ elf }) => elf.type,
      help: 'executable, or shared, as programs that can lie anywhere are too',
    },
    entry: { address: ({ elf }) => elf.entry, help: 'where it begins, as the file has it' },
    segments: { int: ({ elf }) => elf.segments.length, help: 'segments that its header names' },
    size: { int: ({ elf }) => elf.fileBytes, unit: 'bytes', help: 'of the file up to its last segment' },
    buildId: { text: ({ elf }) => elf.buildId, help: 'what the linker called this build, in hex' },
  },
  process: 'pid',
  processName: 'name',
  artefact: ({ area, elf }) => ({
    name: `pid.${area.task.pid}.${area.start.toString(16)}.elf`,
    size: elf.fileBytes,
    pieces: () => elf.pieces(),
  }),
  identity: ['pid', 'start'],
  followsProcess: true,
  filters: ['pid', 'name', 'path', 'type', 'buildId'],
  paths: ['path'],
  dispensable: ['segments', 'size', 'end', 'entry', 'buildId'],
  wording: { noun: ['program in memory', 'programs in memory'] },
});
