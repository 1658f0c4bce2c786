import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns, ownCodeVerdict } from '../src/plugin/code-columns.ts';
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
    ...codeColumns('callback'),
    flags: {
      text: ({ flags }) => flags,
      help: 'what the tracer asked for; ipmodify: it may send the function elsewhere',
    },
    verdict: ownCodeVerdict,
  },
  identity: ['tracer', 'place'],
  enduring: ({ place: traced, symbol, module }) => [traced!, symbol!, module!],
  filters: ['verdict', 'owner', 'module'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['tracer', 'callback', 'owner'],
  wording: {
    noun: ['traced function', 'traced functions'],
    line: ({ place: traced, symbol }) => `${textOf(traced) || 'all functions'} → ${textOf(symbol)}`,
  },
  aliases: ['checkftrace'],
});
