import pslist from '../../plugins/pslist.ts';
import { runPlugin } from '../../src/plugin/run.ts';
import { crowdedKernel } from '../support/kernel.ts';
import { type Bench, median } from './bench.ts';

const TARGET = 10;

/** Microseconds of CPU a task that `pslist` takes for a kernel of `count` tasks that it has not seen before. */
async function costPerTask(count: number): Promise<number> {
  const drawn = crowdedKernel(count);
  const costs: number[] = [];
  for (let round = 0; round < 5; round++) {
    const kernel = drawn.linux();
    const { memory } = kernel.space;
    // Limits follow from the size of memory, and drawn tasks take less of it than real ones.
    const none = Number.POSITIVE_INFINITY;
    memory.limits = { rows: none, bytes: none, reads: none };
    const before = process.cpuUsage();
    let rows = 0;
    for await (const _ of runPlugin(pslist, kernel, { options: {} })) rows++;
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / count);
    if (rows < count) throw new Error(`${count} tasks were drawn, and ${rows} found`);
  }
  return median(costs);
}

/** Whether a list of tasks costs the same a task, however long it is. */
export const tasks: Bench = {
  name: 'tasks',
  measures: 'pslist over 100,000 drawn tasks, all columns',
  target: `≤ ${TARGET} µs of CPU a task`,
  async run() {
    await costPerTask(1000); // warms the code
    const few = await costPerTask(1000);
    const many = await costPerTask(100_000);
    return {
      figure: `${many.toFixed(1)} µs a task`,
      baseline: `of 1,000 tasks: ${few.toFixed(1)} µs a task`,
      ratio: many / few,
      met: many <= TARGET,
    };
  },
};
