// Whether a part of a raw file lies elsewhere than the kernel has it, because pages in front of it were left out or put in.
// Links of lists that are empty point to themselves: each tells at which address it was when the kernel made it.
import { hex, physical } from '../../base/address.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import type { Bound } from './bound.ts';
import { linearAreas } from './linear-areas.ts';
import { isOpen } from './raw-layouts.ts';

const BLOCK_BYTES = 1 << 20;
const WORD_BYTES = 8;
const WORD_32 = 2 ** 32;
/** Files lack less than that, or have less in addition: what points further is a link to something else. */
const MOST_BYTES = 2 ** 30;
/** Links that a block must have to tell anything, and how often what they tell must be told beside "here". */
const LEAST_LINKS = 32;
const LEAST_TIMES = 8;
/** How much memory, from its end on, is looked at for a block that tells where it is. */
const MOST_LOOKED_AT = 32;

/** A part of memory that belongs elsewhere. */
export interface Shift {
  /** How much further on it belongs; less than 0 where something was put in before it. */
  readonly bytes: number;
  /** The end of the last block that is where it belongs, and the start of the first that is not. */
  readonly after: number;
  readonly before: number;
}

/**
 * The first part of memory that is not where its links say; undefined where its end is where it belongs, or tells nothing.
 *
 * @param linear - Where the kernel maps all of RAM: the virtual address of physical address 0.
 */
export function shiftIn(memory: PhysicalMemory, linear: bigint): Shift | undefined {
  const blocks = memory.ranges.flatMap(({ start, end }) =>
    Array.from({ length: Math.ceil((end - start) / BLOCK_BYTES) }, (_, nth) => start + nth * BLOCK_BYTES),
  );
  // One for all: the pages of a new one are made when it is first written to, which takes longer than reading.
  const block = new Uint8Array(BLOCK_BYTES);
  let isShifted = false;
  for (const at of blocks.slice(-MOST_LOOKED_AT).reverse()) {
    const told = distanceAt(memory, at, linear, block);
    if (told === undefined) continue;
    isShifted = told !== 0;
    break;
  }
  if (!isShifted) return undefined;
  let after: number = memory.ranges[0]?.start ?? 0;
  for (const at of blocks) {
    const bytes = distanceAt(memory, at, linear, block);
    if (bytes === 0) after = at + BLOCK_BYTES;
    else if (bytes !== undefined) return { bytes, after, before: at };
  }
  return undefined;
}

/** How much further on most links of a block say that it is; undefined where too few do. */
function distanceAt(
  memory: PhysicalMemory,
  at: number,
  linear: bigint,
  block: Uint8Array<ArrayBuffer>,
): number | undefined {
  const had = memory.readRun(physical(at), block.subarray(0, memory.end - at));
  const halves = new Uint32Array(block.buffer, 0, (had - (had % WORD_BYTES)) / 4);
  const [high, low] = [Number(linear >> 32n), Number(linear & 0xffff_ffffn)];
  const times = new Map<number, number>();
  for (let half = 0; half < halves.length; half += 2) {
    const above = halves[half + 1]! - high;
    if (above < 0 || above > MOST_BYTES) continue;
    const distance = above * WORD_32 + halves[half]! - low - (at + 4 * half);
    if (distance % PAGE_BYTES !== 0 || Math.abs(distance) > MOST_BYTES) continue;
    times.set(distance, (times.get(distance) ?? 0) + 1);
  }
  const [most] = [...times].sort(([, a], [, b]) => b - a);
  if (most === undefined || most[1] < LEAST_LINKS) return undefined;
  const [distance, count] = most;
  return distance === 0 || count >= LEAST_TIMES * (times.get(0) ?? 0) ? distance : undefined;
}

/** What to say of a raw file of which a part lies elsewhere than the kernel has it, and how to lay it out; else nothing. */
export function shiftNotes({ snapshot, parts, located }: Bound): string[] {
  const { memory, format, file } = snapshot;
  if (format.name !== 'raw' || parts.profile.pointerBytes !== 8) return [];
  const areas = linearAreas(parts, located);
  const image = areas.find(({ name }) => name === "the kernel's image");
  const area = areas.find((one) => one !== image);
  if (area === undefined) return [];
  const shift = shiftIn(memory, area.start - BigInt(area.physical));
  if (shift === undefined) return [];
  const { bytes, before } = shift;
  // The page tables were found where the kernel says that they are.
  const tables = located.paging.root + PAGE_BYTES;
  const after = tables <= before ? Math.max(shift.after, tables) : shift.after;
  const what = bytes > 0 ? `lacks ${bytes} bytes` : `has ${-bytes} bytes too many`;
  const where = `between ${hex(after)} and ${hex(before)}`;
  const pieces = [
    `0x0-${hex(after)}@0`,
    `${hex(after + Math.max(0, bytes))}-${hex(file.sizeBytes + bytes)}@${hex(after + Math.max(0, -bytes))}`,
  ];
  // Within the image the place must be right to the page, and nothing tells it.
  const isInImage =
    image !== undefined &&
    image.physical < before &&
    image.physical + Number(image.end - image.start) > after;
  const isTold = isOpen(snapshot) && after > 0 && !isInImage;
  const how = isTold ? `: --map ${pieces.join(',')} lays the rest out` : '';
  return [
    `by links that point to themselves, the file ${what} of memory somewhere ${where}, and what is behind is not where it ` +
      `belongs${how}. LiME's format=lime keeps in the file where each part belongs`,
  ];
}
