// The columns of questions about files that the kernel has in memory, with or without a disk behind them, and what is saved of one.
// Each question adds what it has beside, and counts the pages in its own words.
import type { NamedCachedFile } from '../kernel/linux/memory/cached-files.ts';
import type { Artefact } from './artefact.ts';

/** What `words` says of the type of a file. */
export const FILE_TYPES = ['regular', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket'];

/** Which file it is, as stat(2) has it. */
export const fileColumns = {
  path: {
    text: (file: NamedCachedFile) => file.path,
    help: 'as the first mount namespace sees it; null where the kernel has no name of it',
  },
  device: {
    text: (file: NamedCachedFile) => file.device,
    help: 'of the file system: major and minor number, in hex',
  },
  fileSystem: { text: (file: NamedCachedFile) => file.fileSystem, help: 'type of the file system' },
  inode: { int: (file: NamedCachedFile) => file.raw.i_ino, help: 'number of the inode' },
  type: { text: (file: NamedCachedFile) => file.type, help: 'what stat(2) says of the file' },
  mode: { text: (file: NamedCachedFile) => file.mode, help: 'rights, in octal' },
  uid: { int: (file: NamedCachedFile) => file.raw.i_uid, help: 'owner' },
  gid: { int: (file: NamedCachedFile) => file.raw.i_gid, help: 'group' },
  size: { int: (file: NamedCachedFile) => file.size, unit: 'bytes', help: 'of the file' },
  links: {
    int: (file: NamedCachedFile) => file.raw.i_nlink,
    help: 'names that it has; 0 when it is deleted',
  },
} as const;

/** When it was written, changed and read. */
export const fileTimeColumns = {
  modified: {
    time: (file: NamedCachedFile) => file.modified,
    help: 'when its content was last written (mtime)',
  },
  changed: {
    time: (file: NamedCachedFile) => file.changed,
    help: 'when its content or owner, rights, names last changed (ctime)',
  },
  accessed: { time: (file: NamedCachedFile) => file.accessed, help: 'when it was last read (atime)' },
} as const;

/** Its content under its path; null of what has none. @throws EvidenceFault */
export function cachedFileArtefact(file: NamedCachedFile): Artefact | null {
  const { content } = file;
  const name = file.path?.replace(/^\//, '') ?? `inode.${file.device}.${file.raw.i_ino}`;
  return content === null ? null : { name, ...content };
}
