import { isTracingTold, KERNELS, outOfSight } from './code-pointers.ts';
import { type Comparison, judge, kernelAddress, numberOrNone } from './expect.ts';
import { linesOf } from './proc.ts';

/** Events that are on: `sched:sched_process_hang`. Probes are events too, and no tracepoints. */
export const tracepoints: Comparison = {
  plugin: 'tracepoints',
  isTold: isTracingTold,
  *expected({ truth }) {
    for (const line of linesOf(truth.tracing?.events ?? '')) {
      const [system, name] = line.split(':');
      if (system === 'kprobes') continue;
      yield {
        key: `${name} event`,
        label: `tracepoint ${name}`,
        cells: {
          ...{ tracepoint: name!, callback: kernelAddress(truth, 1n), priority: numberOrNone },
          symbol: judge('the function of an event', (cell) => String(cell).includes('trace_event_raw_event')),
          ...KERNELS,
        },
      };
    }
  },
  keyOf: ({ tracepoint, symbol }) =>
    `${String(tracepoint)} ${String(symbol).includes('trace_event_raw_event') ? 'event' : String(symbol)}`,
  labelOf: ({ tracepoint, symbol }) => `tracepoint ${String(tracepoint)} ${String(symbol)}`,
  mayBeInvented: outOfSight,
};
