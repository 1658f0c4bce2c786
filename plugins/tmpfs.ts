import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'tmpfs',
  group: 'files',
  onRequest: true,
  summary: 'List the files that are in memory alone: of every tmpfs, of shared memory and memfd',
  example: '--path "/dev/shm/*,/run/*" --save recovered',
  version: 1,
  walker: 'tmpfsFiles',
  columns: {
    path: {
      text: (file) => file.path,
      help: 'as the first mount namespace sees it; null where the kernel has no name of it',
    },
    device: { text: (file) => file.device, help: 'of the file system: major and minor number, in hex' },
    fileSystem: { text: (file) => file.fileSystem, help: 'type of the file system' },
    inode: { int: (file) => file.raw.i_ino, help: 'number of the inode' },
    type: { text: (file) => file.type, help: 'what stat(2) says of the file' },
    mode: { text: (file) => file.mode, help: 'rights, in octal' },
    uid: { int: (file) => file.raw.i_uid, help: 'owner' },
    gid: { int: (file) => file.raw.i_gid, help: 'group' },
    size: { int: (file) => file.size, unit: 'bytes', help: 'of the file' },
    links: { int: (file) => file.raw.i_nlink, help: 'names that it has; 0 when it is deleted' },
    target: { text: (file) => file.target, help: 'where a symbolic link leads' },
    pages: {
      int: (file) => file.cachedPages,
      help: "pages of it that are in memory: the kernel's own pages",
    },
    swappedPages: {
      int: (file) => file.swappedPages,
      help: 'pages of it that are in swap; null where its file system has none',
    },
    modified: { time: (file) => file.modified, help: 'when its content was last written (mtime)' },
    changed: {
      time: (file) => file.changed,
      help: 'when its content or owner, rights, names last changed (ctime)',
    },
    accessed: { time: (file) => file.accessed, help: 'when it was last read (atime)' },
    address: { address: (file) => file.address, help: 'where its inode is' },
  },
  artefact: (file) => {
    const { content } = file;
    const name = file.path?.replace(/^\//, '') ?? `inode.${file.device}.${file.raw.i_ino}`;
    return content === null ? null : { name, ...content };
  },
  identity: ['device', 'inode', 'address'],
  enduring: ({ path, type }) => [path!, type!],
  ofBoot: ['device'],
  restless: ['pages', 'swappedPages', 'accessed'],
  churn: () => true,
  filters: ['path', 'device', 'fileSystem', 'inode', 'type', 'mode', 'uid', 'gid'],
  words: { type: ['regular', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket'] },
  uncut: ['device', 'type', 'mode'],
  paths: ['path', 'target'],
  dispensable: ['address', 'accessed', 'changed', 'target', 'gid', 'links', 'device', 'inode', 'fileSystem'],
  wording: { noun: ['file in memory', 'files in memory'], line: ({ path }) => textOf(path) },
  aliases: ['shmem'],
});
