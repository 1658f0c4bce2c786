import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'mounts',
  group: 'files',
  summary: 'List the mounts of every mount namespace, as /proc/PID/mountinfo does',
  example: '--type overlay,tmpfs --columns mountNamespace,mountPoint,source',
  version: 1,
  walker: 'mounts',
  columns: {
    mountNamespace: {
      int: (mount) => mount.namespace,
      help: 'number of the mount namespace, as /proc/PID/ns/mnt shows it',
    },
    id: { int: (mount) => mount.id, help: 'ID of the mount' },
    parent: { int: (mount) => mount.parent, help: 'ID of the mount that it is mounted on' },
    device: {
      text: (mount) => mount.superBlock.device,
      help: 'of the file system: major and minor number, in hex',
    },
    root: { text: (mount) => mount.root, help: 'what of the file system is mounted' },
    mountPoint: {
      text: (mount) => mount.mountPoint,
      help: 'where it is mounted, from the root of the namespace on',
    },
    options: { text: (mount) => mount.options, help: 'of the mount' },
    propagation: {
      text: (mount) => mount.propagation,
      help: 'to and from which peer groups mounts below it are passed on: shared, master, unbindable',
    },
    type: { text: (mount) => mount.superBlock.type, help: 'of the file system' },
    source: { text: (mount) => mount.source, help: 'the device, or what whoever mounted it called it' },
    superOptions: {
      text: (mount) => mount.superBlock.options,
      help: 'of the file system: those that every type can have',
    },
  },
  identity: ['mountNamespace', 'id'],
  enduring: ({ mountPoint, type, source, root }) => [mountPoint!, type!, source!, root!],
  ofBoot: ['mountNamespace', 'id', 'parent', 'device'],
  filters: ['mountNamespace', 'mountPoint', 'type', 'source', 'device'],
  uncut: ['device', 'type'],
  paths: ['mountPoint', 'root', 'source'],
  dispensable: ['superOptions', 'propagation', 'parent', 'root', 'device', 'id'],
  wording: {
    noun: ['mount', 'mounts'],
    line: ({ mountPoint, type, source }) => `${textOf(source)} on ${textOf(mountPoint)} type ${textOf(type)}`,
  },
  aliases: ['mount', 'mountinfo', 'findmnt'],
});
