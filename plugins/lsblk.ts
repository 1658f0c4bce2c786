import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'lsblk',
  group: 'files',
  onRequest: true,
  summary: 'List disks and partitions, what lies on what, and where each is mounted',
  example: '--kind loop,dm --columns name,slaves,backingFile,mountPoint',
  version: 1,
  walker: 'blockDevices',
  columns: {
    name: { text: (device) => device.name, help: 'what the kernel calls it' },
    device: { text: (device) => device.device, help: 'major and minor number, in hex' },
    kind: { text: (device) => device.kind, help: 'disk, part, loop device, device mapper, array (md)' },
    size: { int: (device) => device.part.size, unit: 'bytes', help: 'of it; 0 of a drive without a medium' },
    readOnly: { flag: (device) => device.part.isReadOnly, help: 'whether nothing can be written to it' },
    removable: { flag: (device) => device.isRemovable, help: 'whether its medium can be taken out' },
    start: { int: (device) => device.start, unit: 'bytes', help: 'where a partition begins on its disk' },
    parent: { text: (device) => device.parent, help: 'the disk that a partition is on' },
    slaves: { text: (device) => device.slaves, help: 'the devices that it lies on' },
    holders: { text: (device) => device.holders, help: 'the devices that lie on it' },
    backingFile: { text: (device) => device.backingFile, help: 'the file behind a loop device' },
    mapperName: { text: (device) => device.mapperName, help: 'what the device mapper calls it' },
    fileSystem: { text: (device) => device.fileSystem, help: 'type of what is mounted from it' },
    mountPoint: {
      text: (device) => device.mountPoint,
      help: 'where the first mount namespace sees that; [SWAP] where it is swapped to',
    },
    views: {
      text: (device) => device.views,
      help: "which structures have it: the driver core's class, an inode of its own; older kernels make one when it is opened",
    },
    address: { address: (device) => device.address, help: 'where its struct is' },
  },
  identity: ['device'],
  enduring: ({ name }) => [name!],
  ofBoot: ['device'],
  filters: ['name', 'device', 'kind', 'parent', 'mountPoint', 'backingFile', 'mapperName'],
  words: { kind: ['disk', 'part', 'loop', 'dm', 'md'] },
  uncut: ['device', 'kind'],
  paths: ['backingFile', 'mountPoint'],
  dispensable: ['address', 'views', 'start', 'removable', 'readOnly', 'fileSystem', 'device', 'holders'],
  wording: {
    noun: ['block device', 'block devices'],
    line: ({ name, kind, mountPoint }) =>
      `${textOf(name)} (${textOf(kind)}${textOf(mountPoint) === '' ? '' : ` on ${textOf(mountPoint)}`})`,
  },
  aliases: ['disks', 'partitions', 'losetup', 'blockdevices'],
});
