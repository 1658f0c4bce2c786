import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns, ownCodeVerdict } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'operations',
  group: 'integrity',
  onRequest: true,
  summary: 'Tell which functions the kernel calls through /proc, file systems and terminals',
  example: '--verdict unknown,hidden --columns holder,member,symbol,module',
  version: 1,
  walker: 'operations',
  columns: {
    holder: {
      text: ({ holder }) => holder,
      help: 'what leads to the functions: /proc/net/tcp, ext4 fe:01, tty ttyS0',
    },
    struct: { text: ({ type }) => type, help: 'the struct that has it, or function where there is none' },
    member: { text: ({ member }) => member, help: 'its place in the struct: show' },
    handler: { address: ({ handler }) => handler.address, help: 'the code that is called' },
    ...codeColumns('handler'),
    verdict: ownCodeVerdict,
  },
  identity: ['holder', 'struct', 'member'],
  enduring: ({ holder, struct, member, symbol }) => [holder!, struct!, member!, symbol!],
  filters: ['holder', 'struct', 'verdict', 'owner', 'module'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['handler', 'struct', 'owner'],
  wording: {
    noun: ['operation', 'operations'],
    line: ({ holder, member, symbol }) => `${textOf(holder)} ${textOf(member)} → ${textOf(symbol)}`,
  },
  aliases: ['checkfops', 'checkafinfo', 'ttycheck'],
});
