import { textOf } from '../src/plugin/cell-text.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'helpers',
  group: 'integrity',
  summary:
    'Show the programs that the kernel starts by itself: for modules, core dumps, devices, its own end',
  example: '--verdict unknown',
  version: 1,
  walker: 'helperPrograms',
  columns: {
    variable: { text: ({ variable }) => variable, help: 'the variable of the kernel' },
    path: {
      text: ({ path }) => path,
      help: 'what stands in it; a core_pattern names a file, or behind | a program',
    },
    verdict: {
      text: (helper) => helper.verdict,
      help: 'expected: what distributions have there; unknown: something else',
    },
  },
  identity: ['variable'],
  enduring: ({ variable, path }) => [variable!, path!],
  filters: ['variable', 'verdict'],
  words: { verdict: ['expected', 'unknown'] },
  uncut: ['verdict'],
  wording: {
    noun: ['helper program', 'helper programs'],
    line: ({ variable, path }) => `${textOf(variable)}: ${textOf(path)}`,
  },
});
