import { definePlugin } from '../src/plugin/contract.ts';
import { shown } from '../src/plugin/observation.ts';

export default definePlugin({
  name: 'creds',
  group: 'processes',
  onRequest: true,
  summary: 'Show the users and groups that processes act as, and who shares them',
  example: '--uid 0 --columns pid,name,uid,euid,groups',
  version: 2,
  walker: 'credentials',
  columns: {
    pid: { int: ({ task }) => task.pid, help: 'process ID' },
    tid: {
      int: ({ task }) => task.tid,
      help: 'thread ID: threads whose rights are not those of their process have rows of their own',
    },
    name: { text: ({ task }) => task.name, help: "the kernel's name of it (comm)" },
    uid: { int: ({ raw }) => raw.uid, help: 'real user ID' },
    euid: { int: ({ raw }) => raw.euid, help: 'effective user ID: whose rights it uses' },
    suid: { int: ({ raw }) => raw.suid, help: 'saved user ID: to which it may go back' },
    fsuid: { int: ({ raw }) => raw.fsuid, help: 'user ID that counts for files' },
    gid: { int: ({ raw }) => raw.gid, help: 'real group ID' },
    egid: { int: ({ raw }) => raw.egid, help: 'effective group ID' },
    sgid: { int: ({ raw }) => raw.sgid, help: 'saved group ID' },
    fsgid: { int: ({ raw }) => raw.fsgid, help: 'group ID that counts for files' },
    groups: { text: ({ groups }) => groups.join(','), help: 'supplementary groups' },
    loginUid: { int: ({ loginUid }) => loginUid, help: 'who logged in, whoever it has become since' },
    loginSession: { int: ({ loginSession }) => loginSession, help: 'number of the login' },
    userNamespace: { int: ({ userNamespace }) => userNamespace, help: 'number of its user namespace' },
    overridden: {
      flag: ({ isOverridden }) => isOverridden,
      help: 'whether it acts by other rights at the moment',
    },
    sharedWith: {
      text: ({ sharedWith }) => sharedWith,
      help: 'other processes whose rights are the very same struct: fork gives each its own',
    },
    cred: { address: ({ raw }) => raw.address, help: 'where its struct cred is' },
  },
  process: 'pid',
  identity: ['pid', 'tid'],
  ofBoot: ['pid', 'tid', 'loginSession', 'userNamespace', 'sharedWith'],
  followsProcess: true,
  filters: ['pid', 'uid', 'euid', 'gid', 'loginUid', 'overridden'],
  dispensable: [
    'cred',
    'overridden',
    'userNamespace',
    'fsgid',
    'fsuid',
    'sgid',
    'suid',
    'loginSession',
    'egid',
    'tid',
  ],
  observations: [
    {
      of: ({ pid, name, sharedWith }) =>
        typeof sharedWith === 'string' ? `${shown(pid)} (${shown(name)}) with ${sharedWith}` : null,
      sentence: (things) => `processes share one struct of rights, which fork never makes: ${things}`,
    },
  ],
  wording: { noun: ['set of credentials', 'sets of credentials'] },
  aliases: ['checkcreds', 'getsids', 'cred', 'id'],
});
