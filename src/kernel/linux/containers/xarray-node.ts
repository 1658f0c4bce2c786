// What the entries of an xarray are, and where a node of it has its slots.
// Linux: include/linux/xarray.h.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';

/** Pointers to nodes and other entries of the tree's own end in these bits: xa_is_internal. */
const INTERNAL = 2n;
const MARKS = 3n;
/** Internal entries up to here are no nodes: xa_is_node. */
const LAST_SPECIAL = 4096n;
/** No index has more bits. */
export const INDEX_BITS = 64n;

const isInternal = (entry: bigint): boolean => (entry & MARKS) === INTERNAL;
/** Whether an entry leads to a node. */
export const isNode = (entry: bigint): boolean => isInternal(entry) && entry > LAST_SPECIAL;
/** Whether it is a pointer or a value, and nothing of the tree's own. */
export const isPlain = (entry: bigint): boolean => entry !== 0n && !isInternal(entry);
/** Whether it is a number and no pointer: xa_is_value. */
export const isValue = (entry: bigint): boolean => (entry & 1n) === 1n;
/** What stands in the further slots of an entry that takes several: it names the first of them. */
export const siblingOf = (slot: bigint): bigint => (slot << 2n) | INTERNAL;
/** The slot that such an entry names; undefined of any other. */
export const namedBy = (entry: bigint, slotCount: number): bigint | undefined =>
  isInternal(entry) && entry >> 2n < BigInt(slotCount) ? entry >> 2n : undefined;

/** A node, as far as its place in the tree goes. */
export interface NodePlace {
  readonly address: VirtualAddress;
  /** Where its slots begin, and how many there are. */
  readonly slots: VirtualAddress;
  readonly slotCount: number;
  /** Bits of an index that a slot of it is chosen by, and those below them. */
  readonly bits: bigint;
  readonly shift: bigint;
}

/**
 * The node that an entry leads to. A node's shift is smaller than that of the one above, so that a tree which leads back to
 * itself ends. @param above the shift of the node above; null of the first
 * @throws EvidenceFault where it cannot be read, or is no node at its place in the tree
 */
export function nodeAt(kernel: Linux, entry: bigint, above: bigint | null): NodePlace {
  const { types, space } = kernel;
  const [offset, bytes] = types.memberOf('xa_node', 'slots');
  const slotCount = bytes / types.pointerBytes;
  const bits = BigInt(Math.log2(slotCount));
  const address = entry - INTERNAL;
  space.memory.spend(ENTRY_COST);
  const shift = BigInt(kernel.at('xa_node', address).shift);
  const isPlace = above === null ? shift < INDEX_BITS : shift === above - bits;
  if (shift % bits !== 0n || !isPlace)
    throw new CorruptStructure(`${hex(address)} is no node at its place in the tree`);
  return { address, slots: address + BigInt(offset), slotCount, bits, shift };
}
