import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'locks',
  group: 'files',
  onRequest: true,
  summary: 'List locks and leases on files, and who waits for whom',
  example: '--kind FLOCK,POSIX --columns pid,process,mode,path,waitsFor',
  version: 1,
  walker: 'fileLocks',
  columns: {
    pid: {
      int: (lock) => lock.pid,
      help: 'process ID of whoever made it; that of another machine is null',
    },
    process: { text: (lock) => lock.processName, help: 'name of the process; null where it is gone' },
    kind: { text: (lock) => lock.kind, help: 'how it was made: flock(2), fcntl(2) or a lease' },
    mode: { text: (lock) => lock.mode, help: 'whom it shuts out; UNLCK of a lease that is to be given up' },
    lease: {
      text: (lock) => lock.lease,
      help: 'of a lease: active, to be given up (breaking), or waited for that (breaker)',
    },
    path: { text: (lock) => lock.path, help: 'the file, as readlink says it' },
    device: { text: (lock) => lock.device, help: 'of the file system: major and minor number, in hex' },
    inode: { int: (lock) => lock.inodeNumber, help: 'number of the inode' },
    start: { int: (lock) => lock.start, unit: 'bytes', help: 'first byte of it' },
    end: { int: (lock) => lock.end, unit: 'bytes', help: 'last byte of it; null where it is to the end' },
    waits: { flag: (lock) => lock.blocker !== null, help: 'whether it waits for another, and is not held' },
    waitsFor: {
      int: (lock) => lock.blocker?.pid ?? null,
      help: 'process ID of whoever has the lock that it waits for',
    },
    blocker: {
      address: (lock) => lock.blocker?.address ?? null,
      help: 'where the lock is that it waits for',
    },
    address: { address: (lock) => lock.address, help: 'where its struct is' },
    views: {
      text: (lock) => lock.views,
      help: "which structures have it: the kernel's lists (list), the inode (inode), that which it waits for (waiting)",
    },
  },
  process: 'pid',
  processName: 'process',
  identity: ['address'],
  enduring: ({ path, kind, mode, start, process }) => [path!, kind!, mode!, start!, process!],
  ofBoot: ['pid', 'device', 'inode', 'waitsFor', 'blocker'],
  followsProcess: true,
  filters: ['pid', 'process', 'kind', 'mode', 'lease', 'path', 'waits', 'waitsFor', 'device', 'inode'],
  words: {
    kind: ['POSIX', 'OFDLCK', 'FLOCK', 'LEASE', 'DELEG', 'ACCESS'],
    mode: ['READ', 'WRITE', 'UNLCK'],
    lease: ['active', 'breaking', 'breaker'],
  },
  uncut: ['kind', 'mode', 'device', 'lease'],
  paths: ['path'],
  dispensable: ['address', 'blocker', 'views', 'device', 'inode', 'end', 'start', 'lease', 'waits'],
  wording: {
    noun: ['lock', 'locks'],
    line: ({ kind, mode, path, process, pid }) =>
      `${textOf(kind)} ${textOf(mode)} on ${textOf(path)} by ${textOf(process)} (${textOf(pid)})`,
  },
  aliases: ['lslocks', 'flock'],
});
