import { unlessFault } from '../src/base/unless-fault.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'files',
  group: 'files',
  summary: 'List open files, process by process',
  example: '--path "*(deleted)" --columns pid,fd,path',
  version: 4,
  walker: 'openFiles',
  columns: {
    pid: { int: (file) => file.task.pid, help: 'process ID' },
    fd: { int: (file) => file.fd, help: 'number of the descriptor' },
    path: { text: (file) => file.path, help: 'the file, as readlink /proc/PID/fd/N says it' },
    type: { text: (file) => file.type, help: 'what stat(2) says of the file; anonymous where it is none' },
    device: { text: (file) => file.device, help: 'of the file system: major and minor number, in hex' },
    inode: { int: (file) => file.inodeNumber, help: 'number of the inode' },
    flags: { text: (file) => file.flags, help: 'how it was opened' },
    position: { int: (file) => file.position, unit: 'bytes', help: 'where the next read or write begins' },
    tid: { int: (file) => file.tid, help: 'thread ID, where a thread has the descriptor for itself' },
  },
  process: 'pid',
  artefact: async (open) => {
    const { task, tid, fd, raw, inode } = open;
    const { CachedFile } = await import('../src/kernel/linux/memory/cached-files.ts');
    // Of a stacked file system the pages are those of the file below.
    const file = inode === null ? null : new CachedFile(inode, task.kernel, raw.f_mapping ?? undefined);
    const content = file?.content ?? null;
    const who = tid === null ? task.pid : `${task.pid}.tid${tid}`;
    const name = `pid.${who}.fd${fd}.${unlessFault(() => open.path, 'file')}`;
    return content === null ? null : { ...content, name };
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
  // What could not be read of it is told.
  triage: true,
  wording: { noun: ['open file', 'open files'] },
  aliases: ['lsof', 'fds'],
});
