// Texts that the user names: read up to a size, refused where they are none. Pipes are read too, but where another file
// names them.
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { UnreadableFile } from '../base/errors.ts';

const PIECE_BYTES = 1 << 16;
const LARGEST_BASELINE = 1 << 26;

/** A text that the user named, a pipe too. @throws UnreadableFile where it is longer than `most` bytes, or no text */
export function textOf(path: string, most: number): string {
  const bytes = bytesOf(path, most);
  if (bytes.length > most) throw new UnreadableFile(`${path} is larger than ${most >> 20} MiB`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile(`${path} is no text in UTF-8`);
  }
}

/** The same of a file that another file names: no pipe, since nobody may be at its other end. @throws UnreadableFile */
export function fileTextOf(path: string, most: number): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false)
    throw new UnreadableFile(`cannot read ${path}: it is no regular file`);
  return textOf(path, most);
}

/** The text of a baseline. @throws UnreadableFile */
export const baselineText = (path: string): string => textOf(path, LARGEST_BASELINE);

/** All bytes of a file, or one more than `most` of them. */
function bytesOf(path: string, most: number): Uint8Array {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const pieces: Uint8Array[] = [];
      for (let size = 0; size <= most; ) {
        const piece = Buffer.alloc(Math.min(PIECE_BYTES, most + 1 - size));
        const length = readSync(descriptor, piece);
        if (length === 0) break;
        pieces.push(piece.subarray(0, length));
        size += length;
      }
      return Buffer.concat(pieces);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a folder' : (code ?? String(error));
    throw new UnreadableFile(`cannot read ${path}: ${reason}`);
  }
}
