// Where the bytes of something are that has holes: stretches between zeros, and what is missing with its reason.
// An archive is told that before the first byte.
import type { Artefact } from '../plugin/artefact.ts';
import { HolesDigest } from './holes-digest.ts';

/** Bytes that are stored: not missing, and not a page of zeros. */
export interface Stretch {
  readonly at: number;
  readonly length: number;
}

/** What is told of a file before it is written. */
interface Measured {
  readonly stretches: readonly Stretch[];
  readonly missingBytes: number;
  readonly missing: Readonly<Record<string, number>>;
  readonly sha256: string | null;
}

/** What of a file is stored, and the digest of it with zeros for the rest. @param spend is told how many bytes are stored, and may throw */
export function measured(
  { size, pieces }: Pick<Artefact, 'size' | 'pieces'>,
  spend: (bytes: number) => void,
): Measured {
  const stretches: { at: number; length: number }[] = [];
  const missing: Record<string, number> = {};
  const digest = new HolesDigest();
  let missingBytes = 0;
  let end = 0;
  for (const piece of pieces()) {
    if (piece.at !== end) throw new Error(`a piece at ${piece.at} follows one that ends at ${end}`);
    if ('bytes' in piece) {
      const { bytes } = piece;
      digest.update(bytes);
      end += bytes.length;
      if (isZeros(bytes)) continue;
      spend(bytes.length);
      const last = stretches.at(-1);
      if (last !== undefined && last.at + last.length === piece.at) last.length += bytes.length;
      else stretches.push({ at: piece.at, length: bytes.length });
      continue;
    }
    const length = 'zeros' in piece ? piece.zeros : piece.missing;
    if (!('zeros' in piece)) {
      missing[piece.why] = (missing[piece.why] ?? 0) + length;
      missingBytes += length;
    }
    digest.zeros(length);
    end += length;
  }
  if (end !== size) throw new Error(`a file of ${size} bytes has pieces of ${end}`);
  return { stretches, missing, missingBytes, sha256: digest.hex() };
}

const isZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
