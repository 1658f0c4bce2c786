// Pages that are being moved while the snapshot is taken: the entry of the page table has their frame's number.
// Linux: include/linux/swapops.h (is_migration_entry), mm/migrate.c.
import type { PhysicalAddress, VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { Page } from './page.ts';
import { pageStructsOf } from './page-structs.ts';

/** PAGE_MAPPING_ANON of include/linux/page-flags.h: the lowest bit says that a page is of no file. */
const ANONYMOUS = 1n;
const MAPPING_FLAGS = 3n;
/** Bits of a frame's number, above which newer kernels keep flags: physical addresses of 52 or 48 bits, less those of a page. */
const FRAME_BITS = [40, 36] as const;

/**
 * The memory of the page whose frame's number an entry of some special type has; null where it is no such entry. Which type
 * means that is the build's own choice, so the page itself is asked: it must say that it is number `index` of this mapping.
 */
export function movedPage(
  kernel: Linux,
  offset: bigint,
  index: bigint,
  mapping: VirtualAddress | undefined,
): PhysicalAddress | null {
  for (const bits of FRAME_BITS) {
    const found = pageIfOf(kernel, Number(BigInt.asUintN(bits, offset)), index, mapping);
    if (found !== null) return found;
  }
  return null;
}

function pageIfOf(
  kernel: Linux,
  frame: number,
  index: bigint,
  mapping: VirtualAddress | undefined,
): PhysicalAddress | null {
  try {
    const page = new Page(kernel, pageStructsOf(kernel).of(frame));
    const owner = page.mapping;
    const isOwn = (owner & MAPPING_FLAGS) === ANONYMOUS || (mapping !== undefined && owner === mapping);
    return isOwn && page.index === index ? page.memory : null;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return null;
  }
}
