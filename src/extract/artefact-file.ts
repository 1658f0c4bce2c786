// One artefact as a file: written as a whole or not at all, with holes, never over what is there. It is the owner's alone
// (0600): it is memory of somebody's machine.

import { WholeFile } from '../files/whole-file.ts';
import type { Artefact } from '../plugin/artefact.ts';
import { HolesDigest } from './holes-digest.ts';

/** What a file has of an artefact. Plain data. */
export interface SavedBytes {
  /** Bytes of the file. */
  readonly bytes: number;
  /** How many could not be read: they are zeros in the file, or segments of a core file that have no bytes. */
  readonly missingBytes: number;
  /** Why, and how many bytes for each reason. */
  readonly missing: Readonly<Record<string, number>>;
  /** What it lacks beside, as sentences; left out where there are none. */
  readonly remarks?: readonly string[];
  /** Of the file as it lies; null where it has more zeros than anybody reads. */
  readonly sha256: string | null;
}

const ZEROS = Buffer.alloc(1 << 20);

/**
 * Writes an artefact to a path that is free. @param spend is told how many bytes are written, and may throw to end it
 * @throws CannotSave, and then nothing of it is left; and what `spend` and the pieces throw, likewise
 */
export function saveArtefact(
  path: string,
  artefact: Artefact,
  spend: (bytes: number) => void = () => undefined,
): SavedBytes {
  const file = new WholeFile(path);
  try {
    // Before anything is read for it.
    file.resize(artefact.size);
    const content = write(file, artefact, spend);
    file.finish();
    return { bytes: artefact.size, ...content };
  } catch (error) {
    file.discard();
    throw error;
  }
}

function write(
  file: WholeFile,
  { size, pieces, absent = {}, remarks = [] }: Artefact,
  spend: (bytes: number) => void,
): Omit<SavedBytes, 'bytes'> {
  const missing: Record<string, number> = { ...absent };
  const digest = new HolesDigest();
  let missingBytes = Object.values(absent).reduce((sum, bytes) => sum + bytes, 0);
  let end = 0;
  for (const piece of pieces()) {
    if (piece.at !== end) throw new Error(`a piece at ${piece.at} follows one that ends at ${end}`);
    if ('bytes' in piece) {
      const { bytes } = piece;
      spend(bytes.length);
      if (!isZeros(bytes)) file.write(bytes, end);
      digest.update(bytes);
      end += bytes.length;
    } else if ('zeros' in piece) {
      digest.zeros(piece.zeros);
      end += piece.zeros;
    } else {
      missing[piece.why] = (missing[piece.why] ?? 0) + piece.missing;
      missingBytes += piece.missing;
      digest.zeros(piece.missing);
      end += piece.missing;
    }
  }
  if (end !== size) throw new Error(`an artefact of ${size} bytes has pieces of ${end}`);
  return { missingBytes, missing, ...(remarks.length > 0 ? { remarks } : {}), sha256: digest.hex() };
}

function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const piece = bytes.subarray(at, at + ZEROS.length);
    if (Buffer.compare(piece, ZEROS.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}
