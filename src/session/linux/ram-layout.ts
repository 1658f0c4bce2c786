// How a raw file is laid out by what the kernel in it knows of RAM: the file has the pieces of RAM one after the other,
// and lacks what lies between them, be it the hole below 4 GiB or what is left free in front of memory that was plugged in.
import { endOfRam, type RamRange, readableRam } from '../../kernel/linux/memory/ram.ts';
import type { MapPiece, OpenOptions } from '../../memory/origin.ts';
import { PAGE_BYTES } from '../../memory/source.ts';
import { MAXIMUM_PHYSICAL } from '../../snapshot/segments.ts';
import type { Bound } from './bound.ts';

const FOUR_GIB = 2 ** 32;
/** Memory is plugged in by whole sections, at multiples of their size (arch/x86/include/asm/sparsemem.h, SECTION_SIZE_BITS). */
const SECTION_BYTES = 2 ** 27;
/** Holes between pieces of RAM that are looked for. */
const MOST_HOLES = 32;

/** How a raw file is laid out. */
export interface RamLayout {
  readonly options: OpenOptions;
  /** Whether the kernel does not tell of all its pieces: right only if, in it, the kernel does. */
  readonly isGuess: boolean;
}

/** How the raw file lies in memory in which a kernel was found, where that is otherwise than in one piece. Never faults. */
export function layoutByRam({ snapshot, kernel }: Bound): RamLayout | undefined {
  const [first] = snapshot.memory.ranges;
  if (snapshot.format.name !== 'raw' || first === undefined) return undefined;
  const sizeBytes = snapshot.file.sizeBytes - (snapshot.file.sizeBytes % PAGE_BYTES);
  const found = piecesByRam(readableRam(kernel), endOfRam(kernel) ?? 0, { base: first.start, sizeBytes });
  if (found === undefined) return undefined;
  const { pieces, isGuess } = found;
  const [low, high] = pieces;
  const isPc = pieces.length === 2 && low!.start === 0 && high!.start === FOUR_GIB;
  return { options: isPc ? { hole: FOUR_GIB - low!.end } : { map: pieces }, isGuess };
}

/** Whether two layouts put all at the same place. */
export const isSameLayout = (one: RamLayout, other: RamLayout): boolean =>
  JSON.stringify(one.options) === JSON.stringify(other.options);

/**
 * Where the pieces belong of a raw file of `sizeBytes` whose first byte is at `base`, and whether where one begins is
 * guessed; undefined where it is in one piece, or is no whole copy of such memory.
 *
 * Gaps in RAM that firmware keeps for its tables are in the file, holes are not. Holes are wider, so the file lacks the
 * widest gaps: as many as make the pieces as long as the file. All pieces but the first are as long as the kernel says,
 * and the first has the rest, since firmware takes pages from its end.
 *
 * @param ram - What the kernel tells of RAM, ascending.
 * @param end - The first address behind all RAM: it may know of more than it tells of.
 */
export function piecesByRam(
  ram: readonly RamRange[],
  end: number,
  { base, sizeBytes }: { readonly base: number; readonly sizeBytes: number },
): { readonly pieces: MapPiece[]; readonly isGuess: boolean } | undefined {
  const last = ram.at(-1);
  if (last === undefined) return atFourGib(end, { base, sizeBytes });
  const widths = ram.slice(1).map(({ start }, index) => ({ at: index + 1, width: start - ram[index]!.end }));
  if (ram[0]!.start < base || widths.some(({ width }) => width < 0)) return undefined;
  const widest = widths.toSorted((a, b) => b.width - a.width).slice(0, MOST_HOLES);
  for (let count = 0; count <= widest.length; count++) {
    const holes = widest.slice(0, count).map(({ at }) => at);
    const starts = [0, ...holes.toSorted((a, b) => a - b)];
    const groups = starts.map((at, index) => ({
      start: index === 0 ? base : ram[at]!.start,
      end: ram[(starts[index + 1] ?? ram.length) - 1]!.end,
    }));
    const isAll = last.end >= end;
    const all = isAll ? groups : withLast(groups, end, sizeBytes);
    const pieces = all === undefined ? undefined : laidOut(all, sizeBytes);
    if (pieces !== undefined) return { pieces, isGuess: !isAll };
  }
  return undefined;
}

/** A PC's RAM of which nothing but its end is known: what no longer fits below the hole begins at 4 GiB. */
function atFourGib(end: number, { base, sizeBytes }: { base: number; sizeBytes: number }) {
  const below = sizeBytes - (end - FOUR_GIB);
  if (base !== 0 || end <= FOUR_GIB || below <= 0) return undefined;
  const pieces = laidOut(
    [
      { start: 0, end: 0 },
      { start: FOUR_GIB, end },
    ],
    sizeBytes,
  );
  return pieces === undefined ? undefined : { pieces, isGuess: false };
}

/**
 * The pieces with one more that goes up to the end of RAM and that the kernel does not tell of: it was plugged in, and
 * begins where a section does. Undefined where none fits.
 */
function withLast(groups: readonly RamRange[], end: number, sizeBytes: number): RamRange[] | undefined {
  const [first, ...others] = groups as [RamRange, ...RamRange[]];
  const told = first.end - first.start + bytesOf(others);
  // The end of the first piece may be further on by less than a section, and so may this begin.
  const start = Math.ceil((end - (sizeBytes - told)) / SECTION_BYTES) * SECTION_BYTES;
  return start >= groups.at(-1)!.end && start < end ? [...groups, { start, end }] : undefined;
}

/** The pieces in the file, one after the other; undefined where they are not as long as it is, or are one. */
function laidOut(groups: readonly RamRange[], sizeBytes: number): MapPiece[] | undefined {
  const [first, ...others] = groups as [RamRange, ...RamRange[]];
  if (others.length === 0) return undefined;
  let offset = sizeBytes - bytesOf(others);
  const firstEnd = first.start + offset;
  const isPaged = others.every(({ start, end }) => start % PAGE_BYTES === 0 && end % PAGE_BYTES === 0);
  const isReal = groups.at(-1)!.end <= MAXIMUM_PHYSICAL;
  // Where one begins as the other ends, nothing is left out.
  if (!isPaged || !isReal || firstEnd < first.end || firstEnd >= others[0]!.start) return undefined;
  const pieces: MapPiece[] = [{ start: first.start, end: firstEnd, offset: 0 }];
  for (const { start, end } of others) {
    pieces.push({ start, end, offset });
    offset += end - start;
  }
  return pieces;
}

const bytesOf = (ranges: readonly RamRange[]): number =>
  ranges.reduce((sum, { start, end }) => sum + end - start, 0);
