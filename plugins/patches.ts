import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'patches',
  group: 'integrity',
  onRequest: true,
  summary:
    'List functions of the kernel whose first instructions lead out of its code: traced, probed or hooked',
  example: '--verdict unknown,hidden --columns place,kind,target,symbol',
  version: 1,
  walker: 'patchedFunctions',
  columns: {
    address: { address: ({ place }) => place.address, help: 'where the function begins' },
    place: { text: ({ place }) => place.symbol, help: 'the function' },
    of: { text: ({ place }) => place.module, help: 'the module that it is of; null for the kernel itself' },
    kind: { text: ({ detour }) => detour.kind, help: 'how it leaves: call, jump or breakpoint' },
    target: {
      address: ({ target }) => target?.address ?? null,
      help: 'where it leads; null of a breakpoint',
    },
    symbol: {
      text: ({ target }) => target?.symbol ?? null,
      help: 'the function there; null in nobody’s code',
    },
    owner: {
      text: ({ target }) => target?.ownerKind ?? null,
      help: 'whose code that is: module, hidden-module, bpf, trampoline or nobody',
    },
    module: { text: ({ target }) => target?.module ?? null, help: 'the module whose code that is' },
    verdict: {
      text: (patched) => patched.verdict,
      help: 'expected: tracing, a probe, BPF or a static call; unknown: a module, or a breakpoint of no probe; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['place', 'of', 'kind'],
  enduring: ({ place: patched, of, kind, symbol, module }) => [patched!, of!, kind!, symbol!, module!],
  filters: ['verdict', 'kind', 'owner', 'place', 'module'],
  words: {
    ...CODE_WORDS,
    kind: ['call', 'jump', 'breakpoint'],
  },
  uncut: ['verdict', 'owner', 'kind'],
  dispensable: ['address', 'target', 'of', 'owner'],
  wording: {
    noun: ['patched function', 'patched functions'],
    line: ({ place: patched, symbol }) => `${textOf(patched)} → ${textOf(symbol)}`,
  },
  aliases: ['inlinehooks', 'apihooks'],
});
