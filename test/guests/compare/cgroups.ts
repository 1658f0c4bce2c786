import { expectedContainer } from './containers.ts';
import type { Comparison, Expectation } from './expect.ts';
import { linesOf, textOf } from './proc.ts';
import { anything, excusesOfThread, firstThreads, nameOfThread, workerCame } from './thread-records.ts';

export const cgroups: Comparison = {
  plugin: 'cgroups',
  *expected({ truth }) {
    for (const record of firstThreads(truth)) {
      const { pid, cgroup } = record.process;
      const text = record.thread.cgroup ?? cgroup;
      // A kernel thread of an older record: all are in the root of the one hierarchy.
      for (const line of text === null ? ['0::?'] : linesOf(text)) {
        const [hierarchy, controllers, path] = line.split(':', 3) as [string, string, string];
        const container = expectedContainer(truth, pid);
        yield {
          key: `${pid} ${hierarchy}`,
          label: `pid ${pid} hierarchy ${hierarchy}`,
          ...excusesOfThread(record, truth, ['name']),
          cells: {
            pid,
            name: nameOfThread(record),
            hierarchy: Number(hierarchy),
            controllers,
            path:
              path === '?'
                ? anything
                : (textOf(line.slice(hierarchy.length + controllers.length + 2)) as Expectation),
            frozen: truth.workload.parts['group-frozen'] === pid,
            runtime: container?.runtime ?? null,
            container: container?.id ?? null,
            pod: container?.pod ?? null,
          },
        };
      }
    }
  },
  keyOf: ({ pid, hierarchy }) => `${String(pid)} ${String(hierarchy)}`,
  labelOf: ({ pid, hierarchy }) => `pid ${String(pid)} hierarchy ${String(hierarchy)}`,
  mayBeInvented: workerCame,
};
