import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'stacks',
  group: 'processes',
  onRequest: true,
  summary: 'Show the kernel stack of every thread, function by function',
  example: '--pid 1 --columns pid,tid,position,symbol,how',
  version: 2,
  async *subjects(kernel) {
    const { stackRows } = await import('../src/kernel/linux/stacks/stack-rows.ts');
    yield* stackRows(kernel);
  },
  columns: {
    pid: { int: ({ thread }) => thread.pid, help: 'process ID' },
    tid: { int: ({ thread }) => thread.tid, help: 'thread ID' },
    name: { text: ({ thread }) => thread.name, help: 'what the thread is called (comm)' },
    position: {
      int: ({ position }) => position,
      help: 'from 0, the function that it is in, outwards; nothing where its registers are in a CPU',
    },
    address: { address: ({ address }) => address, help: 'the instruction that the function goes on with' },
    symbol: {
      text: ({ symbol }) => symbol,
      help: 'that function and how far behind its first byte, as oops messages have it',
    },
    module: { text: ({ module }) => module, help: 'whose code it is; empty for the kernel itself' },
    how: {
      text: ({ how }) => how,
      help: 'how the frame was found: saved, by orc or frame-pointer, or by a scan, which may find leftovers of earlier calls',
    },
  },
  process: 'pid',
  processName: 'name',
  identity: ['pid', 'tid', 'position'],
  restless: ['address', 'symbol', 'module', 'how'],
  ofBoot: ['pid', 'tid'],
  churn: () => true,
  followsProcess: true,
  filters: ['pid', 'tid', 'name', 'module', 'how'],
  words: { how: ['saved', 'orc', 'frame-pointer', 'scan', 'running'] },
  uncut: ['address', 'how'],
  dispensable: ['address', 'how'],
  wording: { noun: ['stack frame', 'stack frames'] },
  aliases: ['pscallstack', 'bt', 'backtrace'],
});
