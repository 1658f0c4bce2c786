import { hex } from '../src/base/address.ts';
import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'kprobes',
  group: 'integrity',
  summary: 'List probes in the code of the kernel, and what they run',
  example: '--verdict unknown,hidden --columns place,kind,handlers,modules',
  version: 1,
  walker: 'probes',
  columns: {
    address: { address: ({ at }) => at, help: 'the instruction that is probed' },
    place: { text: ({ place }) => place, help: 'the function of it' },
    kind: { text: ({ kind }) => kind, help: 'kprobe, or kretprobe, which is told of the return too' },
    handlers: {
      text: ({ handlers }) => handlers.map(({ symbol, address }) => symbol ?? hex(address)).join(',') || null,
      help: 'what is run, before and behind it',
    },
    owners: {
      text: ({ handlers }) => handlers.map(({ ownerKind }) => ownerKind).join(',') || null,
      help: 'whose code that is',
    },
    modules: {
      text: ({ handlers }) => [...new Set(handlers.flatMap(({ module }) => module ?? []))].join(',') || null,
      help: 'the modules whose code it is',
    },
    flags: {
      text: ({ flags }) => flags,
      help: 'gone, disabled, optimized (a jump in place of a breakpoint), ftrace, on-entry',
    },
    verdict: {
      text: (probe) => probe.verdict,
      help: 'expected: run by the kernel itself, for perf or ftrace; unknown: by a module; hidden: by code of a hidden module, or nobody’s',
    },
  },
  identity: ['place', 'kind', 'handlers'],
  enduring: ({ place, kind, handlers }) => [place!, kind!, handlers!],
  restless: ['flags'],
  filters: ['kind', 'verdict', 'modules'],
  words: { verdict: CODE_WORDS.verdict, kind: ['kprobe', 'kretprobe'] },
  uncut: ['verdict', 'kind'],
  dispensable: ['address', 'flags', 'owners'],
  wording: {
    noun: ['kernel probe', 'kernel probes'],
    line: ({ place, handlers }) => `${textOf(place)} → ${textOf(handlers)}`,
  },
});
