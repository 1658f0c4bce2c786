// Where in memory anything may be found at all. Most of a fresh guest's memory is zero, and `memcmp` walks zeros faster
// than most scanners.
import { PAGE_BYTES } from '../memory/source.ts';

const zeroPage = Buffer.alloc(PAGE_BYTES);

/** Marks the pages of `bytes` that are zero throughout. @returns the marks, one for each page */
export function markZeros(bytes: Uint8Array, into: Uint8Array): Uint8Array {
  const pages = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = bytes.length / PAGE_BYTES;
  for (let page = 0; page < count; page++) {
    const at = page * PAGE_BYTES;
    into[page] = pages.compare(zeroPage, 0, PAGE_BYTES, at, at + PAGE_BYTES) === 0 ? 1 : 0;
  }
  return into.subarray(0, count);
}

/** A stretch of bytes. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The parts of [`first`, `limit`) where a find may start, given that none is zero throughout: the pages with something in
 * them, and as much before each as a find may reach over.
 *
 * @param zeros a one for each page of zeros
 */
export function* inhabited(
  zeros: Uint8Array,
  length: number,
  { first, limit }: { readonly first: number; readonly limit: number },
  overlapBytes: number,
): Generator<Span> {
  const end = Math.min(limit, length);
  let given = Math.max(0, first);
  let from = -1;
  for (let index = 0; index < zeros.length; index++) {
    const page = index * PAGE_BYTES;
    const zero = zeros[index]!;
    if (zero === 0 && from < 0) from = Math.max(given, page - overlapBytes);
    if (zero === 0 || from < 0) continue;
    const to = Math.min(page, end);
    if (from < to) yield { from, to };
    given = Math.max(given, page);
    from = -1;
  }
  if (from >= 0 && from < end) yield { from, to: end };
}
