// Entries of an xarray, which IDRs and radix trees are since 4.20: include/linux/xarray.h, lib/radix-tree.c.
// A node that cannot be read costs the entries below it, and a note.

import { fromWords, hex, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import type { Linux } from '../linux.ts';
import { pointersAt } from './pointers.ts';

/** Pointers to nodes and values that are no pointers end in these bits: xa_is_internal, xa_is_value. */
const INTERNAL = 2;
const MARKS = 3;
/** Internal entries up to here are no nodes: xa_is_node. */
const LAST_SPECIAL = 4096n;
/** Entries after which a tree is taken for endless: PID_MAX_LIMIT of include/linux/threads.h. */
const MAXIMUM_ENTRIES = 4_194_304;

/**
 * The pointers in the xarray at `root`, in the order of their indices. @returns whether the walk came to its end.
 * @throws EvidenceFault where the root cannot be read
 */
export function* xarrayEntries(kernel: Linux, root: VirtualAddress, what: string): Walk<VirtualAddress> {
  const { types } = kernel;
  const [slotsAt, slotsBytes] = types.memberOf('xa_node', 'slots');
  const slotCount = slotsBytes / types.pointerBytes;
  const bitsPerLevel = Math.log2(slotCount);
  const seen = new Set<VirtualAddress>();
  let given = 0;
  let isWhole = true;
  const lose = (why: string): void => {
    isWhole = false;
    kernel.note(`${what}: ${why}`);
  };

  /** Those below a node, whose own distance in bits from the entries must be `expected`. */
  function* below(address: VirtualAddress, expected: number | null): Generator<VirtualAddress> {
    const node = kernel.at('xa_node', address);
    let shift: number;
    try {
      shift = node.shift;
      if (seen.has(address) || shift % bitsPerLevel !== 0 || (expected !== null && shift !== expected))
        throw new CorruptStructure(`${hex(address)} is no node at its place in the tree`);
      if (node.count === 0)
        throw new CorruptStructure(`node at ${hex(address)} is empty, and the kernel keeps none such`);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return lose(fault.message);
    }
    kernel.space.memory.spend(ENTRY_COST);
    seen.add(address);
    const words = pointersAt(kernel, address + BigInt(slotsAt), slotCount);
    for (let at = 0; at < words.length; at += 2) {
      const lo = words[at]!;
      const hi = words[at + 1]!;
      if ((lo | hi) !== 0) yield* entry(fromWords(hi, lo), lo & MARKS, shift);
    }
    // A node may lie on two pages, and one be lost, or be zeros: the kernel keeps other nodes on it.
    if (words.length < 2 * slotCount) lose(`the end of the node at ${hex(address)} cannot be read`);
    else if (kernel.space.isBlankAt(address + BigInt(slotsAt + slotsBytes - types.pointerBytes)))
      lose(`the end of the node at ${hex(address)} lies on a page of zeros`);
  }

  function* entry(value: VirtualAddress, marks: number, shift: number | null): Generator<VirtualAddress> {
    if (given >= MAXIMUM_ENTRIES) return;
    if (marks === 0) {
      if (++given === MAXIMUM_ENTRIES) lose(`cut after ${given} entries`);
      yield value;
    } else if (marks === INTERNAL && value > LAST_SPECIAL && shift !== 0) {
      yield* below(value - BigInt(INTERNAL), shift === null ? null : shift - bitsPerLevel);
    }
  }

  const head = kernel.at('xarray', root).xa_head;
  if (head !== 0n) yield* entry(head, Number(head & BigInt(MARKS)), null);
  return isWhole;
}
