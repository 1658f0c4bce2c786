// Cached pages of files, by their number in the file.
// Linux: mm/filemap.c, struct address_space of include/linux/fs.h, mm/shmem.c, fs/hugetlbfs/inode.c.
import { hex, type PhysicalAddress, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { xarrayLoad } from '../containers/xarray-load.ts';
import { isValue } from '../containers/xarray-node.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { pathsOf } from '../vfs/path.ts';
import { Page } from './page.ts';
import { type SwapPlace, swapPlaceOf } from './swap-place.ts';

/** File systems whose pages have no home but memory and, of mm/shmem.c, swap; `rootfs` is one of the others. */
const IN_MEMORY = new Set(['tmpfs', 'devtmpfs', 'ramfs', 'rootfs', 'hugetlbfs']);

/** What the page cache has of one page of a file. */
export type CachedPage =
  | { readonly kind: 'page'; readonly memory: PhysicalAddress }
  /** It was written to swap. */
  | { readonly kind: 'swapped'; readonly place: SwapPlace }
  /** It is not there, and so are pages up to and with number `last`. */
  | { readonly kind: 'none'; readonly last: bigint };

/**
 * Page `index` of a file, counted in the kernel's own pages. A page counts only if its struct says that it is that page of
 * that file. @throws EvidenceFault where the cache cannot be read
 */
export function cachedPage(kernel: Linux, mapping: Kernel<'address_space'>, index: bigint): CachedPage {
  const { entry, last } = xarrayLoad(kernel, mapping.i_pages, index);
  if (entry === 0n) return { kind: 'none', last };
  if (!isValue(entry)) return { kind: 'page', memory: partOf(kernel, mapping, entry, index).memory };
  // Of a file on disk a value is what is remembered of a page that was dropped.
  if (!isInMemoryAlone(kernel, mapping)) return { kind: 'none', last: index };
  return { kind: 'swapped', place: swapPlaceOf(kernel, entry >> 1n) };
}

/** Whether a file is nowhere but in memory and in swap. @throws EvidenceFault */
export const isInMemoryAlone = (kernel: Linux, { host }: Kernel<'address_space'>): boolean =>
  host !== null && IN_MEMORY.has(pathsOf(kernel).fileSystem(host.i_sb));

/** The struct of the page that is number `index` of a file, in the large or small page at `address`. @throws EvidenceFault */
export function partOf(
  kernel: Linux,
  mapping: Kernel<'address_space'>,
  address: VirtualAddress,
  index: bigint,
): Page {
  const page = new Page(kernel, address);
  if (page.mapping !== mapping.address)
    throw new CorruptStructure(`the cached page at ${hex(address)} is not of the file that has it`);
  return page.part(index - page.index);
}

/**
 * `cachedPage` for a file of hugetlbfs. Huge pages are counted as such until Linux kernel commit a08c7193e4f1 ("mm/filemap: remove hugetlb special casing in
 * filemap.c") (in v6.7), and since then in small pages; then each has as many indices as it has small pages. @throws EvidenceFault
 */
export function cachedHugePage(kernel: Linux, mapping: Kernel<'address_space'>, index: bigint): CachedPage {
  const { i_pages, host } = mapping;
  const parts = (host?.i_sb.s_blocksize ?? 0n) / BigInt(kernel.pageBytes);
  if (parts < 2n) throw new CorruptStructure('a file of huge pages has none');
  const small = xarrayLoad(kernel, i_pages, index);
  if (small.entry !== 0n && !isValue(small.entry) && small.last - small.first + 1n === parts)
    return { kind: 'page', memory: partOf(kernel, mapping, small.entry, index).memory };
  const number = index / parts;
  const huge = xarrayLoad(kernel, i_pages, number);
  const last = (number + 1n) * parts - 1n;
  if (huge.entry === 0n || isValue(huge.entry) || huge.first !== huge.last) return { kind: 'none', last };
  const page = new Page(kernel, huge.entry);
  if (page.mapping !== mapping.address || page.index !== number) return { kind: 'none', last };
  return { kind: 'page', memory: page.part(index % parts).memory };
}
