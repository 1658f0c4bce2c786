import type { Truth } from '../truth.ts';
import { isTracingTold } from './code-pointers.ts';
import { type Comparison, judge, someText } from './expect.ts';
import { linesOf } from './proc.ts';

/** A line of kprobes/list: `ffffffff9a0c1b40  k  ksys_sync+0x0    [DISABLED][FTRACE]`. */
export interface ListedProbe {
  readonly address: bigint;
  readonly kind: 'kprobe' | 'kretprobe';
  readonly place: string;
  /** `DISABLED`, `OPTIMIZED`, `FTRACE`. */
  readonly marks: readonly string[];
}

export const listedProbes = ({ tracing }: Truth): ListedProbe[] =>
  linesOf(tracing?.probes ?? '').map((line) => {
    const [, address, letter, name, offset] = /^([0-9a-f]+)\s+([kr])\s+(\S+?)\+0x([0-9a-f]+)/.exec(line)!;
    return {
      address: BigInt(`0x${address}`),
      kind: letter === 'r' ? 'kretprobe' : 'kprobe',
      place: offset === '0' ? name! : `${name}+0x${offset}`,
      marks: [...line.matchAll(/\[([A-Z]+)\]/g)].map(([, mark]) => mark!),
    };
  });

export const kprobes: Comparison = {
  plugin: 'kprobes',
  isTold: isTracingTold,
  *expected({ truth }) {
    for (const { address, kind, place, marks } of listedProbes(truth))
      yield {
        key: `${place} ${kind}`,
        label: `${kind} of ${place}`,
        cells: {
          ...{ address, place, kind, handlers: someText, modules: null, verdict: 'expected' },
          owners: judge('kernel', (cell) => typeof cell === 'string' && /^kernel(?:,kernel)*$/.test(cell)),
          flags: judge(marks.join(), (cell) =>
            marks.every((mark) => String(cell).split(',').includes(mark.toLowerCase())),
          ),
        },
      };
  },
  keyOf: ({ place, kind }) => `${String(place)} ${String(kind)}`,
  labelOf: ({ place, kind }) => `${String(kind)} of ${String(place)}`,
};
