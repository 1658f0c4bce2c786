import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'idt',
  group: 'integrity',
  onRequest: true,
  summary: 'Tell what the CPU runs at each exception and interrupt: the table of interrupt descriptors',
  example: '--verdict unknown,hidden --columns vector,symbol,module',
  version: 1,
  walker: 'gates',
  columns: {
    vector: {
      int: ({ vector }) => vector,
      help: 'the number of the exception or interrupt: 14 is a page fault',
    },
    handler: { address: ({ handler }) => handler.address, help: 'the code that is run' },
    ...codeColumns('handler'),
    ring: { int: ({ ring }) => ring, help: 'the least privileged ring that may call it by an instruction' },
    verdict: {
      text: (gate) => gate.verdict,
      help: 'expected: a function of the kernel; unknown: a module’s, or the middle of a function; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['vector'],
  enduring: ({ vector, symbol }) => [vector!, symbol!],
  filters: ['vector', 'verdict', 'owner'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['handler', 'ring', 'owner', 'module'],
  wording: {
    noun: ['interrupt descriptor', 'interrupt descriptors'],
    line: ({ vector, symbol }) => `${textOf(vector)} → ${textOf(symbol)}`,
  },
  aliases: ['checkidt'],
});
