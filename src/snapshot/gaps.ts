// What of a file is missing in its middle: the pieces of a split file that are not there.
// Reading in a gap is a missing page.
import type { FilePiece } from '../memory/origin.ts';
import type { SnapshotBytes } from './file.ts';

/** The parts of `length` bytes at `offset` that are in the file, in ascending order. */
export function partsHad(
  { pieces, sizeBytes }: Pick<SnapshotBytes, 'pieces' | 'sizeBytes'>,
  offset: number,
  length: number,
): readonly { readonly offset: number; readonly length: number }[] {
  const end = Math.min(offset + length, sizeBytes);
  if (end <= offset) return [];
  const parts: { offset: number; length: number }[] = [];
  let from = offset;
  for (let index = firstBehind(pieces, offset); index < pieces.length; index++) {
    const piece = pieces[index]!;
    if (piece.offset >= end) break;
    if (piece.state !== null) continue;
    if (piece.offset > from) parts.push({ offset: from, length: piece.offset - from });
    from = Math.max(from, piece.offset + piece.sizeBytes);
  }
  if (from < end) parts.push({ offset: from, length: end - from });
  return parts;
}

/** Whether all of `length` bytes at `offset` are in the file. */
export function isHad(file: Pick<SnapshotBytes, 'pieces' | 'sizeBytes'>, offset: number, length: number) {
  if (offset + length > file.sizeBytes) return false;
  if (file.pieces.length === 0) return true;
  const [part] = partsHad(file, offset, length);
  return part?.offset === offset && part.length === length;
}

/** The first piece that ends behind `offset`. */
function firstBehind(pieces: readonly FilePiece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pieces[middle]!.offset + pieces[middle]!.sizeBytes <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
