import type { Truth } from '../truth.ts';
import { isTracingTold, KERNELS } from './code-pointers.ts';
import { type Comparison, kernelAddress, someText, textOrNone } from './expect.ts';
import { linesOf } from './proc.ts';

/** A line of enabled_functions: `ksys_sync (2) R   tramp: 0xffffffffc0203000 (…) ->…`. */
export const enabledFunctions = ({
  tracing,
}: Truth): { name: string; count: number; hasTrampoline: boolean }[] =>
  linesOf(tracing?.functions ?? '').flatMap((line) => {
    const [, name, count] = /^(\S+) \((\d+)\)/.exec(line) ?? [];
    if (name === undefined) return []; // what is behind a line of its own: the trampoline's functions
    return { name, count: Number(count), hasTrampoline: /tramp: 0x/.test(line) };
  });

export const ftrace: Comparison = {
  plugin: 'ftrace',
  isTold: isTracingTold,
  *expected({ truth }) {
    for (const { name, count } of enabledFunctions(truth))
      for (let nth = 0; nth < count; nth++)
        yield {
          key: name,
          label: `tracing of ${name}`,
          cells: {
            ...{ tracer: kernelAddress(truth, 8n), place: name, callback: kernelAddress(truth, 1n) },
            ...{ symbol: someText, flags: textOrNone },
            ...KERNELS,
          },
        };
  },
  keyOf: ({ place: traced }) => String(traced),
  labelOf: ({ place: traced, symbol }) => `tracing of ${String(traced)} by ${String(symbol)}`,
};
