// One entry of an xarray by its index, and for how many indices around it the answer is the same.
// Linux: include/linux/xarray.h, lib/xarray.c (xas_load).
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
const INDEX_BITS = 64;

/** What stands at an index. */
export interface XarrayEntry {
  /** A pointer, or a value (its lowest bit is set); 0 where there is none. */
  readonly entry: bigint;
  /** The first and the last index for which it stands there, or for which there is none for sure. */
  readonly first: bigint;
  readonly last: bigint;
}

/** Whether an entry is a number and no pointer: xa_is_value. */
export const isValue = (entry: bigint): boolean => (entry & 1n) === 1n;

/**
 * The entry at an index of the xarray at `root`. A node's shift is smaller than that of the one above, so that a tree which
 * leads back to itself ends. @throws EvidenceFault where a node on the way cannot be read, or is none
 */
export function xarrayLoad(kernel: Linux, root: VirtualAddress, index: bigint): XarrayEntry {
  const { types, space } = kernel;
  const [slotsAt, slotsBytes] = types.memberOf('xa_node', 'slots');
  const slotCount = slotsBytes / types.pointerBytes;
  const bits = BigInt(Math.log2(slotCount));
  let entry = kernel.at('xarray', root).xa_head;
  if (!isNode(entry)) {
    if (index === 0n) return { entry: isPlain(entry) ? entry : 0n, first: 0n, last: 0n };
    return { entry: 0n, first: 1n, last: (1n << BigInt(INDEX_BITS)) - 1n };
  }
  for (let above: bigint | null = null; ; ) {
    space.memory.spend(ENTRY_COST);
    const address: bigint = entry - INTERNAL;
    const shift = BigInt(kernel.at('xa_node', address).shift);
    const isTop = above === null;
    if (shift % bits !== 0n || shift >= INDEX_BITS || (!isTop && shift !== above! - bits))
      throw new CorruptStructure(`${hex(address)} is no node at its place in the tree`);
    if (isTop && index >> (shift + bits) !== 0n)
      return { entry: 0n, first: 1n << (shift + bits), last: (1n << BigInt(INDEX_BITS)) - 1n };
    const slotAt = (slot: bigint): VirtualAddress =>
      address + BigInt(slotsAt) + slot * BigInt(types.pointerBytes);
    const asked = (index >> shift) & (BigInt(slotCount) - 1n);
    let slot = asked;
    entry = kernel.pointerAt(slotAt(slot));
    if (isSibling(entry, slotCount)) {
      // An entry of several slots is in the first of them; the others tell which that is.
      slot = entry >> 2n;
      entry = slot < asked ? kernel.pointerAt(slotAt(slot)) : 0n;
      if (!isPlain(entry)) throw new CorruptStructure(`a slot of ${hex(address)} leads to none before it`);
    }
    if (entry === 0n && space.isBlankAt(slotAt(slot)))
      throw new CorruptStructure(`the page of the node at ${hex(address)} holds nothing but zeros`);
    if (isNode(entry) && shift > 0n) {
      above = shift;
      continue;
    }
    const base = (index >> (shift + bits)) << (shift + bits);
    const first = base + (slot << shift);
    if (!isPlain(entry)) return { entry: 0n, first, last: first + (1n << shift) - 1n };
    let end = asked + 1n;
    while (end < BigInt(slotCount) && kernel.pointerAt(slotAt(end)) === ((slot << 2n) | INTERNAL)) end++;
    return { entry, first, last: base + (end << shift) - 1n };
  }
}

const isInternal = (entry: bigint): boolean => (entry & MARKS) === INTERNAL;
const isNode = (entry: bigint): boolean => isInternal(entry) && entry > LAST_SPECIAL;
const isSibling = (entry: bigint, slotCount: number): boolean =>
  isInternal(entry) && entry >> 2n < BigInt(slotCount);
/** A pointer or a value, and nothing of the tree's own. */
const isPlain = (entry: bigint): boolean => entry !== 0n && !isInternal(entry);
