import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'files',
  summary: 'List open files, process by process',
  example: '--path "*(deleted)" --columns pid,fd,path',
  version: 3,
  walker: 'openFiles',
  columns: {
    pid: { int: (file) => file.task.pid },
    fd: { int: (file) => file.fd },
    path: { text: (file) => file.path },
    type: { text: (file) => file.type },
    device: { text: (file) => file.device },
    inode: { int: (file) => file.inodeNumber },
    flags: { text: (file) => file.flags },
    position: { int: (file) => file.position },
    tid: { int: (file) => file.tid },
  },
  identity: ['pid', 'tid', 'fd', 'device', 'inode'],
  enduring: ({ path, type }) => [path!, type!],
  interchangeable: true,
  ofBoot: ['pid', 'tid', 'fd', 'device', 'inode'],
  restless: ['position'],
  followsProcess: true,
  filters: ['pid', 'tid', 'path', 'type', 'flags'],
  words: {
    type: ['regular', 'directory', 'character', 'block', 'fifo', 'socket', 'symlink', 'anonymous'],
  },
  uncut: ['type', 'device'],
  paths: ['path'],
  dispensable: ['tid', 'position', 'device', 'flags', 'inode'],
});
