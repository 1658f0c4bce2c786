import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'namespaces',
  group: 'processes',
  onRequest: true,
  summary: 'List namespaces with their owners and members, as lsns does',
  example: '--type net,mnt --columns type,inode,processes,pid',
  version: 2,
  walker: 'namespaces',
  columns: {
    type: { text: ({ type }) => type, help: 'what it sets apart' },
    inode: { int: ({ inode }) => inode, help: 'its number, as /proc/PID/ns shows it' },
    processes: { int: ({ members }) => members.length, help: 'processes of which a thread is in it' },
    pid: { int: ({ first }) => first?.pid ?? null, help: 'its process with the lowest ID' },
    name: { text: ({ first }) => first?.name ?? null, help: 'what that process is called (comm)' },
    owner: {
      int: ({ owner }) => owner,
      help: 'number of the user namespace whose root may do everything in it; of a user namespace the one around it',
    },
    creator: { int: ({ creator }) => creator, help: 'user who made the user namespace that owns it' },
    parent: {
      int: ({ parent }) => parent,
      help: 'number of the namespace of its kind around it, of users and processes',
    },
    nodeName: { text: ({ nodeName }) => nodeName, help: 'of namespaces of host names' },
    structAddress: { address: ({ address }) => address, help: 'where its struct is' },
  },
  process: 'pid',
  identity: ['type', 'inode'],
  restless: ['processes', 'pid', 'name'],
  ofBoot: ['inode', 'owner', 'parent', 'pid'],
  filters: ['type', 'inode', 'pid', 'owner'],
  words: { type: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'time', 'user', 'uts'] },
  uncut: ['type'],
  dispensable: ['structAddress', 'creator', 'parent', 'owner'],
  wording: {
    noun: ['structAddress', 'namespaces'],
    line: ({ type, inode, name }) => `${textOf(type)}:[${textOf(inode)}] ${textOf(name)}`,
  },
  aliases: ['lsns', 'ns'],
});
