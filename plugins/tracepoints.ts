import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'tracepoints',
  group: 'integrity',
  summary: 'List functions that are called at tracepoints of the kernel',
  example: '--verdict unknown,hidden --columns tracepoint,symbol,module',
  version: 1,
  walker: 'tracepointProbes',
  columns: {
    tracepoint: { text: ({ name }) => name, help: 'the mark in the code of the kernel: sys_enter' },
    callback: { address: ({ callback }) => callback.address, help: 'the code that is called' },
    symbol: { text: ({ callback }) => callback.symbol, help: 'the function there; null in nobody’s code' },
    owner: {
      text: ({ callback }) => callback.ownerKind,
      help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ callback }) => callback.module, help: 'the module whose code it is' },
    priority: { int: ({ raw }) => raw.prio, help: 'the higher, the earlier' },
    verdict: {
      text: (probe) => probe.verdict,
      help: 'expected: the kernel’s own code, or that of a module of its build; unknown: code of another module; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['tracepoint', 'symbol', 'callback'],
  enduring: ({ tracepoint, symbol, module }) => [tracepoint!, symbol!, module!],
  filters: ['tracepoint', 'verdict', 'owner', 'module'],
  words: {
    verdict: ['expected', 'unknown', 'hidden'],
    owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['callback', 'priority', 'owner'],
  wording: {
    noun: ['tracepoint probe', 'tracepoint probes'],
    line: ({ tracepoint, symbol }) => `${textOf(tracepoint)} → ${textOf(symbol)}`,
  },
  aliases: ['checktracepoints'],
});
