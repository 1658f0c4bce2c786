import { textOf } from '../src/plugin/cell-text.ts';
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
    symbol: { text: ({ handler }) => handler.symbol, help: 'the function there; null in nobody’s code' },
    owner: {
      text: ({ handler }) => handler.ownerKind,
      help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ handler }) => handler.module, help: 'the module whose code it is' },
    ring: { int: ({ ring }) => ring, help: 'the least privileged ring that may call it by an instruction' },
    verdict: {
      text: (gate) => gate.verdict,
      help: 'expected: a function of the kernel; unknown: a module’s, or the middle of a function; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['vector'],
  enduring: ({ vector, symbol }) => [vector!, symbol!],
  filters: ['vector', 'verdict', 'owner'],
  words: {
    verdict: ['expected', 'unknown', 'hidden'],
    owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['handler', 'ring', 'owner', 'module'],
  wording: {
    noun: ['interrupt descriptor', 'interrupt descriptors'],
    line: ({ vector, symbol }) => `${textOf(vector)} → ${textOf(symbol)}`,
  },
  aliases: ['checkidt'],
});
