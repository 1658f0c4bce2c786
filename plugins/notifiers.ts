import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns, ownCodeVerdict } from '../src/plugin/code-columns.ts';
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
    ...codeColumns('callback'),
    priority: { int: ({ raw }) => raw.priority, help: 'the higher, the earlier' },
    verdict: ownCodeVerdict,
  },
  identity: ['chain', 'symbol', 'callback'],
  enduring: ({ chain, symbol, module }) => [chain!, symbol!, module!],
  filters: ['chain', 'verdict', 'owner', 'module'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['callback', 'priority', 'owner'],
  wording: {
    noun: ['notifier', 'notifiers'],
    line: ({ chain, symbol }) => `${textOf(chain)} → ${textOf(symbol)}`,
  },
  aliases: ['keyboardnotifiers'],
});
