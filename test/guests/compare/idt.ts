import { isTracingTold, KERNELS, outOfSight } from './code-pointers.ts';
import type { Comparison } from './expect.ts';

/** Exceptions of the architecture (Intel SDM volume 3, table 6-1), and the functions for them. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  ...{ 0: 'asm_exc_divide_error', 6: 'asm_exc_invalid_op' },
  ...{ 13: 'asm_exc_general_protection', 14: 'asm_exc_page_fault' },
};

export const idt: Comparison = {
  plugin: 'idt',
  isTold: isTracingTold,
  *expected({ truth: { tracing, system } }) {
    if (system.uname[4] === 'aarch64') return;
    for (const [vector, symbol] of Object.entries(EXCEPTIONS))
      yield {
        key: vector,
        label: `vector ${vector}`,
        cells: {
          ...{ vector: Number(vector), handler: BigInt(`0x${tracing!.code[symbol]![0]!}`), symbol, ring: 0 },
          ...KERNELS,
        },
      };
  },
  keyOf: ({ vector }) => String(vector),
  labelOf: ({ vector, symbol }) => `vector ${String(vector)} ${String(symbol)}`,
  mayBeInvented: outOfSight,
};
