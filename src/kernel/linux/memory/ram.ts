// Where RAM is: as the kernel has it (the tree behind /proc/iomem), and as a PC's firmware told it (e820). What a snapshot
// lacks, and where the pieces of a flat file belong, is told by it.

import { physical } from '../../../base/address.ts';
import { viewOf } from '../../../base/bytes.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';

/** Physical memory that is RAM: from `start` up to and without `end`, in bytes, ascending. */
export interface RamRange {
  readonly start: number;
  readonly end: number;
}

/** Entries of the tree that are looked at: a server has some hundred. */
const MOST_RESOURCES = 4096;
/** Hot-plugged and persistent memory add to the name in parentheses (drivers/dax/kmem.c). */
const SYSTEM_RAM = 'System RAM';

// `struct boot_params` is an ABI (Documentation/arch/x86/zero-page.rst): the count at 0x1e8, entries of 20 bytes from 0x2d0 on.
const E820_COUNT = 0x1e8;
const E820_TABLE = 0x2d0;
const E820_ENTRY_BYTES = 20;
const E820_MOST = 128;
const E820_RAM = 1;
/** The kernel never takes the first page, nor what belongs to the BIOS (arch/x86/kernel/setup.c, trim_bios_range). */
const FIRST_PAGE_BYTES = 4096;
const BIOS = { start: 0xa_0000, end: 0x10_0000 };

/**
 * What the kernel knows of RAM; empty where it does not tell. Never faults. The tree lies all over memory, and is only gone
 * through where firmware told of less than the kernel has: on boards without e820, and where memory was plugged in.
 */
export function ramOf(kernel: Linux): readonly RamRange[] {
  const told = unlessFault(() => firmwareRam(kernel), []);
  const end = endOfRam(kernel);
  if (told.length > 0 && end !== undefined && told.at(-1)!.end >= end) return told;
  const known = unlessFault(() => systemRam(kernel), []);
  return known.length > 0 ? known : told;
}

/** The first physical address behind all RAM, `max_pfn` pages; undefined where the snapshot lacks it. Never faults. */
export const endOfRam = (kernel: Linux): number | undefined =>
  unlessFault(() => Number(kernel.pointerOf('max_pfn')) * kernel.pageBytes, undefined);

/**
 * What the kernel and firmware tell of RAM, each where the other's word is not in the snapshot: of the tree as much as can
 * be read. Never faults.
 */
export function readableRam(kernel: Linux): RamRange[] {
  const known: RamRange[] = [];
  try {
    for (const range of ramInTree(kernel)) known.push(range);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
  }
  known.sort((a, b) => a.start - b.start);
  const end = known.at(-1)?.end ?? 0;
  return [...known, ...unlessFault(() => firmwareRam(kernel), []).filter(({ start }) => start >= end)];
}

/** `System RAM` of /proc/iomem, memory that was plugged in later too. @throws EvidenceFault */
export const systemRam = (kernel: Linux): RamRange[] =>
  [...ramInTree(kernel)].sort((a, b) => a.start - b.start);

/** `System RAM` in the tree, as far as it can be read. @throws EvidenceFault */
function* ramInTree(kernel: Linux): Generator<RamRange> {
  const root = kernel.at('resource', kernel.symbol('iomem_resource'));
  const waiting = [{ entry: root.child, parent: root.address }];
  let count = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { entry, parent } = next;
    if (entry === null) continue;
    if (++count > MOST_RESOURCES) throw new CorruptStructure('the tree of resources has no end');
    if (entry.parent !== parent)
      throw new CorruptStructure('an entry in the tree of resources has another parent');
    const [start, last] = [Number(entry.start), Number(entry.end)];
    if (last < start) throw new CorruptStructure('an entry in the tree of resources ends before it begins');
    waiting.push({ entry: entry.sibling, parent });
    if (Buffer.from(kernel.space.cString(entry.name, 64)).toString('latin1').startsWith(SYSTEM_RAM))
      yield { start, end: last + 1 };
    else waiting.push({ entry: entry.child, parent: entry.address });
  }
}

/** What a PC's firmware called RAM, without what the kernel never takes. It stands in the image, so no other memory is needed. @throws EvidenceFault */
export function firmwareRam(kernel: Linux): RamRange[] {
  const at = kernel.symbol('boot_params');
  const view = viewOf(kernel.space.bytes(at, E820_TABLE + E820_MOST * E820_ENTRY_BYTES));
  const ranges: RamRange[] = [];
  for (let entry = 0; entry < Math.min(view.getUint8(E820_COUNT), E820_MOST); entry++) {
    const place = E820_TABLE + entry * E820_ENTRY_BYTES;
    const start = Number(view.getBigUint64(place, true));
    const end = start + Number(view.getBigUint64(place + 8, true));
    if (view.getUint32(place + 16, true) !== E820_RAM || !Number.isSafeInteger(end) || end <= start) continue;
    const first = Math.max(start, FIRST_PAGE_BYTES);
    ranges.push({ start: first, end: first < BIOS.start ? Math.min(end, BIOS.start) : end });
    if (first < BIOS.start && end > BIOS.end) ranges.push({ start: BIOS.end, end });
  }
  return ranges.filter(({ start, end }) => start < end).sort((a, b) => a.start - b.start);
}

/** How many bytes of RAM are in none of these ranges, which ascend. */
export function bytesMissing(ram: readonly RamRange[], held: readonly RamRange[]): number {
  const PAGE = 4096;
  let missing = 0;
  let index = 0;
  for (const { start, end } of ram) {
    // What the kernel cannot use for being no whole page is no loss.
    let at = physical(Math.ceil(start / PAGE) * PAGE) as number;
    const last = Math.floor(end / PAGE) * PAGE;
    while (index > 0 && held[index - 1]!.end > at) index--;
    for (; at < last; index++) {
      const next = held[index];
      if (next === undefined || next.start >= last) {
        missing += last - at;
        break;
      }
      if (next.start > at) missing += next.start - at;
      at = Math.max(at, next.end);
      if (next.end >= last) break;
    }
  }
  return missing;
}
