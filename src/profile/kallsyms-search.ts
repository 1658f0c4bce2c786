// Finds kallsyms, the kernel's symbol table, by its structure in the image.
// Linux: scripts/kallsyms.c writes it.
import { isKernelAddress } from '../base/address.ts';
import { viewOf } from '../base/bytes.ts';
import { Effort } from '../base/effort.ts';
import { unlessFault } from '../base/unless-fault.ts';
import { type KallsymsPlaces, MAXIMUM_SYMBOLS } from './kallsyms.ts';
import { Markers } from './kallsyms-markers.ts';
import type { ImageReader } from './piecewise.ts';
import { type Gap, type Piecewise, readPiecewise } from './piecewise.ts';

/** What cannot be read holds nothing: the search goes on elsewhere. */
const NOTHING = new Uint8Array();

/**
 * The tokens for the ten digits. They are always spelled by themselves (scripts/kallsyms.c keeps every character
 * that occurs in a name, and some name has each digit), so these bytes mark every token table.
 */
export const KALLSYMS_DIGITS = Buffer.from(
  '0\u00001\u00002\u00003\u00004\u00005\u00006\u00007\u00008\u00009\u0000',
  'latin1',
);
const FIRST_DIGIT = 0x30;
/** A token is made of tokens made of tokens: in real tables none is half as long. */
const MAXIMUM_TOKEN_BYTES = 128n;
/** Names take below 4 MiB and offsets below 1 MiB in the largest kernels known. */
const WINDOW_BYTES = 8 << 20;
const BLOCK_BYTES = 1 << 20;
/** Markers that must agree with the names before a gap, and those that there must be: fewer agree with anything. */
const LEAST_AGREEING = 2;
const LEAST_MARKERS = 8;
/**
 * What a search may take where nobody says: looking for the names of a table, or reading them, takes some million steps.
 * An image has one table; memory that was drawn for it has any number, with long runs of names in front of each.
 */
const MOST_STEPS = 256_000_000;
/** Ways in which the offsets of a table may lie and be meant: each is tried by reading its names. */
const READINGS = 5;

/** Every place in `bytes` where a token table's digits stand. */
function digitsIn(bytes: Uint8Array): number[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: number[] = [];
  for (let at = buffer.indexOf(KALLSYMS_DIGITS); at >= 0; at = buffer.indexOf(KALLSYMS_DIGITS, at + 1))
    found.push(at);
  return found;
}

/** Looks for token tables from `from` up to `to` in the kernel's image and yields the tables around each, as long as `effort` lasts. */
export function* searchKallsyms(
  read: ImageReader,
  from: bigint,
  to: bigint,
  pointerBytes: 4 | 8,
  effort = new Effort(MOST_STEPS),
): Generator<KallsymsPlaces> {
  for (let block = from; block < to && !effort.isSpent; block += BigInt(BLOCK_BYTES)) {
    const length =
      Number(to - block) < BLOCK_BYTES ? Number(to - block) : BLOCK_BYTES + KALLSYMS_DIGITS.length;
    const { bytes } = readPiecewise(read, block, length);
    for (const at of digitsIn(bytes)) yield* placesAround(read, block + BigInt(at), pointerBytes, effort);
  }
}

/**
 * The tables around the digits at `digits`: every reading of them that is consistent in itself. Which one is
 * right shows when known symbols are looked up. Nothing once `effort` is spent.
 */
export function* placesAround(
  read: ImageReader,
  digits: bigint,
  pointerBytes: 4 | 8,
  effort: Effort,
): Generator<KallsymsPlaces> {
  if (effort.isSpent) return;
  const tokens = tokensAround(read, digits);
  if (tokens === undefined) return;
  const { tokenTable, tokenIndex } = tokens;
  const window = windowBefore(read, tokenTable);
  const counted = namesIn(window, effort);
  if (counted === undefined) return;
  const countAt = tokenTable - BigInt(window.bytes.length - counted.at);
  const names = countAt + BigInt(counted.namesAt - counted.at);
  const base = { names, symbolCount: counted.symbolCount, tokenTable, tokenIndex };
  const offsetBytes = BigInt(4 * counted.symbolCount);
  // Since Linux kernel commit 404bad70fcf7 ("scripts/kallsyms: change the output order") (in v6.4), the offsets
  // follow the tokens; before, they stand before the count.
  const width = BigInt(pointerBytes);
  for (const alignment of [8n, 4n]) {
    const after = alignUp(tokenIndex + 512n, alignment);
    const relativeAfter = pointerAt(read, alignUp(after + offsetBytes, width), pointerBytes);
    if (relativeAfter !== undefined) yield { ...base, offsets: after, relativeBase: relativeAfter };
    yield { ...base, offsets: after, relativeBase: null };
  }
  const relativeBefore = pointerAt(read, countAt - width, pointerBytes);
  if (relativeBefore !== undefined) {
    yield { ...base, offsets: countAt - width - alignUp(offsetBytes, width), relativeBase: relativeBefore };
  }
}

/**
 * The table and its index: the start that the index agrees with. Going back over the 48 tokens before that of the digit
 * 0 leads to the start, or past it: what lies before the table (since Linux kernel commit 60443c88f3a8 ("kallsyms:
 * Improve the performance of kallsyms_lookup_name()") (in v6.2), and before the order changed in v6.4, the sequence of
 * names) need not end in a NUL.
 */
function tokensAround(
  read: ImageReader,
  digits: bigint,
): { readonly tokenTable: bigint; readonly tokenIndex: bigint } | undefined {
  const before = unlessFault(() => read(digits - 2048n, 2048), NOTHING);
  let at = before.length;
  let latest = before.length;
  for (let token = 0; token < FIRST_DIGIT; token++) {
    if (before[at - 1] !== 0) return undefined;
    const end = before.lastIndexOf(0, at - 2);
    if (end < 0 && token < FIRST_DIGIT - 1) return undefined;
    latest = at - 1; // the first token of the table may be cut anywhere
    at = end + 1;
  }
  const first = digits - BigInt(before.length - at);
  const last = digits - BigInt(before.length - latest);
  const lowest = last - MAXIMUM_TOKEN_BYTES > first ? last - MAXIMUM_TOKEN_BYTES : first;
  for (let start = last - (last % 4n); start >= lowest; start -= 4n) {
    const tokenIndex = tokenIndexAfter(read, start);
    if (tokenIndex !== undefined) return { tokenTable: start, tokenIndex };
  }
  return undefined;
}

/** The index follows its table, aligned, and says where each token begins: so it can be recognised for certain. */
function tokenIndexAfter(read: ImageReader, tokenTable: bigint): bigint | undefined {
  const bytes = unlessFault(() => read(tokenTable, 16384), NOTHING);
  const starts: number[] = [];
  let at = 0;
  while (starts.length < 256 && at < bytes.length) {
    starts.push(at);
    at = bytes.indexOf(0, at) + 1;
    if (at === 0) return undefined;
  }
  const view = viewOf(bytes);
  for (const index of new Set([Math.ceil(at / 8) * 8, Math.ceil(at / 4) * 4])) {
    if (index + 512 > bytes.length) continue;
    if (starts.every((start, token) => view.getUint16(index + 2 * token, true) === start))
      return tokenTable + BigInt(index);
  }
  return undefined;
}

const windowBefore = (read: ImageReader, tokenTable: bigint): Piecewise =>
  readPiecewise(read, tokenTable - BigInt(WINDOW_BYTES), WINDOW_BYTES);

/**
 * Finds the symbol count and the names that follow it in the bytes before the token table. The names are one
 * length-prefixed record after another, and the markers behind them say where each 256th begins.
 */
function namesIn(
  { bytes: window, gaps }: Piecewise,
  effort: Effort,
): { at: number; namesAt: number; symbolCount: number } | undefined {
  const view = viewOf(window);
  effort.spend(window.length / 4);
  for (let at = window.length - (window.length % 4) - 16; at >= 0; at -= 4) {
    const symbolCount = view.getUint32(at, true);
    if (symbolCount < 1000 || symbolCount > MAXIMUM_SYMBOLS) continue;
    for (const namesAt of [at + 8, at + 4]) {
      if (namesAt === at + 8 && view.getUint32(at + 4, true) !== 0) continue;
      if (effort.isSpent) return undefined;
      if (areNames({ bytes: window, gaps }, view, namesAt, symbolCount, effort)) {
        effort.spend(READINGS * symbolCount);
        return { at, namesAt, symbolCount };
      }
    }
  }
  return undefined;
}

function areNames(
  { bytes: window, gaps }: Piecewise,
  view: DataView,
  namesAt: number,
  symbolCount: number,
  effort: Effort,
): boolean {
  const markers: number[] = [];
  const gapAt = gaps.find(({ end }) => end > namesAt)?.start ?? Number.POSITIVE_INFINITY;
  let at = namesAt;
  for (let index = 0; index < symbolCount; index++) {
    if (index % 256 === 0) {
      if (effort.isSpent) return false;
      effort.spend(index === 0 ? 1 : 256);
      markers.push(at - namesAt);
    }
    let length = window[at++];
    if (length === undefined) return false;
    if (length >= 0x80) length = (length & 0x7f) | (window[at++]! << 7);
    if (at + length > gapAt) {
      effort.spend(window.length / 4);
      return areMarked(window.subarray(namesAt), gaps, namesAt, symbolCount, markers);
    }
    if (length === 0) return false;
    at += length;
    if (at > window.length) return false;
  }
  // Markers are u32 since Linux kernel commit 80ffbaa5b1bd ("kallsyms: reduce size a little on 64-bit") (in v4.20).
  return [4, 8].some((width) =>
    [8, 4].some((alignment) => {
      const start = Math.ceil(at / alignment) * alignment;
      return (
        start + markers.length * width <= window.length &&
        markers.every((marker, index) => view.getUint32(start + index * width, true) === marker)
      );
    }),
  );
}

/** Whether names that end in a gap are followed by markers that agree with those before it. */
function areMarked(
  names: Uint8Array,
  gaps: readonly Gap[],
  namesAt: number,
  symbolCount: number,
  markers: readonly number[],
): boolean {
  if (markers.length < LEAST_AGREEING) return false;
  const own = gaps
    .map(({ start, end }) => ({ start: Math.max(0, start - namesAt), end: end - namesAt }))
    .filter(({ end }) => end > 0);
  const found = new Markers(names, own, symbolCount);
  return (
    found.starts.length >= LEAST_MARKERS && markers.every((marker, index) => found.starts[index] === marker)
  );
}

/** The kernel pointer at `at`, or undefined where there is none. */
function pointerAt(read: ImageReader, at: bigint, pointerBytes: 4 | 8): bigint | undefined {
  const bytes = unlessFault(() => read(at, pointerBytes), NOTHING);
  if (bytes.length < pointerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, pointerBytes);
  if (pointerBytes === 4) return [BigInt(view.getUint32(0, true))].find((value) => isKernelAddress(value, 4));
  const value = view.getBigUint64(0, true);
  return value >= 0xffff_0000_0000_0000n && value < 0xffff_ffff_ffff_f000n ? value : undefined;
}

const alignUp = (address: bigint, alignment: bigint): bigint =>
  ((address + alignment - 1n) / alignment) * alignment;
