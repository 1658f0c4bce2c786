import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns, ownCodeVerdict } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'netfilter',
  group: 'integrity',
  summary: 'List the functions that see packets on their way through each network namespace',
  example: '--columns family,hook,priority,symbol,module',
  version: 1,
  walker: 'packetHooks',
  columns: {
    netns: { int: ({ namespace }) => namespace.inode, help: 'the network namespace, as lsns has it' },
    family: { text: ({ family }) => family, help: 'ipv4, ipv6, arp or bridge' },
    hook: {
      text: ({ hook }) => hook,
      help: 'where on the way: prerouting, input, forward, output, postrouting',
    },
    position: { int: ({ position }) => position, help: 'from 0, the first that sees a packet' },
    priority: {
      int: ({ priority }) => priority,
      help: 'what it was registered with: the lower, the earlier',
    },
    callback: { address: ({ callback }) => callback.address, help: 'the code that is called' },
    ...codeColumns('callback'),
    verdict: ownCodeVerdict,
  },
  identity: ['netns', 'family', 'hook', 'priority', 'symbol', 'callback'],
  enduring: ({ family, hook, priority, symbol, module }) => [family!, hook!, priority!, symbol!, module!],
  restless: ['position'],
  filters: ['netns', 'family', 'hook', 'verdict', 'owner', 'module'],
  words: {
    ...CODE_WORDS,
    family: ['ipv4', 'ipv6', 'arp', 'bridge'],
  },
  uncut: ['verdict', 'owner'],
  dispensable: ['callback', 'position', 'owner', 'netns'],
  wording: {
    noun: ['netfilter hook', 'netfilter hooks'],
    line: ({ family, hook, symbol }) => `${textOf(family)} ${textOf(hook)} → ${textOf(symbol)}`,
  },
});
