import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'maps',
  group: 'memory',
  summary: "Show processes' mappings, as /proc/PID/maps does",
  example: '--pid 1 --columns start,end,flags,path',
  version: 2,
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
  identity: ['pid', 'start'],
  followsProcess: true,
  filters: ['pid', 'path', 'flags'],
  uncut: ['flags', 'device'],
  paths: ['path'],
  dispensable: ['device', 'inode', 'offset'],
});
