import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns, ownCodeVerdict } from '../src/plugin/code-columns.ts';
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
    ...codeColumns('callback'),
    priority: { int: ({ raw }) => raw.prio, help: 'the higher, the earlier' },
    verdict: ownCodeVerdict,
  },
  identity: ['tracepoint', 'symbol', 'callback'],
  enduring: ({ tracepoint, symbol, module }) => [tracepoint!, symbol!, module!],
  filters: ['tracepoint', 'verdict', 'owner', 'module'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['callback', 'priority', 'owner'],
  wording: {
    noun: ['tracepoint probe', 'tracepoint probes'],
    line: ({ tracepoint, symbol }) => `${textOf(tracepoint)} → ${textOf(symbol)}`,
  },
  aliases: ['checktracepoints'],
});
