// Expands zstd files with the package fzstd.
// Frame headers are read first, so that nothing is allocated that they lie about.
import { Decompress, decompress } from 'fzstd';
import { viewOf } from '../base/bytes.ts';
import { BadProfile } from '../base/errors.ts';
import { tooLarge } from './too-large.ts';

// Zstandard frames: RFC 8878, 3.1.
const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const BLOCK = { raw: 0, rle: 1, compressed: 2 } as const;
/** What zstd itself reads without being asked for more (`--long=27`): a window is allocated before a byte is known to be good. */
const MAXIMUM_WINDOW_BYTES = 128 << 20;

interface Frame {
  readonly start: number;
  readonly end: number;
  /** Bytes that the frame says it expands to, or undefined where it does not say. */
  readonly contentBytes: number | undefined;
}

/** Expands zstd. Frames are found first, by their headers, so that nothing is allocated that they lie about. @throws BadProfile */
export function unZstd(bytes: Uint8Array, limit: number, name: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = limit;
  for (const { start, end, contentBytes } of framesOf(bytes, name)) {
    if ((contentBytes ?? 0) > left) throw tooLarge(name, limit);
    const frame = bytes.subarray(start, end);
    const take = (part: Uint8Array): void => {
      left -= part.length;
      if (left < 0) throw tooLarge(name, limit);
      parts.push(part);
    };
    try {
      if (contentBytes === undefined) new Decompress(take).push(frame, true);
      else take(decompress(frame));
    } catch (error) {
      if (error instanceof BadProfile) throw error;
      throw new BadProfile(`${name}: bad zstd stream: ${(error as Error).message}`);
    }
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Walks frame and block headers; skippable frames are left out. */
function* framesOf(bytes: Uint8Array, name: string): Generator<Frame> {
  const view = viewOf(bytes);
  const cut = new BadProfile(`${name}: the zstd stream ends early`);
  for (let at = 0; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw cut;
    const magic = view.getUint32(at, true);
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      at += 8 + view.getUint32(at + 4, true);
      if (at > bytes.length) throw cut;
      continue;
    }
    if (magic !== FRAME_MAGIC) throw new BadProfile(`${name}: bytes after the zstd stream are no frame`);
    const { headerBytes, contentBytes, checksumBytes } = headerAt(bytes, view, at, name, cut);
    const start = at;
    at = blocksEnd(bytes, at + headerBytes, name, cut) + checksumBytes;
    if (at > bytes.length) throw cut;
    yield { start, end: at, contentBytes };
  }
}

function headerAt(bytes: Uint8Array, view: DataView, at: number, name: string, cut: BadProfile) {
  const descriptor = bytes[at + 4]!;
  const single = (descriptor & 0x20) !== 0;
  if ((descriptor & 3) !== 0) throw new BadProfile(`${name}: the zstd stream wants a dictionary`);
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const sizeAt = at + 5 + (single ? 0 : 1);
  const headerBytes = sizeAt + sizeBytes - at;
  if (at + headerBytes > bytes.length) throw cut;
  const contentBytes = sizeIn(view, sizeAt, sizeBytes);
  const exponent = bytes[at + 5]! >> 3;
  const window = single ? contentBytes! : 2 ** (10 + exponent) * (1 + (bytes[at + 5]! & 7) / 8);
  // A single segment is its own window and is held once, as the result.
  if (!single && window > MAXIMUM_WINDOW_BYTES)
    throw new BadProfile(`${name}: the zstd stream wants a window of ${window / 1048576} MiB`);
  return { headerBytes, contentBytes, checksumBytes: (descriptor & 4) === 0 ? 0 : 4 };
}

function sizeIn(view: DataView, at: number, length: number): number | undefined {
  switch (length) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return undefined;
  }
}

function blocksEnd(bytes: Uint8Array, first: number, name: string, cut: BadProfile): number {
  for (let at = first; ; ) {
    if (at + 3 > bytes.length) throw cut;
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const type = (header >> 1) & 3;
    if (type > BLOCK.compressed) throw new BadProfile(`${name}: bad zstd stream: block of type ${type}`);
    at += 3 + (type === BLOCK.rle ? 1 : header >> 3);
    if (at > bytes.length) throw cut;
    if ((header & 1) !== 0) return at;
  }
}
