import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'signals',
  group: 'processes',
  onRequest: true,
  summary: 'Show which signals processes handle, ignore, block, or have waiting',
  example: '--pid 1 --columns tid,signal,action,handler',
  version: 2,
  walker: 'signals',
  columns: {
    pid: { int: ({ thread }) => thread.pid, help: 'process ID' },
    tid: {
      int: ({ thread }) => thread.tid,
      help: 'thread ID; what the process does is told of its first thread',
    },
    name: { text: ({ thread }) => thread.name, help: 'what the thread is called (comm)' },
    signal: { text: (signal) => signal.name, help: 'as kill(1) calls it' },
    number: { int: ({ number }) => number, help: 'its number' },
    action: { text: ({ action }) => action, help: 'default, ignore or handler' },
    handler: {
      address: ({ handler }) => handler,
      help: "the function that handles it, in the process's memory",
    },
    flags: { text: ({ flags }) => flags, help: 'how it is handled, as sigaction(2) has it' },
    blocked: { flag: ({ isBlocked }) => isBlocked, help: 'whether the thread holds it back' },
    pending: { flag: ({ isPending }) => isPending, help: 'whether it waits for this thread' },
    pendingForProcess: {
      flag: ({ isPendingForProcess }) => isPendingForProcess,
      help: 'whether it waits for any thread of the process',
    },
  },
  process: 'pid',
  identity: ['pid', 'tid', 'number'],
  restless: ['pending', 'pendingForProcess', 'blocked'],
  ofBoot: ['pid', 'tid'],
  followsProcess: true,
  filters: ['pid', 'tid', 'signal', 'action', 'blocked', 'pending', 'pendingForProcess'],
  words: { action: ['default', 'ignore', 'handler'] },
  uncut: ['action', 'signal'],
  dispensable: ['flags', 'number', 'pendingForProcess', 'pending', 'blocked', 'tid'],
  wording: { noun: ['signal of a thread', 'signals of threads'] },
  aliases: ['sig', 'sigaction'],
});
