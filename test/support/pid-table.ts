// Draws the kernel's table of process IDs: an xarray of `struct pid`, each leading to the tasks that have its number.
// Written from include/linux/xarray.h and include/linux/pid.h, not from how the program reads them.
import type { FakeKernel } from './kernel.ts';

/** What has a number: the task that is its thread, and whether that is a process, which then has the group and session too. */
export interface Numbered {
  readonly number: number;
  readonly task: bigint;
  readonly isProcess: boolean;
  readonly isGroup?: boolean;
}

const INTERNAL = 2n;
/** hlist_heads of a `struct pid`: thread, process, group, session. */
const TYPES = 4;

/** Draws a table of these. @returns the address of each `struct pid` by its number */
export function drawPidTable(
  drawn: FakeKernel,
  namespace: bigint,
  all: readonly Numbered[],
): Map<number, bigint> {
  const pids = new Map<number, bigint>();
  if (drawn.profile.types['pid'] === undefined) return pids;
  for (const { number, task, isProcess, isGroup } of all) {
    const pid = drawn.draw('pid');
    pids.set(number, pid);
    for (let type = 0; type < TYPES; type++) {
      if ((type === 1 && !isProcess) || (type > 1 && isGroup !== true)) continue;
      const head = drawn.member(pid, 'pid', 'tasks') + BigInt(8 * type);
      const link = drawn.member(task, 'task_struct', 'pid_links') + BigInt(16 * type);
      drawn.image.put64(drawn.physical(head), link);
      drawn.image.put64(drawn.physical(link) + 8, head);
    }
  }
  if (pids.size === 0) return pids;
  const root = drawn.member(drawn.member(namespace, 'pid_namespace', 'idr'), 'idr', 'idr_rt');
  drawn.write(root, 'xarray', { xa_head: drawTree(drawn, pids) });
  drawn.write(namespace, 'pid_namespace', { pid_allocated: 0x8000_0000 + pids.size });
  return pids;
}

/** Nodes from the leaves up, until one holds all. @returns the pointer to it as its parent keeps it */
function drawTree(drawn: FakeKernel, pids: ReadonlyMap<number, bigint>): bigint {
  const slots = drawn.profile.types['xa_node']!.members['slots']![1] / 8;
  let level = new Map(pids);
  for (let shift = 0; ; shift += Math.log2(slots)) {
    const above = new Map<number, bigint>();
    for (const [index, value] of level) {
      const parent = Math.floor(index / slots);
      const node = above.get(parent) ?? drawn.draw('xa_node', { shift }) + INTERNAL;
      above.set(parent, node);
      const at = drawn.member(node - INTERNAL, 'xa_node', 'slots') + BigInt(8 * (index % slots));
      drawn.image.put64(drawn.physical(at), value);
      const count = drawn.physical(drawn.member(node - INTERNAL, 'xa_node', 'count'));
      drawn.image.put32(count, Number(drawn.image.get64(count) & 0xffff_ffffn) + 1);
    }
    if (above.size === 1 && above.has(0)) return above.get(0)!;
    level = above;
  }
}
