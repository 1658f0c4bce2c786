// Tables of a kernel's image of which pages may be missing: read as far as they go, so that a lost page costs what stood
// in it and no more.
import { EvidenceFault } from '../base/errors.ts';

const PAGE_BYTES = 4096;

/** Reads the kernel's image: `length` bytes at a virtual address. @throws EvidenceFault */
export type ImageReader = (address: bigint, length: number) => Uint8Array;

/** Bytes that are missing, as offsets in what was asked for: from `start` up to and without `end`. */
export interface Gap {
  readonly start: number;
  readonly end: number;
}

/** Bytes that were read, zeros where they are missing. */
export interface Piecewise {
  readonly bytes: Uint8Array;
  /** Ascending, and none touches the next. Empty where all is there. */
  readonly gaps: readonly Gap[];
}

/**
 * Reads `length` bytes at `address` in one piece, or where that cannot be done page by page. A page of zeros counts as
 * missing: no table has one, and who takes a snapshot may write zeros for what could not be read.
 */
export function readPiecewise(read: ImageReader, address: bigint, length: number): Piecewise {
  const whole = tryRead(read, address, length);
  if (whole !== undefined && !hasZeroPage(whole, Number(address & BigInt(PAGE_BYTES - 1))))
    return { bytes: whole, gaps: [] };
  const bytes = new Uint8Array(length);
  const gaps: { start: number; end: number }[] = [];
  for (let at = 0; at < length; ) {
    const within = Number((address + BigInt(at)) & BigInt(PAGE_BYTES - 1));
    const end = Math.min(length, at + PAGE_BYTES - within);
    const piece = tryRead(read, address + BigInt(at), end - at);
    const last = gaps.at(-1);
    const isThere = piece !== undefined && !(piece.length === PAGE_BYTES && isZero(piece));
    if (isThere) bytes.set(piece, at);
    else if (last?.end === at) last.end = end;
    else gaps.push({ start: at, end });
    at = end;
  }
  return { bytes, gaps };
}

/** Whether some of the bytes from `start` up to and without `end` are missing. */
export const isMissing = (gaps: readonly Gap[], start: number, end: number): boolean =>
  gaps.length > 0 && gaps.some((gap) => gap.start < end && gap.end > start);

/** How many bytes are missing. */
export const missingBytes = (gaps: readonly Gap[]): number =>
  gaps.reduce((sum, { start, end }) => sum + end - start, 0);

const ZEROS = Buffer.alloc(PAGE_BYTES);
const isZero = (page: Uint8Array): boolean => Buffer.compare(page, ZEROS) === 0;

/** Whether one of the whole pages in `bytes`, which begin so far into a page, is zeros. */
function hasZeroPage(bytes: Uint8Array, within: number): boolean {
  for (let at = (PAGE_BYTES - within) % PAGE_BYTES; at + PAGE_BYTES <= bytes.length; at += PAGE_BYTES)
    if (bytes[at] === 0 && isZero(bytes.subarray(at, at + PAGE_BYTES))) return true;
  return false;
}

function tryRead(read: ImageReader, address: bigint, length: number): Uint8Array | undefined {
  try {
    const bytes = read(address, length);
    return bytes.length === length ? bytes : undefined;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return undefined;
  }
}
