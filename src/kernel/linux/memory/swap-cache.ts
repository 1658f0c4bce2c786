// Pages that are in memory and have a place in swap: on their way there, or just read from there.
// Linux: mm/swap_state.c; since v6.18 mm/swap_table.h.
import type { PhysicalAddress, VirtualAddress } from '../../../base/address.ts';
import { xarrayLoad } from '../containers/xarray-load.ts';
import { isValue } from '../containers/xarray-node.ts';
import type { Linux } from '../linux.ts';
import { Page } from './page.ts';
import { pageStructsOf } from './page-structs.ts';
import { type SwapPlace, swapWordOf } from './swap-place.ts';

/** SWAP_ADDRESS_SPACE_SHIFT of mm/swap.h: each address space has so many pages of an area. */
const SPACE_SHIFT = 14n;
const SPACE_MASK = (1n << SPACE_SHIFT) - 1n;
/** Marks of an entry in a swap table: none is a pointer, this is a frame's number, what is odd is no page. */
const FRAME_MARK = 2n;
/** Bits of a frame's number in an entry, above which are counts: SWAP_CACHE_PFN_BITS of mm/swap.h. */
const FRAME_BITS = { 8: 40, 4: 24 } as const;

/**
 * The memory of the page that belongs to a place in swap; null where none is cached. A page counts only if its struct names
 * that place. @throws EvidenceFault where the cache cannot be read
 */
export function swapCachedPage(kernel: Linux, place: SwapPlace): PhysicalAddress | null {
  const word = swapWordOf(kernel, place);
  for (const address of candidates(kernel, place)) {
    const page = new Page(kernel, address);
    const distance = word - page.private;
    if (distance >= 0n && distance < BigInt(kernel.pageBytes)) return page.part(distance).memory;
  }
  return null;
}

/** The structs of pages that may be the one. */
function* candidates(kernel: Linux, place: SwapPlace): Generator<VirtualAddress> {
  if (kernel.types.has('swap_cluster_info', 'table')) {
    const found = inTable(kernel, place);
    if (found !== null) yield found;
    return;
  }
  if (!kernel.hasSymbol('swapper_spaces')) return; // no swap in this kernel
  const spaces = kernel.pointerAt(elementOf(kernel, kernel.symbol('swapper_spaces'), place.type));
  if (spaces === 0n) return;
  const size = BigInt(kernel.types.sizeOf('address_space'));
  const { i_pages } = kernel.at('address_space', spaces + (place.offset >> SPACE_SHIFT) * size);
  // Since Linux kernel commit 7aad25b4b4f5 (in v6.11) pages are counted from the start of their address space, not of the area.
  for (const index of new Set([place.offset, place.offset & SPACE_MASK])) {
    const { entry } = xarrayLoad(kernel, i_pages, index);
    if (entry !== 0n && !isValue(entry)) yield entry;
  }
}

function inTable(kernel: Linux, { type, offset }: SwapPlace): VirtualAddress | null {
  const { types } = kernel;
  const area = kernel.pointerAt(elementOf(kernel, kernel.symbol('swap_info'), type));
  if (area === 0n) return null;
  const { max, cluster_info: clusters = 0n } = kernel.at('swap_info_struct', area);
  if (offset >= BigInt(max) || clusters === 0n) return null;
  const perCluster = BigInt(types.sizeOf('swap_table') / types.pointerBytes);
  const cluster = clusters + (offset / perCluster) * BigInt(types.sizeOf('swap_cluster_info'));
  const table = kernel.at('swap_cluster_info', cluster).table ?? 0n;
  if (table === 0n) return null;
  const entry = kernel.pointerAt(elementOf(kernel, table, Number(offset % perCluster)));
  if (entry === 0n || isValue(entry)) return null;
  if ((entry & 3n) === 0n)
    return (entry & 7n) === 0n && entry >> 3n !== ALL_ONES[types.pointerBytes] ? entry : null;
  if ((entry & 3n) !== FRAME_MARK) return null;
  return pageStructsOf(kernel).of(Number(BigInt.asUintN(FRAME_BITS[types.pointerBytes], entry >> 2n)));
}

/** What a slot that cannot be used has above its lowest three bits. */
const ALL_ONES = { 8: (1n << 61n) - 1n, 4: (1n << 29n) - 1n } as const;

const elementOf = ({ types }: Linux, array: VirtualAddress, index: number): VirtualAddress =>
  array + BigInt(index * types.pointerBytes);
