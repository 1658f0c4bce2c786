import {
  cachedFileArtefact,
  FILE_TYPES,
  fileColumns,
  fileTimeColumns,
} from '../src/plugin/cached-file-columns.ts';
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
    ...fileColumns,
    ...fileTimeColumns,
    cachedPages: {
      int: (file) => file.cachedPages,
      help: "pages of it that are cached: the kernel's own pages",
    },
    address: { address: (file) => file.address, help: 'where its inode is' },
  },
  artefact: cachedFileArtefact,
  identity: ['device', 'inode', 'address'],
  enduring: ({ path, type }) => [path!, type!],
  ofBoot: ['device'],
  restless: ['cachedPages', 'accessed'],
  churn: () => true,
  filters: ['path', 'device', 'fileSystem', 'inode', 'type', 'mode', 'uid', 'gid'],
  words: { type: FILE_TYPES },
  uncut: ['device', 'type', 'mode'],
  paths: ['path'],
  dispensable: ['address', 'accessed', 'changed', 'gid', 'links', 'device', 'inode', 'fileSystem'],
  wording: { noun: ['cached file', 'cached files'], line: ({ path }) => textOf(path) },
  aliases: ['cachedfiles', 'inodes', 'findfile', 'inodepages'],
});
