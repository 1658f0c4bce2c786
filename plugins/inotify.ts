import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'inotify',
  group: 'files',
  onRequest: true,
  summary: 'List who is told of what happens to which file: inotify, fanotify',
  example: '--kind fanotify --columns pid,process,target,path,events',
  version: 1,
  walker: 'watches',
  columns: {
    pid: { int: ({ file }) => file?.task.pid ?? null, help: 'process ID; null where no process is told' },
    process: { text: ({ file }) => file?.task.name ?? null, help: 'name of the process' },
    fd: { int: ({ file }) => file?.fd ?? null, help: 'number of the descriptor' },
    kind: {
      text: ({ kind }) => kind,
      help: 'inotify, fanotify, dnotify, or audit; null where it is not known',
    },
    watch: { int: ({ number }) => number, help: 'watch descriptor of inotify' },
    target: {
      text: ({ watched }) => watched?.kind ?? null,
      help: 'what is watched: a file or folder, a mount, a file system, a mount namespace; null: nothing yet',
    },
    path: {
      text: ({ watched }) => watched?.path ?? null,
      help: 'the file, or where the mount or file system is, as the first mount namespace sees it',
    },
    events: {
      text: ({ events }) => events,
      help: 'what is told, in the words of inotify(7) and fanotify(7)',
    },
    ignored: {
      text: ({ ignored }) => ignored,
      help: 'what is not told, though a mark on something around it would',
    },
    device: {
      text: ({ watched }) => watched?.device ?? null,
      help: 'of the file system: major and minor number, in hex',
    },
    inode: { int: ({ watched }) => watched?.inodeNumber ?? null, help: 'number of the inode' },
    mount: { int: ({ watched }) => watched?.mountId ?? null, help: 'ID of the mount' },
    instance: { address: ({ group }) => group, help: 'where the struct of the group of watches is' },
    address: { address: ({ mark }) => mark?.address ?? null, help: 'where the struct of the watch is' },
  },
  process: 'pid',
  processName: 'process',
  identity: ['pid', 'fd', 'instance', 'address'],
  enduring: ({ process, kind, path, events }) => [process!, kind!, path!, events!],
  interchangeable: true,
  ofBoot: ['pid', 'fd', 'device', 'inode', 'mount'],
  followsProcess: true,
  filters: ['pid', 'process', 'kind', 'target', 'path', 'fd', 'device', 'inode'],
  words: {
    kind: ['inotify', 'fanotify', 'dnotify', 'audit'],
    target: ['file', 'mount', 'filesystem', 'namespace'],
  },
  uncut: ['kind', 'target', 'device'],
  paths: ['path'],
  dispensable: ['address', 'instance', 'mount', 'device', 'inode', 'ignored', 'watch', 'fd'],
  wording: {
    noun: ['watch', 'watches'],
    line: ({ process, pid, kind, path }) =>
      `${textOf(process)} (${textOf(pid)}) is told of ${textOf(path)} by ${textOf(kind)}`,
  },
  references: { mount: 'mounts.id' },
  aliases: ['fanotify', 'fsnotify', 'watches'],
});
