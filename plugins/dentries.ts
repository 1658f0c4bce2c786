import { FILE_TYPES } from '../src/plugin/cached-file-columns.ts';
import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

export default definePlugin({
  name: 'dentries',
  group: 'files',
  onRequest: true,
  summary:
    'List the names that the kernel remembers: of files that are there, that are not, and that are gone',
  example: '--state negative,unlinked --path "/root/*,/tmp/*"',
  version: 1,
  walker: 'dentries',
  columns: {
    path: {
      text: (name) => name.path,
      help: 'from where the first mount namespace sees its file system on; from its root, where it is mounted nowhere',
    },
    state: {
      text: (name) => name.state,
      help: 'linked in its folder; negative: looked for, and not there; unlinked: gone, and the file still in use; dropped: neither',
    },
    type: { text: (name) => name.type, help: 'what stat(2) says of the file; null where there is none' },
    fileSystem: { text: (name) => name.fileSystem, help: 'type of the file system' },
    device: { text: (name) => name.device, help: 'of the file system: major and minor number, in hex' },
    inode: { int: (name) => name.inodeNumber, help: 'number of the inode; null where there is no file' },
    uses: { int: (name) => name.uses, help: 'by how many entries, open files and mounts it is held' },
    views: {
      text: (name) => name.views,
      help: 'what leads to it: its folder (tree), the table in which paths are looked up (table)',
    },
    address: { address: (name) => name.address, help: 'where its struct is' },
  },
  observations: [
    {
      of: ({ path, views, state }) => (views === 'table' && state === 'linked' ? shown(path) : null),
      sentence: (things, count) =>
        `${count === 1 ? '1 name is' : `${count} names are`} found by paths and not in the list of the folder, as if hidden from it: ${things}`,
    },
  ],
  identity: ['address'],
  enduring: ({ path, state }) => [path!, state!],
  ofBoot: ['device'],
  restless: ['uses'],
  churn: () => true,
  filters: ['path', 'state', 'type', 'fileSystem', 'device', 'inode', 'views'],
  words: {
    state: ['linked', 'negative', 'unlinked', 'dropped'],
    type: FILE_TYPES,
  },
  uncut: ['state', 'type', 'device'],
  paths: ['path'],
  dispensable: ['address', 'uses', 'views', 'device', 'inode', 'fileSystem', 'type'],
  wording: {
    noun: ['cached name', 'cached names'],
    line: ({ path, state }) => `${textOf(path)} (${textOf(state)})`,
  },
  aliases: ['dcache', 'names'],
});
