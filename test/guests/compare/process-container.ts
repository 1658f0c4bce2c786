import { plugins } from '../../../plugins/index.ts';
import type { Truth } from '../truth.ts';
import { expectedContainer } from './containers.ts';
import { type Comparison, type Expectation, isJudge, textOrNone } from './expect.ts';

/** A comparison that judges the container of each row's process, where its question has that column by having processes. */
export function withProcessContainer(comparison: Comparison): Comparison {
  const plugin = plugins.find(({ name }) => name === comparison.plugin)!;
  if (plugin.process === undefined || plugin.columns['container'] === undefined) return comparison;
  return {
    ...comparison,
    *expected(context) {
      for (const expected of comparison.expected(context)) {
        const container = containerOf(expected.cells[plugin.process!], context.truth);
        yield { ...expected, cells: { container, ...expected.cells } };
      }
    },
  };
}

function containerOf(pid: Expectation | undefined, truth: Truth): Expectation {
  if (pid === undefined || (pid !== null && isJudge(pid))) return textOrNone;
  return typeof pid === 'number' ? (expectedContainer(truth, pid)?.id ?? null) : null;
}
