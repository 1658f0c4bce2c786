import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'capabilities',
  group: 'processes',
  onRequest: true,
  summary: 'Show what processes may do beyond ordinary users (capabilities)',
  example: '--pid 1 --columns pid,name,euid,effective',
  version: 2,
  walker: 'credentials',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    tid: { int: ({ task }) => task.tid, help: 'thread ID' },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    euid: { int: ({ raw }) => raw.euid, help: 'effective user ID' },
    effective: { text: (rights) => rights.capabilities('cap_effective'), help: 'what it may do now' },
    permitted: { text: (rights) => rights.capabilities('cap_permitted'), help: 'what it may give itself' },
    inheritable: {
      text: (rights) => rights.capabilities('cap_inheritable'),
      help: 'what programs that it runs may get, if their files say so',
    },
    bounding: {
      text: (rights) => rights.capabilities('cap_bset'),
      help: 'what a program that it runs can get at most',
    },
    ambient: {
      text: (rights) => rights.capabilities('cap_ambient'),
      help: 'what programs that it runs get, whatever their files say',
    },
    secureBits: {
      text: ({ secureBits }) => secureBits,
      help: 'how user 0 is treated; ! marks what cannot be undone',
    },
    noNewPrivileges: {
      flag: ({ hasNoNewPrivileges }) => hasNoNewPrivileges,
      help: 'whether set-user-ID programs give it nothing',
    },
    userNamespace: {
      int: ({ userNamespace }) => userNamespace,
      help: 'number of the user namespace in which they count',
    },
  },
  process: 'pid',
  identity: ['pid', 'tid'],
  ofBoot: ['pid', 'tid', 'userNamespace'],
  followsProcess: true,
  filters: ['pid', 'name', 'euid', 'effective', 'noNewPrivileges'],
  dispensable: [
    'userNamespace',
    'secureBits',
    'noNewPrivileges',
    'inheritable',
    'ambient',
    'tid',
    'bounding',
  ],
  wording: { noun: ['set of capabilities', 'sets of capabilities'] },
  aliases: ['getpcaps', 'pscap', 'privileges', 'privs'],
});
