import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'pagecache',
  group: 'files',
  onRequest: true,
  summary: 'List the files that the kernel has in memory, with the pages cached of them',
  example: '--path "/root/*" --save recovered',
  version: 1,
  walker: 'cachedFiles',
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
    modified: { time: (file) => file.modified, help: 'when its content was last written (mtime)' },
    changed: {
      time: (file) => file.changed,
      help: 'when its content or owner, rights, names last changed (ctime)',
    },
    accessed: { time: (file) => file.accessed, help: 'when it was last read (atime)' },
    cachedPages: {
      int: (file) => file.cachedPages,
      help: "pages of it that are cached: the kernel's own pages",
    },
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
  restless: ['cachedPages', 'accessed'],
  churn: () => true,
  filters: ['path', 'device', 'fileSystem', 'inode', 'type', 'mode', 'uid', 'gid'],
  words: { type: ['regular', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket'] },
  uncut: ['device', 'type', 'mode'],
  paths: ['path'],
  dispensable: ['address', 'accessed', 'changed', 'gid', 'links', 'device', 'inode', 'fileSystem'],
  wording: { noun: ['cached file', 'cached files'], line: ({ path }) => textOf(path) },
  aliases: ['cachedfiles', 'inodes', 'findfile', 'inodepages'],
});
