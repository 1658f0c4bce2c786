// Whether a file is one of several that are to be read as one. Names only say which to look at: rotated snapshots are called
// like pieces too (dump.1, dump.2), so what is in them decides.
import { basename } from 'node:path';
import { CutSnapshot, SnapshotError, UnsupportedSnapshot } from '../base/errors.ts';
import type { FilePiece } from '../memory/origin.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { isContainer, readContents } from './contents.ts';
import { SnapshotFile } from './file.ts';
import { firstBytes } from './first-bytes.ts';
import type { SnapshotContents } from './format.ts';
import { JoinedFile } from './joined-file.ts';
import { knownOther } from './known-others.ts';
import { seriesOf } from './series.ts';
import { sharesOf } from './split-dump.ts';

/** What a dumper may leave behind the last byte that its headers speak of. */
const SLACK_BYTES = 65_536;
const HEAD_BYTES = 4096;

/** Decisions about series that have not changed since: a command asks several times. */
const decided = new Map<string, readonly FilePiece[]>();

/** The pieces that are read as one where any of them is asked for, those that are missing too; none where a file is by itself. */
export const piecesOf = (path: string): readonly FilePiece[] => lookBeside(path).pieces;

/** What is beside a file. */
export interface Beside {
  /** The pieces that are read as one with it, those that are missing too; none where it is by itself. */
  readonly pieces: readonly FilePiece[];
  /** The files that were looked at for that, itself among them: for each the answer is the same. */
  readonly paths: readonly string[];
}

/** Looks for the pieces that a file is one of. */
export function lookBeside(path: string): Beside {
  const shares = sharesOf(path);
  if (shares.length > 0) return { pieces: shares, paths: pathsOf(shares) };
  const series = seriesOf(path);
  if (series?.pieces === undefined) return { pieces: [], paths: series?.paths ?? [path] };
  return { pieces: decidedOn(series.pieces), paths: series.paths };
}

function decidedOn(series: readonly FilePiece[]): readonly FilePiece[] {
  const states = series.map(({ path: file, state }) => `${file}\0${state}`).join('\0');
  const known = decided.get(states);
  if (known !== undefined) return known;
  const pieces = isOneFile(series) ? series : [];
  decided.clear();
  decided.set(states, pieces);
  return pieces;
}

/** Whether a file has headers, and is not memory from its first byte on; false where it cannot be read. */
export function isHeaded(path: string): boolean {
  try {
    return isContainer(firstBytes(path, HEAD_BYTES));
  } catch {
    return false;
  }
}

/** The files of the pieces that are there. */
export const pathsOf = (pieces: readonly FilePiece[]): string[] =>
  pieces.flatMap(({ path, state }) => (state === null ? [] : [path]));

/** Whether what is in the files is that of one file, as far as headers and samples tell. */
function isOneFile(series: readonly FilePiece[]): boolean {
  const [first, ...others] = series.filter(({ state }) => state !== null) as [FilePiece, ...FilePiece[]];
  try {
    const head = firstBytes(first.path, HEAD_BYTES);
    if (others.some(isSnapshot)) return false;
    return isContainer(head) ? isCutBefore(series) && fits(series) : isMemory(head, series, first, others);
  } catch (error) {
    if (error instanceof SnapshotError || (error as NodeJS.ErrnoException).code !== undefined) return false;
    throw error;
  }
}

/** Whether a file has headers of its own that make sense: then it is a snapshot, and no piece behind another. */
function isSnapshot({ path, sizeBytes }: FilePiece): boolean {
  const head = firstBytes(path, HEAD_BYTES);
  if (sizeBytes >= LEAST_MEMORY_BYTES && beginsLikePc(head)) return true;
  if (!isContainer(head)) return false;
  try {
    withFile(new SnapshotFile(path), (file) => readContents(file, {}));
    return true;
  } catch (error) {
    // Memory holds files, and a piece may begin with one: a program, the core dump of a process.
    if (error instanceof SnapshotError) return error instanceof CutSnapshot;
    throw error;
  }
}

/** Whether headers at the beginning promise more than there is without the last piece: else that is another file. */
function isCutBefore(series: readonly FilePiece[]): boolean {
  const before = trimmed(series.slice(0, -1));
  try {
    return withFile(
      new JoinedFile(before[0]!.path, before),
      (file) => readContents(file, {}).contents.cut !== null,
    );
  } catch (error) {
    return error instanceof CutSnapshot;
  }
}

/** Whether all pieces together are what the headers promise, or less. */
function fits(series: readonly FilePiece[]): boolean {
  try {
    return withFile(new JoinedFile(series[0]!.path, series), (file) => {
      const { cut, storedEnd } = readContents(file, {}).contents;
      return cut !== null || storedEnd === undefined || file.sizeBytes - storedEnd() <= SLACK_BYTES;
    });
  } catch (error) {
    // What the program does not read is to be refused for what it is, and not for being cut.
    return error instanceof CutSnapshot || error instanceof UnsupportedSnapshot;
  }
}

/** Whether the pieces can be memory from its first byte on: no known file, and none of them a machine's memory by itself. */
function isMemory(
  head: Buffer,
  series: readonly FilePiece[],
  first: FilePiece,
  others: readonly FilePiece[],
): boolean {
  const last = series.at(-1)!;
  if (knownOther(head, last.offset + last.sizeBytes) !== null) return false;
  return !others.slice(0, MOST_COMPARED).some((other) => isAlike(first, other));
}

/** Pieces that are compared with the first, and pages of each. */
const MOST_COMPARED = 16;
const COMPARED_PAGES = 64;
/** The same at the same place in both, so many that it is no chance: the kernel's code, what firmware left. */
const ALIKE_PAGES = 4;
/** A page of fewer different bytes is a pattern: freed, poisoned, a picture's margin. */
const LEAST_BYTES = 16;

/** Whether two files have the same pages at the same places: snapshots of one machine have, pieces of its memory have not. */
function isAlike(one: FilePiece, other: FilePiece): boolean {
  const pages = Math.floor(Math.min(one.sizeBytes, other.sizeBytes) / PAGE_BYTES);
  const step = Math.max(1, Math.floor(pages / COMPARED_PAGES));
  const read = (file: SnapshotFile, page: number): Buffer => {
    const bytes = Buffer.alloc(PAGE_BYTES);
    return bytes.subarray(0, file.read(page * PAGE_BYTES, bytes));
  };
  let told = 0;
  let alike = 0;
  withFile(new SnapshotFile(one.path), (a) =>
    withFile(new SnapshotFile(other.path), (b) => {
      for (let nth = 0; nth * step < pages; nth++) {
        // Not at equal distances: what repeats in memory may have the same.
        const page = nth * step + ((nth * 7) % step);
        if (page >= pages) break;
        const bytes = read(a, page);
        if (new Set(bytes).size < LEAST_BYTES) continue;
        told++;
        if (bytes.equals(read(b, page))) alike++;
      }
    }),
  );
  return alike >= ALIKE_PAGES && alike * 8 >= told;
}

/** No machine that Linux runs on has less memory. */
const LEAST_MEMORY_BYTES = 2 ** 20;
/** Vectors that point into the BIOS, of the 256 with which a PC's memory begins. */
const BIOS_VECTORS = 32;

/** Whether memory begins with the interrupt vectors of a PC's BIOS, most of which point into segment f000: nothing goes on like that. */
function beginsLikePc(head: Buffer): boolean {
  let vectors = 0;
  for (let at = 0; at + 4 <= Math.min(head.length, 1024); at += 4)
    if (head.readUInt16LE(at + 2) === 0xf000) vectors++;
  return vectors >= BIOS_VECTORS;
}

/** What to say of pieces that are missing, which is why the whole is cut; null where none is. */
function missingText(pieces: readonly FilePiece[]): string | null {
  const missing = pieces.filter(({ state }) => state === null);
  if (missing.length === 0) return null;
  const bytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const are = missing.length === 1 ? 'a piece of the file is' : `${missing.length} pieces of the file are`;
  return `${are} missing, ${bytes} bytes: ${namesText(missing)}`;
}

/** What to say of the pieces of a file that is cut though all between its first and last piece are there. */
const tailText = (pieces: readonly FilePiece[]): string =>
  `the last piece that is here is ${basename(pieces.at(-1)!.path)}: the file goes on behind it`;

/** Why pieces hold less than one file. */
export const lackText = (pieces: readonly FilePiece[]): string => missingText(pieces) ?? tailText(pieces);

/** What is said of a file in pieces, with what its contents say. */
export function withPieces(contents: SnapshotContents, pieces: readonly FilePiece[]): SnapshotContents {
  const missing = missingText(pieces);
  const goesOn = contents.cut !== null && contents.isShared !== true;
  const notes = missing !== null ? [missing] : goesOn ? [tailText(pieces)] : [];
  const here = pieces.filter(({ state }) => state !== null);
  return {
    ...contents,
    facts: { ...contents.facts, pieces: `${here.length} read as one (${namesText(here)})` },
    cut: contents.cut ?? missing,
    notes: [...notes, ...contents.notes],
  };
}

/** Pieces that the JSON document lists; more are only counted. */
const MOST_LISTED = 64;

/** The pieces as documents list them. */
export const listedPieces = (pieces: readonly FilePiece[]): { path: string; sizeBytes: number | null }[] =>
  pieces
    .slice(0, MOST_LISTED)
    .map(({ path, sizeBytes, state }) => ({ path, sizeBytes: state === null ? null : sizeBytes }));

const MOST_NAMED = 4;

function namesText(pieces: readonly FilePiece[]): string {
  const names = pieces.map(({ path }) => basename(path));
  if (names.length <= MOST_NAMED) return names.join(' ');
  return `${names.slice(0, MOST_NAMED - 1).join(' ')} … ${names.at(-1)}`;
}

/** Without those at the end that are missing. */
function trimmed(pieces: readonly FilePiece[]): readonly FilePiece[] {
  return pieces.slice(0, pieces.findLastIndex(({ state }) => state !== null) + 1);
}

function withFile<F extends { close(): void }, T>(file: F, use: (file: F) => T): T {
  try {
    return use(file);
  } finally {
    file.close();
  }
}
