import type { Row } from '../../../src/plugin/cell.ts';
import type { Truth } from '../truth.ts';
import type { Comparison } from './expect.ts';
import { parseStat } from './proc.ts';
import { commonCells, excusesOf, labelOfProcess, pslist } from './pslist.ts';

export const pstree: Comparison = {
  plugin: 'pstree',
  *expected({ truth }) {
    const parents = new Map(truth.processes.map(({ pid, stat }) => [pid, parseStat(stat).ppid]));
    for (const process of truth.processes) {
      yield {
        key: String(process.pid),
        label: labelOfProcess(process),
        ...excusesOf(process, truth),
        cells: { ...commonCells(process, truth), depth: depthOf(process.pid, parents) },
      };
    }
  },
  keyOf: (row) => String(row['pid']),
  labelOf: pslist.labelOf,
  ...(pslist.mayBeInvented === undefined ? {} : { mayBeInvented: pslist.mayBeInvented }),
  whole: (rows, { truth }) => misplaced(rows, truth),
};

function depthOf(pid: number, parents: ReadonlyMap<number, number>): number {
  let depth = 0;
  for (let at = parents.get(pid); at !== undefined && parents.has(at); at = parents.get(at)) depth++;
  return depth;
}

/** A row belongs to the nearest row above that is one step shallower: that must be its parent. */
function* misplaced(rows: readonly Row[], truth: Truth): Generator<string> {
  const parents = new Map(truth.processes.map(({ pid, stat }) => [pid, parseStat(stat).ppid]));
  const above: number[] = [];
  for (const { pid, depth } of rows) {
    if (typeof pid !== 'number' || typeof depth !== 'number') continue;
    const parent = parents.get(pid);
    if (depth > 0 && parent !== undefined && above[depth - 1] !== parent) {
      yield `pid ${pid} stands below ${above[depth - 1]}, the guest says ${parent}`;
    }
    above[depth] = pid;
    above.length = depth + 1;
  }
}
