import { textOf } from '../src/plugin/cell-text.ts';
import { CODE_WORDS, codeColumns } from '../src/plugin/code-columns.ts';
import { definePlugin } from '../src/plugin/contract.ts';

export default definePlugin({
  name: 'syscalls',
  group: 'integrity',
  summary: 'Tell where each system call leads: by the tables, and by the code that branches in their place',
  example: '--verdict unknown,hidden --columns table,number,symbol,module',
  onRequest: true,
  version: 1,
  async *subjects(kernel) {
    const { systemCalls } = await import('../src/kernel/linux/integrity/system-calls.ts');
    yield* systemCalls(kernel, async () => {
      const { Disassembler } = await import('../src/disassembly/disassembler.ts');
      return Disassembler.load(kernel.profile.architecture);
    });
  },
  columns: {
    table: { text: ({ table }) => table, help: 'the table that has it, or the function that branches to it' },
    number: {
      int: ({ number }) => number,
      help: 'the number that programs call it by; null where a function branches to it',
    },
    handler: { address: ({ handler }) => handler.address, help: 'the code that is run' },
    ...codeColumns('handler'),
    verdict: {
      text: (call) => call.verdict,
      help: 'expected: a function of the kernel for system calls; unknown: other code; hidden: code of a hidden module, or nobody’s',
    },
  },
  identity: ['table', 'number', 'symbol'],
  enduring: ({ table, number, symbol }) => [table!, number!, symbol!],
  filters: ['table', 'number', 'verdict', 'owner'],
  words: CODE_WORDS,
  uncut: ['verdict', 'owner'],
  dispensable: ['handler', 'module', 'owner'],
  wording: {
    noun: ['system call', 'system calls'],
    line: ({ table, number, symbol }) => `${textOf(table)}[${textOf(number)}] → ${textOf(symbol)}`,
  },
  aliases: ['checksyscall'],
});
