// The flag `--map`: where each piece of a raw file belongs in memory, said by hand.
// It is refused together with `--base`.
import { UsageError } from '../../base/errors.ts';
import type { MapPiece } from '../../memory/origin.ts';

export const MAP_HELP =
  'where pieces of a raw snapshot belong, START-END@OFFSET,…: addresses in memory, and the offset in the file';

/** Physical addresses have at most 52 bits. */
const MOST = 2 ** 52;
const PIECE = /^(0x[0-9a-f]+|\d+)-(0x[0-9a-f]+|\d+)@(0x[0-9a-f]+|\d+)$/i;

/**
 * Reads `START-END@OFFSET,…`. END is the first address behind the piece, or the last in it where it is odd, as /proc/iomem
 * has it. @throws UsageError
 */
export function mapFrom(word: string, base: string | undefined): MapPiece[] {
  if (base !== undefined) throw new UsageError('--map contradicts --base');
  const pieces = word.split(',').map((piece): MapPiece => {
    const [, start, end, offset] = (PIECE.exec(piece.trim()) ?? []).map(Number);
    if (start === undefined || end === undefined || offset === undefined)
      throw new UsageError(`--map wants START-END@OFFSET,…, not ${piece}`);
    const behind = end % 2 === 1 ? end + 1 : end;
    if (behind <= start || behind > MOST || !Number.isSafeInteger(offset))
      throw new UsageError(`--map: ${piece} is no piece of memory`);
    return { start, end: behind, offset };
  });
  const ascending = pieces.toSorted((a, b) => a.start - b.start);
  const overlapping = ascending.find(({ start }, nth) => nth > 0 && start < ascending[nth - 1]!.end);
  if (overlapping !== undefined)
    throw new UsageError(`--map: two pieces have the address 0x${overlapping.start.toString(16)}`);
  return ascending;
}
