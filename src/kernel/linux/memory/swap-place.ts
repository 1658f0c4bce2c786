// A place in swap, as the kernel writes it in one word whatever the CPU: swp_entry_t.
// Linux: include/linux/swapops.h.
import type { Linux } from '../linux.ts';

/** MAX_SWAPFILES_SHIFT of include/linux/swap.h. */
const TYPE_BITS = 5n;

/** A place in swap: number of the area, and of the page in it. */
export interface SwapPlace {
  readonly type: number;
  readonly offset: bigint;
}

/** Bits below the area's number: the word must fit into an entry of an xarray, which has one bit less than a pointer. */
const offsetBits = ({ types }: Linux): bigint => BigInt(8 * types.pointerBytes - 1) - TYPE_BITS;

/** The place in a word. */
export function swapPlaceOf(kernel: Linux, word: bigint): SwapPlace {
  const bits = offsetBits(kernel);
  return { type: Number(word >> bits) & 31, offset: BigInt.asUintN(Number(bits), word) };
}

/** The word for a place. */
export const swapWordOf = (kernel: Linux, { type, offset }: SwapPlace): bigint =>
  (BigInt(type) << offsetBits(kernel)) | offset;
