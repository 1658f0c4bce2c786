// What a table of many structs costs a question that reads one of them: src/types makes classes when they are asked for.
// Drawn structs point at each other and have as many members as the kernel's own have on average.

import { Linux } from '../../src/kernel/linux/linux.ts';
import { structs } from '../../src/kernel/linux/structs.ts';
import { links, ptr, uint, ulong } from '../../src/types/fields.ts';
import { type StructTable, TypeTable } from '../../src/types/struct.ts';
import { fakeKernel } from '../support/kernel.ts';
import { drawLayouts } from '../support/layouts.ts';
import { type Bench, median } from './bench.ts';

const TARGET = 1.5;
const STRUCTS = 1000;
const ROUNDS = 2000;

/** The kernel's structs, and drawn ones up to `count`. */
function tableOf(count: number): StructTable {
  const more = Array.from({ length: count - Object.keys(structs).length }, (_, i) => {
    const other = `drawn_${(i * 7 + 1) % 100}`;
    return [
      `drawn_${i}`,
      { count: uint, next: ptr(other), list: links(other, 'list'), time: ulong },
    ] as const;
  });
  return { ...structs, ...Object.fromEntries(more) };
}

/** Microseconds that it takes to make a kernel whose program reads `table`, and to read one member of one struct. */
function costOf(table: StructTable): number {
  const { space, profile, slide, origin } = fakeKernel('init(1)').linux();
  const layouts = { ...drawLayouts(table, { without: [], at: {} }), ...profile.types };
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    const types = new TypeTable(table, layouts, profile.pointerBytes);
    const kernel = new Linux({ space, profile, slide, origin, types });
    const { address } = kernel.at('task_struct', kernel.symbol('init_task')).real_parent;
    costs.push(Number(process.hrtime.bigint() - started) / 1000);
    if (address !== kernel.symbol('init_task')) throw new Error('the idle task is not its own parent');
  }
  return median(costs);
}

/** Whether a question costs what it reads, however many structs the program knows. */
export const types: Bench = {
  name: 'types',
  measures: `a kernel made and one of its structs read, ${STRUCTS.toLocaleString('en')} structs in the table`,
  target: `≤ ${TARGET}×`,
  async run() {
    const today = Object.keys(structs).length;
    costOf(tableOf(today)); // warms the code
    const few = costOf(tableOf(today));
    const many = costOf(tableOf(STRUCTS));
    return {
      figure: `${many.toFixed(0)} µs`,
      baseline: `${today} structs: ${few.toFixed(0)} µs`,
      ratio: many / few,
      met: many <= TARGET * few,
    };
  },
};
