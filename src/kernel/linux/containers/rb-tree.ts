// Nodes of a red-black tree: include/linux/rbtree.h, lib/rbtree.c.
// A node that cannot be read costs what is below it, and a note.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import type { Linux } from '../linux.ts';

/** Nodes after which a tree is taken for endless: thirty times the most mappings of a process. */
const MAXIMUM_NODES = 2_000_000;

/** The addresses of the `rb_node`s below `root`, ascending. @returns whether the walk came to its end. Never throws. */
export function* rbNodes(kernel: Linux, root: VirtualAddress, what: string): Walk<VirtualAddress> {
  const seen = new Set<VirtualAddress>();
  const open: VirtualAddress[] = [];
  let isWhole = true;
  /** The child, or 0 where it cannot be read or was there before. */
  const below = (node: VirtualAddress, side: 'rb_left' | 'rb_right'): VirtualAddress => {
    let child: VirtualAddress;
    try {
      child = kernel.at('rb_node', node)[side];
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      isWhole = false;
      kernel.note(`${what}: ${fault.message}`);
      return 0n;
    }
    if (child === 0n || (!seen.has(child) && seen.size < MAXIMUM_NODES)) return child;
    isWhole = false;
    kernel.note(`${what}: nodes loop at ${hex(child)}`);
    return 0n;
  };
  for (let node = root; node !== 0n || open.length > 0; ) {
    for (; node !== 0n; node = below(node, 'rb_left')) {
      kernel.space.memory.spend(ENTRY_COST);
      seen.add(node);
      open.push(node);
    }
    const next = open.pop()!;
    yield next;
    node = below(next, 'rb_right');
  }
  return isWhole;
}
