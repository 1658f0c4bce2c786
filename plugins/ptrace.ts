import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'ptrace',
  group: 'processes',
  summary: 'List threads that others trace: debugged, or injected into',
  example: '--tracer 354 --columns pid,name,tracer,tracerName',
  version: 2,
  walker: 'tracedThreads',
  columns: {
    pid: { int: ({ thread }) => thread.pid, help: 'process ID of the traced thread' },
    tid: { int: ({ thread }) => thread.tid, help: 'its thread ID' },
    name: { text: ({ thread }) => thread.name, help: 'what it is called (comm)' },
    state: {
      text: ({ thread }) => thread.state,
      help: 'the letter that ps shows: t where the tracer has stopped it',
    },
    tracer: { int: ({ tracer }) => tracer.pid, help: 'process ID of who traces it' },
    tracerTid: { int: ({ tracer }) => tracer.tid, help: 'thread ID of who traces it' },
    tracerName: { text: ({ tracer }) => tracer.name, help: 'what that is called (comm)' },
    how: { text: ({ how }) => how, help: 'attach, or seize, which does not stop it' },
    options: {
      text: ({ options }) => options,
      help: 'what the tracer wants to be told of, as ptrace(2) has it',
    },
    listed: { flag: ({ isListed }) => isListed, help: 'whether the tracer has it on its list, as it must' },
  },
  process: 'pid',
  identity: ['pid', 'tid', 'tracerTid'],
  restless: ['state'],
  ofBoot: ['pid', 'tid', 'tracer', 'tracerTid'],
  followsProcess: true,
  filters: ['pid', 'tracer', 'name', 'tracerName', 'state', 'how'],
  words: { how: ['attach', 'seize'], state: ['R', 'S', 'D', 'I', 'T', 't', 'X', 'Z', 'P'] },
  uncut: ['state', 'how'],
  dispensable: ['listed', 'options', 'tracerTid', 'tid', 'how'],
  wording: { noun: ['traced thread', 'traced threads'] },
  aliases: ['tracers', 'strace', 'debuggers'],
});
