import type { Comparison } from './expect.ts';
import { textOf } from './proc.ts';
import { excusesOf, newOfAnother } from './recorder.ts';

export const env: Comparison = {
  plugin: 'env',
  ordered: true,
  *expected({ truth }) {
    const order = truth.processes;
    for (const { pid, environ } of order) {
      for (const entry of (environ ?? '').split('\0')) {
        if (entry === '') continue;
        const at = entry.indexOf('=');
        const name = textOf(at < 0 ? entry : entry.slice(0, at));
        yield {
          key: `${pid} ${name}`,
          label: `pid ${pid} ${name}`,
          ...excusesOf(pid, truth, []),
          cells: { pid, name, value: at < 0 ? null : textOf(entry.slice(at + 1)) },
        };
      }
    }
  },
  keyOf: ({ pid, name }) => `${String(pid)} ${String(name)}`,
  labelOf: ({ pid, name }) => `pid ${String(pid)} ${String(name)}`,
  mayBeInvented: newOfAnother,
};
