import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'notifiers',
  group: 'integrity',
  summary: 'List whom the kernel tells of key presses, modules, devices and its own end: notifier chains',
  example: '--chain keyboard_notifier_list',
  version: 1,
  walker: 'notified',
  columns: {
    chain: {
      text: ({ chain }) => chain,
      help: 'what they are told of, as the variable of the kernel is called',
    },
    callback: { address: ({ callback }) => callback.address, help: 'the code that is called' },
    symbol: { text: ({ callback }) => callback.symbol, help: 'the function there; null in nobody’s code' },
    owner: {
      text: ({ callback }) => callback.ownerKind,
      help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ callback }) => callback.module, help: 'the module whose code it is' },
    priority: { int: ({ raw }) => raw.priority, help: 'the higher, the earlier' },
    verdict: {
      text: (told) => told.verdict,
      help: 'expected: the kernel’s own code, or that of a module of its build; unknown: code of another module; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['chain', 'symbol', 'callback'],
  enduring: ({ chain, symbol, module }) => [chain!, symbol!, module!],
  filters: ['chain', 'verdict', 'owner', 'module'],
  words: {
    verdict: ['expected', 'unknown', 'hidden'],
    owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['callback', 'priority', 'owner'],
  wording: {
    noun: ['notifier', 'notifiers'],
    line: ({ chain, symbol }) => `${textOf(chain)} → ${textOf(symbol)}`,
  },
  aliases: ['keyboardnotifiers'],
});
