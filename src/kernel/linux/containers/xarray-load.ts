// One entry of an xarray by its index, and for how many indices around it the answer is the same.
// Linux: include/linux/xarray.h, lib/xarray.c (xas_load).
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { INDEX_BITS, isNode, isPlain, namedBy, nodeAt, siblingOf } from './xarray-node.ts';

const LAST_INDEX = (1n << INDEX_BITS) - 1n;

/** What stands at an index. */
export interface XarrayEntry {
  /** A pointer, or a value (its lowest bit is set); 0 where there is none. */
  readonly entry: bigint;
  /** The first and the last index for which it stands there, or for which there is none for sure. */
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * The entry at an index of the xarray at `root`. @throws EvidenceFault where a node on the way cannot be read, or is none
 */
export function xarrayLoad(kernel: Linux, root: VirtualAddress, index: bigint): XarrayEntry {
  let entry = kernel.at('xarray', root).xa_head;
  if (!isNode(entry)) {
    if (index === 0n) return { entry: isPlain(entry) ? entry : 0n, first: 0n, last: 0n };
    return { entry: 0n, first: 1n, last: LAST_INDEX };
  }
  for (let above: bigint | null = null; ; ) {
    const { address, slots, slotCount, bits, shift } = nodeAt(kernel, entry, above);
    if (above === null && index >> (shift + bits) !== 0n)
      return { entry: 0n, first: 1n << (shift + bits), last: LAST_INDEX };
    const slotAt = (slot: bigint): VirtualAddress => slots + slot * BigInt(kernel.types.pointerBytes);
    const asked = (index >> shift) & (BigInt(slotCount) - 1n);
    let slot = asked;
    entry = kernel.pointerAt(slotAt(slot));
    const named = namedBy(entry, slotCount);
    if (named !== undefined) {
      // An entry of several slots is in the first of them; the others tell which that is.
      slot = named;
      entry = slot < asked ? kernel.pointerAt(slotAt(slot)) : 0n;
      if (!isPlain(entry)) throw new CorruptStructure(`a slot of ${hex(address)} leads to none before it`);
    }
    if (entry === 0n && kernel.space.isBlankAt(slotAt(slot)))
      throw new CorruptStructure(`the page of the node at ${hex(address)} holds nothing but zeros`);
    if (isNode(entry) && shift > 0n) {
      above = shift;
      continue;
    }
    const base = (index >> (shift + bits)) << (shift + bits);
    const first = base + (slot << shift);
    if (!isPlain(entry)) return { entry: 0n, first, last: first + (1n << shift) - 1n };
    let end = asked + 1n;
    while (end < BigInt(slotCount) && kernel.pointerAt(slotAt(end)) === siblingOf(slot)) end++;
    return { entry, first, last: base + (end << shift) - 1n };
  }
}
