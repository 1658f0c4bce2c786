import { FILE_TYPES } from '../src/plugin/cached-file-columns.ts';
import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'deleted',
  group: 'files',
  onRequest: true,
  summary: 'List files without a name that processes run, have open or have mapped',
  example: '--how exe --save recovered',
  version: 2,
  walker: 'deletedFiles',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    process: { text: ({ task }) => task.name, help: 'name of the process' },
    how: {
      text: ({ held }) => held.how,
      help: 'how it has the file: runs it (exe), has it open (fd) or mapped (map), is in it (cwd, root)',
    },
    fd: { int: ({ held }) => held.fd, help: 'number of the descriptor' },
    address: { address: ({ held }) => held.address, help: 'first address of the first mapping' },
    path: { text: (deleted) => deleted.path, help: 'as readlink says it, with (deleted) behind it' },
    type: { text: ({ file }) => file?.type ?? null, help: 'what stat(2) says of the file' },
    fileSystem: { text: ({ file }) => file?.fileSystem ?? null, help: 'type of the file system' },
    device: {
      text: ({ file }) => file?.device ?? null,
      help: 'of the file system: major and minor number, in hex',
    },
    inode: { int: ({ file }) => file?.raw.i_ino ?? null, help: 'number of the inode' },
    size: { int: ({ file }) => file?.size ?? null, unit: 'bytes', help: 'of the file' },
    links: { int: ({ file }) => file?.raw.i_nlink ?? null, help: 'other names that it still has' },
    cachedPages: {
      int: ({ file }) => file?.cachedPages ?? null,
      help: "pages of it that are cached: the kernel's own pages",
    },
  },
  artefact: (deleted) => {
    const content = deleted.file?.content ?? null;
    const { task, held } = deleted;
    const where = held.fd === null ? held.how : `fd${held.fd}`;
    return content === null ? null : { ...content, name: `pid.${task.pid}.${where}.${deleted.path}` };
  },
  process: 'pid',
  processName: 'process',
  identity: ['pid', 'how', 'fd', 'device', 'inode'],
  enduring: ({ process, how, path }) => [process!, how!, path!],
  ofBoot: ['pid', 'fd', 'device', 'inode'],
  restless: ['cachedPages', 'size'],
  followsProcess: true,
  filters: ['pid', 'process', 'how', 'path', 'type', 'fileSystem', 'device', 'inode'],
  words: {
    how: ['exe', 'fd', 'map', 'cwd', 'root'],
    type: FILE_TYPES,
  },
  uncut: ['how', 'type', 'device'],
  paths: ['path'],
  dispensable: ['links', 'device', 'address', 'fileSystem', 'inode', 'fd'],
  wording: {
    noun: ['deleted file', 'deleted files'],
    line: ({ path, how, process, pid }) =>
      `${textOf(path)}, ${textOf(how)} of ${textOf(process)} (${textOf(pid)})`,
  },
  aliases: ['memfd', 'deletedfiles'],
});
