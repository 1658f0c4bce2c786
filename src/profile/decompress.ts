// Expands a file that may be compressed with gzip, xz or zstd, as its first bytes tell; bzip2 is refused.
// The result is bounded.
import { gunzipSync } from 'node:zlib';
import { BadProfile } from '../base/errors.ts';
import { unXz } from './decompress-xz.ts';
import { unZstd } from './decompress-zstd.ts';
import { tooLarge } from './too-large.ts';

/** Most that a file may expand to: symbol tables of whole kernels are 30 to 60 MB. */
const MAXIMUM_EXPANDED_BYTES = 512 << 20;
/** Most that a compressed file may hold: tables of whole kernels are 1 to 10 MB, and time grows with the input too. */
const MAXIMUM_COMPRESSED_BYTES = 128 << 20;

type Expand = (bytes: Uint8Array, limit: number, name: string) => Uint8Array;

interface Compression {
  readonly word: string;
  readonly magic: readonly number[];
  readonly expand: Expand;
}

/** Refuses a compression that is known by its magic only. */
const unread: Expand = (_bytes, _limit, name) => {
  throw new BadProfile(`${name} is compressed with bzip2, which is not read: xz, gzip and zstd are`);
};

const COMPRESSIONS: readonly Compression[] = [
  { word: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], expand: unXz },
  { word: 'gzip', magic: [0x1f, 0x8b], expand: unGzip },
  { word: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], expand: unZstd },
  { word: 'bzip2', magic: [0x42, 0x5a, 0x68], expand: unread },
];

/** How a file that begins with these bytes is compressed, told by magic and never by name; undefined where it is not. */
export const compressionOf = (first: Uint8Array): string | undefined => find(first)?.word;

/**
 * The bytes of a file that may be compressed. Plain ones are given back as they are. Synchronous, as all reading
 * is, and bounded: what would expand past `limit` is given up at the limit, not after it. @throws BadProfile
 */
export function decompress(bytes: Uint8Array, name: string, limit = MAXIMUM_EXPANDED_BYTES): Uint8Array {
  const compression = find(bytes);
  if (compression !== undefined && bytes.length > MAXIMUM_COMPRESSED_BYTES)
    throw tooLarge(name, MAXIMUM_COMPRESSED_BYTES);
  const expanded = compression?.expand(bytes, limit, name) ?? bytes;
  if (expanded.length > limit) throw tooLarge(name, limit);
  return expanded;
}

const find = (first: Uint8Array): Compression | undefined =>
  COMPRESSIONS.find(({ magic }) => magic.every((byte, index) => first[index] === byte));

function unGzip(bytes: Uint8Array, limit: number, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name, limit);
    const reason = code === 'Z_BUF_ERROR' ? 'the gzip stream ends early' : `bad gzip stream: ${message}`;
    throw new BadProfile(`${name}: ${reason}`);
  }
}
