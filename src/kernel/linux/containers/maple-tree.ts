// Maple trees, which have kept the mappings of a process since v6.1.
// Linux: include/linux/maple_tree.h, lib/maple_tree.c.
import { highWord, lowWord, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';

// How pointers to nodes are marked: include/linux/maple_tree.h, "The Maple Tree squeezes various bits".
const NODE_MASK = 0xffn;
const TYPE_SHIFT = 3n;
const TYPE_MASK = 0xfn;
const LEAF_64 = 1;
const RANGE_64 = 2;
const ARANGE_64 = 3;
/** A node is 256 bytes, whatever the width of pointers (include/linux/maple_tree.h, MAPLE_NODE_SLOTS). */
const NODE_BYTES = 256;
/** A tree of 10-way nodes that holds as many entries as below is 7 levels high. */
const MAXIMUM_DEPTH = 32;
/** Thirty times the most mappings that a kernel lets a process have (vm.max_map_count, 65,530). */
const MAXIMUM_ENTRIES = 2_000_000;

/** What a node of one type is made of, in bytes from its start. */
interface Shape {
  readonly pivots: number;
  readonly pivotCount: number;
  readonly slots: number;
  readonly slotCount: number;
}

/**
 * The entries of a maple tree in ascending order: pointers that are not NULL. `what` names the tree in notes. A
 * node that cannot be read costs its own entries and a note.
 */
export function* mapleEntries(kernel: Linux, tree: VirtualAddress, what: string): Generator<VirtualAddress> {
  const root = kernel.at('maple_tree', tree).ma_root;
  if ((root & 3n) !== 2n || root <= 4096n) {
    if (root !== 0n && (root & 3n) === 0n) yield root; // a tree with one entry has no nodes
    return;
  }
  const seen = new Set<VirtualAddress>();
  const shapes = shapesIn(kernel);
  const width = kernel.types.pointerBytes;
  const { space } = kernel;
  let given = 0;
  function* visit(node: VirtualAddress, limit: bigint, depth: number): Generator<VirtualAddress> {
    const address = node & ~NODE_MASK;
    const type = Number((node >> TYPE_SHIFT) & TYPE_MASK);
    const shape = shapes.get(type);
    if (shape === undefined)
      return kernel.note(`${what}: node of unknown type ${type} at 0x${address.toString(16)}`);
    if (depth > MAXIMUM_DEPTH || seen.has(address))
      return kernel.note(`${what}: nodes loop at 0x${address.toString(16)}`);
    space.memory.spend(ENTRY_COST);
    seen.add(address);
    const [hi, lo] = [highWord(address), lowWord(address)];
    try {
      space.u8(hi, lo, shape.slots); // a node lies within a page: it can be read as a whole, or not at all
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return kernel.note(`${what}: ${fault.message}`);
    }
    // One by one: behind those in use a node has what it was before, which changes and means nothing.
    const word = (offset: number): bigint =>
      width === 8 ? space.u64(hi, lo, offset) : BigInt(space.i32(hi, lo, offset) >>> 0);
    for (let slot = 0; slot < shape.slotCount; slot++) {
      const stated = slot < shape.pivotCount ? word(shape.pivots + width * slot) : limit;
      const pivot = stated === 0n && slot > 0 ? limit : stated; // the last slot in use needs no pivot
      const entry = word(shape.slots + width * slot);
      // Nothing lies below the first page, and no node says so: its first entry reaches further.
      if (slot === 0 && stated === 0n && entry === 0n)
        return kernel.note(`${what}: node at 0x${address.toString(16)} holds zeros`);
      if (type !== LEAF_64) {
        if (entry !== 0n) yield* visit(entry, pivot, depth + 1);
      } else if (entry !== 0n && (entry & 3n) === 0n) {
        if (++given > MAXIMUM_ENTRIES) return kernel.note(`${what}: cut after ${MAXIMUM_ENTRIES} entries`);
        yield entry;
      }
      if (pivot >= limit) return;
    }
  }
  yield* visit(root, (1n << BigInt(8 * width)) - 1n, 0);
}

function shapesIn({ types }: Linux): ReadonlyMap<number, Shape> {
  const shape = (type: 'maple_range_64' | 'maple_arange_64'): Shape => {
    const [pivots, pivotBytes] = types.memberOf(type, 'pivot');
    const [slots, slotBytes] = types.memberOf(type, 'slot');
    return {
      pivots,
      slots,
      pivotCount: Math.floor(Math.min(pivotBytes, NODE_BYTES - pivots) / types.pointerBytes),
      slotCount: Math.floor(Math.min(slotBytes, NODE_BYTES - slots) / types.pointerBytes),
    };
  };
  const range = shape('maple_range_64');
  return new Map([
    [LEAF_64, range],
    [RANGE_64, range],
    [ARANGE_64, shape('maple_arange_64')],
  ]);
}
