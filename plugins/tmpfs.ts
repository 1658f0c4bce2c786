import {
  cachedFileArtefact,
  FILE_TYPES,
  fileColumns,
  fileTimeColumns,
} from '../src/plugin/cached-file-columns.ts';
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
    ...fileColumns,
    target: { text: (file) => file.target, help: 'where a symbolic link leads' },
    pages: {
      int: (file) => file.cachedPages,
      help: "pages of it that are in memory: the kernel's own pages",
    },
    swappedPages: {
      int: (file) => file.swappedPages,
      help: 'pages of it that are in swap; null where its file system has none',
    },
    ...fileTimeColumns,
    address: { address: (file) => file.address, help: 'where its inode is' },
  },
  artefact: cachedFileArtefact,
  identity: ['device', 'inode', 'address'],
  enduring: ({ path, type }) => [path!, type!],
  ofBoot: ['device'],
  restless: ['pages', 'swappedPages', 'accessed'],
  churn: () => true,
  filters: ['path', 'device', 'fileSystem', 'inode', 'type', 'mode', 'uid', 'gid'],
  words: { type: FILE_TYPES },
  uncut: ['device', 'type', 'mode'],
  paths: ['path', 'target'],
  dispensable: ['address', 'accessed', 'changed', 'target', 'gid', 'links', 'device', 'inode', 'fileSystem'],
  wording: { noun: ['file in memory', 'files in memory'], line: ({ path }) => textOf(path) },
  aliases: ['shmem'],
});
