import { isTracingTold, outOfSight } from './code-pointers.ts';
import type { Comparison } from './expect.ts';

export const helpers: Comparison = {
  plugin: 'helpers',
  isTold: isTracingTold,
  *expected({ truth }) {
    for (const [variable, text] of Object.entries(truth.tracing!.helpers))
      if (text !== null)
        yield {
          key: variable,
          label: variable,
          cells: { variable, path: text.replace(/\n$/, ''), verdict: 'expected' },
        };
  },
  keyOf: ({ variable }) => String(variable),
  labelOf: ({ variable }) => String(variable),
  // /proc shows no reboot_cmd.
  mayBeInvented: outOfSight,
};
