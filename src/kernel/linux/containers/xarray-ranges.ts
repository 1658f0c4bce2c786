// All that stands in an xarray, by its indices and ascending, and what of it cannot be read.
// Linux: include/linux/xarray.h, lib/xarray.c.
import { fromWords, hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { pointersAt } from './pointers.ts';
import { INDEX_BITS, isNode, isPlain, nodeAt, siblingOf } from './xarray-node.ts';

/** What stands at the indices from `first` to `last`, or why that cannot be read. */
export type XarrayRange =
  | { readonly first: bigint; readonly last: bigint; readonly entry: bigint }
  | { readonly first: bigint; readonly last: bigint; readonly fault: EvidenceFault };

/** A pointer to a node, and the indices that it is about. */
interface Branch {
  readonly entry: bigint;
  readonly first: bigint;
  readonly last: bigint;
  /** Bits of an index below those that the node above chooses by; null of the first node. */
  readonly above: bigint | null;
}

/**
 * The entries of the xarray at `root`; what is empty is passed over. A node that cannot be read costs a range. A node's
 * shift is smaller than that of the one above, so that a tree which leads back to itself ends.
 */
export function* xarrayRanges(kernel: Linux, root: VirtualAddress): Generator<XarrayRange> {
  const last = (1n << INDEX_BITS) - 1n;
  let head: bigint;
  try {
    head = kernel.at('xarray', root).xa_head;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return yield { first: 0n, last, fault };
  }
  if (isNode(head)) yield* below(kernel, { entry: head, first: 0n, last, above: null });
  else if (isPlain(head)) yield { first: 0n, last: 0n, entry: head };
}

function* below(kernel: Linux, branch: Branch): Generator<XarrayRange> {
  const { first, last } = branch;
  let slots: Slots;
  try {
    slots = new Slots(kernel, branch);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return yield { first, last, fault };
  }
  const { count, shift } = slots;
  for (let slot = 0; slot < count; ) {
    const entry = slots.at(slot);
    let end = slot + 1;
    // An entry of several slots is in the first of them; the others tell which that is.
    while (
      typeof entry === 'bigint' &&
      isPlain(entry) &&
      end < count &&
      slots.at(end) === siblingOf(BigInt(slot))
    )
      end++;
    const own = { first: first + (BigInt(slot) << shift), last: first + (BigInt(end) << shift) - 1n };
    if (entry instanceof EvidenceFault) yield { ...own, fault: entry };
    else if (isNode(entry) && shift > 0n) yield* below(kernel, { entry, ...own, above: shift });
    else if (isPlain(entry)) yield { ...own, entry };
    slot = end;
  }
}

/** The slots of a node. */
class Slots {
  readonly shift: bigint;
  readonly count: number;
  readonly #kernel: Linux;
  readonly #words: Int32Array;
  readonly #begin: VirtualAddress;

  /** @throws EvidenceFault where it cannot be read, or is no node at its place in the tree */
  constructor(kernel: Linux, { entry, above }: Branch) {
    const { slots, slotCount, shift } = nodeAt(kernel, entry, above);
    this.#kernel = kernel;
    this.count = slotCount;
    this.shift = shift;
    this.#begin = slots;
    this.#words = pointersAt(kernel, this.#begin, this.count);
  }

  /** What is in a slot, or why that cannot be told: it may lie on a page that is lost, or that holds nothing but zeros. */
  at(slot: number): bigint | EvidenceFault {
    const [lo, hi] = [this.#words[2 * slot], this.#words[2 * slot + 1]];
    const address = this.#begin + BigInt(slot * this.#kernel.types.pointerBytes);
    if (lo === undefined || hi === undefined)
      return new CorruptStructure(`the end of the node at ${hex(this.#begin)} cannot be read`);
    if ((lo | hi) !== 0) return BigInt.asUintN(64, fromWords(hi, lo));
    return this.#kernel.space.isBlankAt(address)
      ? new CorruptStructure(`the page of the node at ${hex(this.#begin)} holds nothing but zeros`)
      : 0n;
  }
}
