// The tasks in every set of control groups: each task of a machine is in one, from fork until it is let go.
// Linux: struct css_set of include/linux/cgroup-defs.h, css_set_table of kernel/cgroup/cgroup.c.
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';

/** Buckets: CSS_SET_HASH_BITS of kernel/cgroup/cgroup.c. */
const BUCKETS = 128;

/** The tasks of every set. @returns whether all were walked to their ends. @throws NotInKernel */
export function* cgroupTasks(kernel: Linux): Walk<VirtualAddress> {
  const { types } = kernel;
  const link = types.offsetOf('css_set', 'hlist');
  types.offsetOf('task_struct', 'cg_list');
  let isWhole = true;
  const sets = chainedLinks(kernel, {
    name: 'sets of control groups',
    heads: kernel.symbol('css_set_table'),
    buckets: BUCKETS,
    strideBytes: types.pointerBytes,
    note(message) {
      isWhole = false;
      kernel.note(message);
    },
  });
  for (const place of sets) {
    const set = kernel.at('css_set', wrapped(place - BigInt(link), types.pointerBytes));
    for (const list of ['tasks', 'mg_tasks', 'dying_tasks'] as const) {
      if (!types.has('css_set', list)) continue;
      try {
        const walk = set[list];
        if (walk === undefined) continue;
        let step = walk.next();
        for (; step.done !== true; step = walk.next()) yield step.value.address;
        isWhole &&= step.value;
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        isWhole = false;
        kernel.note(`tasks of control groups: ${fault.message}`);
      }
    }
  }
  return isWhole;
}
