// The files that makedumpfile wrote a dump into at once (--split): called in any way, told by their headers, which are the same
// in all (makedumpfile, store_splitting_info compares them so before it puts the files together).
import { type BigIntStats, lstatSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SnapshotError } from '../base/errors.ts';
import type { FilePiece } from '../memory/origin.ts';
import { SnapshotFile } from './file.ts';
import { KDUMP_MAGIC, readKdumpHeader, type Share } from './kdump-header.ts';
import { namesIn, pieceOf, statOf } from './series.ts';

/** Bytes of the main header, which holds the machine's names, the time and all sizes. */
const HEADER_BYTES = 464;
/** Of the bitmap of stored pages, as many are compared: those of 32 GiB. */
const COMPARED_BYTES = 2 ** 20;
/** Files that are read as one: each costs some 100 KB while the dump is open. What others have is said to be missing. */
const MOST_SHARES = 256;
/** Files of a folder that are looked into. */
const MOST_LOOKED = 2 ** 16;

/** What tells the files of one dump, and which frames one of them has. */
interface Headed {
  readonly path: string;
  readonly stat: BigIntStats;
  readonly head: Buffer;
  readonly bitmap: Buffer;
  readonly share: Share;
}

/**
 * The files in the folder that hold the other frames of the dump of which `path` holds some, and itself, in the order of the
 * frames; none where it is no such file, or by itself.
 */
export function sharesOf(path: string): FilePiece[] {
  const stat = statOf(path, statSync);
  const own = stat?.isFile() === true ? headOf(path, stat) : undefined;
  if (own === undefined) return [];
  const look = statOf(path, lstatSync)?.isSymbolicLink() === true ? statSync : lstatSync;
  const parts: Headed[] = [own];
  const folder = dirname(path);
  for (const name of namesIn(folder).sort().slice(0, MOST_LOOKED)) {
    const beside = join(folder, name);
    if (resolve(beside) === resolve(path)) continue;
    if (parts.length === MOST_SHARES) break;
    const there = statOf(beside, look);
    const other = there?.isFile() === true ? headOf(beside, there, own.head) : undefined;
    // What holds the same frames once more is a copy.
    if (
      other !== undefined &&
      isOneDump(own, other) &&
      !parts.some(({ share }) => overlap(share, other.share))
    )
      parts.push(other);
  }
  if (parts.length === 1) return [];
  let offset = 0;
  return parts
    .sort((a, b) => a.share.start - b.share.start)
    .map((part) => {
      const piece = pieceOf(part.path, offset, part.stat);
      offset += piece.sizeBytes;
      return piece;
    });
}

/** The headers of a file that holds some frames of a dump; undefined where it is none, or not one with the main header `like`. */
function headOf(path: string, stat: BigIntStats, like?: Buffer): Headed | undefined {
  if (stat.size < HEADER_BYTES) return undefined;
  let file: SnapshotFile | undefined;
  try {
    file = new SnapshotFile(path);
    const head = file.bytes(0, HEADER_BYTES, 'header');
    if (!head.subarray(0, KDUMP_MAGIC.length).equals(KDUMP_MAGIC) || like?.equals(head) === false)
      return undefined;
    const { share, storedBitmap, frames } = readKdumpHeader(file);
    if (share === null) return undefined;
    const bitmap = Buffer.alloc(Math.min(COMPARED_BYTES, Math.ceil(frames / 8)));
    const had = storedBitmap < file.sizeBytes ? file.read(storedBitmap, bitmap) : 0;
    return { path, stat, head, bitmap: bitmap.subarray(0, had), share };
  } catch (error) {
    if (error instanceof SnapshotError) return undefined; // whoever asks for it is told why
    throw error;
  } finally {
    file?.close();
  }
}

/** Of a file that was cut in its bitmap, what is there is compared. */
function isOneDump(one: Headed, other: Headed): boolean {
  const length = Math.min(one.bitmap.length, other.bitmap.length);
  return one.bitmap.subarray(0, length).equals(other.bitmap.subarray(0, length));
}

const overlap = (one: Share, other: Share): boolean => one.start < other.end && other.start < one.end;
