import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'ftrace',
  group: 'integrity',
  summary: 'List functions of the kernel that are traced, and what is called at their beginning',
  example: '--verdict unknown,hidden --columns place,callback,module,flags',
  version: 1,
  walker: 'tracedFunctions',
  columns: {
    tracer: { address: ({ tracer }) => tracer.address, help: 'the struct ftrace_ops of who traces' },
    place: {
      text: ({ name }) => name,
      help: 'the function that is traced; null where all are',
    },
    callback: { address: ({ callback }) => callback.address, help: 'the code that is called' },
    symbol: { text: ({ callback }) => callback.symbol, help: 'the function there; null in nobody’s code' },
    owner: {
      text: ({ callback }) => callback.ownerKind,
      help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ callback }) => callback.module, help: 'the module whose code it is' },
    flags: {
      text: ({ flags }) => flags,
      help: 'what the tracer asked for; ipmodify: it may send the function elsewhere',
    },
    verdict: {
      text: (traced) => traced.verdict,
      help: 'expected: the kernel’s own code, or that of a module of its build; unknown: code of another module; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['tracer', 'place'],
  enduring: ({ place: traced, symbol, module }) => [traced!, symbol!, module!],
  filters: ['verdict', 'owner', 'module'],
  words: {
    verdict: ['expected', 'unknown', 'hidden'],
    owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['tracer', 'callback', 'owner'],
  wording: {
    noun: ['traced function', 'traced functions'],
    line: ({ place: traced, symbol }) => `${textOf(traced) || 'all functions'} → ${textOf(symbol)}`,
  },
  aliases: ['checkftrace'],
});
