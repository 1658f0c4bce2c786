import type { Row } from '../src/plugin/cell.ts';
import { isInScratchFolder, textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'maps',
  group: 'memory',
  summary: "Show processes' mappings, as /proc/PID/maps does",
  example: '--pid 1 --columns start,end,flags,path',
  version: 3,
  walker: 'areas',
  columns: {
    pid: { int: (area) => area.task.pid, help: 'process ID' },
    start: { address: (area) => area.start, help: 'first address' },
    end: { address: (area) => area.end, help: 'first address past it' },
    flags: { text: (area) => area.flags, help: 'read, write, execute, private or shared' },
    offset: { int: (area) => area.offset, hex: true, unit: 'bytes', help: 'into the file' },
    device: { text: (area) => area.device, help: 'of the file system: major and minor number, in hex' },
    inode: { int: (area) => area.inodeNumber, help: 'number of the inode; 0 where there is no file' },
    path: { text: (area) => area.path, help: 'the file, or what the kernel calls it' },
  },
  process: 'pid',
  artefact: (area) => ({
    name: `pid.${area.task.pid}.${area.start.toString(16)}-${area.end.toString(16)}.${area.flags}`,
    size: Number(area.end - area.start),
    pieces: () => area.pieces(),
  }),
  identity: ['pid', 'start'],
  followsProcess: true,
  filters: ['pid', 'path', 'flags'],
  uncut: ['flags', 'device'],
  paths: ['path'],
  dispensable: ['device', 'inode', 'offset'],
  wording: { noun: ['mapping', 'mappings'] },
  // Code that a process has taken into itself since: of the rest of its mappings the table tells.
  told: {
    changes: ['appeared'],
    isWorthIt: (row) => whyOddCode(row).length > 0,
    noun: ['code', 'code'],
    line: ({ flags, path, pid }) =>
      `${textOf(flags)} ${textOf(path) || 'anonymous'} in process ${textOf(pid)}`,
    why: whyOddCode,
  },
  aliases: ['procmaps', 'proc', 'vma', 'pmap'],
  nearTo: {
    librarylist: 'it has the path of each file that is mapped',
    ldrmodules: 'it has the path of each file that is mapped',
  },
});

/** What is odd about memory that is executed; nothing where it is not. */
function whyOddCode(row: Row): string[] {
  const [flags, path] = [textOf(row['flags']), textOf(row['path'])];
  if (!flags.includes('x')) return [];
  return [
    ...(flags.includes('w') ? ['it can be written and executed'] : []),
    ...(path === '' ? ['its code is in no file'] : []),
    ...(path.endsWith(' (deleted)') ? ['its file is deleted'] : []),
    ...(isInScratchFolder(path) ? ['it comes from a folder that anyone can write to'] : []),
  ];
}
