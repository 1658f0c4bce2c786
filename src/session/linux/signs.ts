// Sweeps memory once for signs of an operating system: banners, and the symbol tables of Linux.
// It keeps a bounded number of each.
import { type PhysicalAddress, physical } from '../../base/address.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import { KALLSYMS_DIGITS } from '../../profile/kallsyms-search.ts';

/** Byte sequences that tell what kind of guest memory is of, wherever they stand. */
const SIGNS = {
  /** The digits' tokens of a kallsyms table: see kallsyms-search.ts. */
  kallsyms: KALLSYMS_DIGITS,
  linuxBanner: 'Linux version ',
  /** The debug path in the header of Windows' kernel image. */
  windows: 'ntkrnlmp.pdb',
  darwin: 'Darwin Kernel Version ',
  freebsd: '@(#)FreeBSD ',
} as const;

/** Which of the signs stands where, at most a few hundred of each. */
export type Signs = Readonly<Record<keyof typeof SIGNS, readonly PhysicalAddress[]>>;

const BLOCK_BYTES = 1 << 20;
/** Distribution names, package lists and logs repeat banners; the kernel's own is among the first hundreds. */
const MAXIMUM_PLACES = 512;

/** Reads the whole snapshot once and notes where each sign stands. */
export function sweepForSigns(memory: PhysicalMemory): Signs {
  const found = Object.fromEntries(Object.keys(SIGNS).map((sign) => [sign, []])) as unknown as Record<
    keyof typeof SIGNS,
    PhysicalAddress[]
  >;
  const block = Buffer.alloc(BLOCK_BYTES);
  for (const { start, end } of memory.ranges) {
    for (let at: number = start; at < end; ) {
      // Pages come whole: what reaches over the block's end is looked at again with the next one.
      const had = memory.readRun(physical(at), block.subarray(0, Math.min(BLOCK_BYTES, end - at)));
      if (had === 0) {
        at += PAGE_BYTES; // a page that cannot be read costs no other
        continue;
      }
      for (const [sign, text] of Object.entries(SIGNS)) {
        collect(block.subarray(0, had), text, at, found[sign as keyof typeof SIGNS]);
      }
      at += had < BLOCK_BYTES || at + had >= end ? had : had - PAGE_BYTES;
    }
  }
  return found;
}

function collect(block: Buffer, sign: string | Buffer, base: number, into: PhysicalAddress[]): void {
  for (let at = block.indexOf(sign, 0, 'latin1'); at >= 0; at = block.indexOf(sign, at + 1, 'latin1')) {
    const place = physical(base + at);
    if (into.length < MAXIMUM_PLACES && !into.includes(place)) into.push(place);
  }
}
