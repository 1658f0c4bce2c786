import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'maps',
  summary: "Show processes' mappings, as /proc/PID/maps does",
  example: '--pid 1 --columns start,end,flags,path',
  version: 2,
  walker: 'areas',
  columns: {
    pid: { int: (area) => area.task.pid },
    start: { address: (area) => area.start },
    end: { address: (area) => area.end },
    flags: { text: (area) => area.flags },
    offset: { int: (area) => area.offset, hex: true },
    device: { text: (area) => area.device },
    inode: { int: (area) => area.inodeNumber },
    path: { text: (area) => area.path },
  },
  identity: ['pid', 'start'],
  followsProcess: true,
  filters: ['pid', 'path', 'flags'],
  uncut: ['flags', 'device'],
  paths: ['path'],
  dispensable: ['device', 'inode', 'offset'],
});
