import { textOf } from '../src/plugin/cell-text.ts';
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
    symbol: { text: ({ handler }) => handler.symbol, help: 'the function there; null in nobody’s code' },
    owner: {
      text: ({ handler }) => handler.ownerKind,
      help: 'whose code it is: kernel, module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ handler }) => handler.module, help: 'the module whose code it is' },
    verdict: {
      text: (operation) => operation.verdict,
      help: 'expected: the kernel’s own code, or that of a module of its build; unknown: code of another module; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['holder', 'struct', 'member'],
  enduring: ({ holder, struct, member, symbol }) => [holder!, struct!, member!, symbol!],
  filters: ['holder', 'struct', 'verdict', 'owner', 'module'],
  words: {
    verdict: ['expected', 'unknown', 'hidden'],
    owner: ['kernel', 'module', 'hidden-module', 'bpf', 'trampoline', 'nobody'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['handler', 'struct', 'owner'],
  wording: {
    noun: ['operation', 'operations'],
    line: ({ holder, member, symbol }) => `${textOf(holder)} ${textOf(member)} → ${textOf(symbol)}`,
  },
  aliases: ['checkfops', 'checkafinfo', 'ttycheck'],
});
