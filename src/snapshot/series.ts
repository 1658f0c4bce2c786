// The files beside one that are called like pieces of the same file, whatever is in them.
// `pieces.ts` decides whether they are pieces.
import { type BigIntStats, lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FilePiece } from '../memory/origin.ts';
import { stateText } from './joined-file.ts';
import { type Counting, countingsOf } from './piece-names.ts';

/** Pieces of one file that are looked for; a file in more is not put together. */
const MOST_PIECES = 2 ** 16;

/** Files that are called like pieces of one. */
export interface Series {
  /** All of them that are there. */
  readonly paths: readonly string[];
  /** In order and with those between them that are missing, one behind the other; undefined where their sizes are not those of pieces. */
  readonly pieces: readonly FilePiece[] | undefined;
}

/**
 * The files that `path` may be one of; undefined where it is by itself, or the first piece is missing. Pieces are files of
 * their own: links count only where `path` is one.
 */
export function seriesOf(path: string): Series | undefined {
  const name = basename(path);
  const countings = countingsOf(name);
  if (countings.length === 0) return undefined;
  const own = statOf(path, lstatSync);
  const look = own?.isSymbolicLink() === true ? statSync : lstatSync;
  if (own === undefined || statOf(path, statSync)?.isFile() !== true) return undefined;
  const folder = dirname(path);
  const fileOf = (other: string): BigIntStats | undefined => {
    const stat = statOf(join(folder, other), look);
    return stat?.isFile() === true ? stat : undefined;
  };
  for (const counting of countings) {
    if (counting.indexOf(name) === undefined || fileOf(counting.nameOf(0)) === undefined) continue;
    const found = members(folder, counting, fileOf);
    if (found.length > 1 && found.some((member) => member.name === name))
      return {
        paths: found.map((member) => join(folder, member.name)),
        pieces: laidOut(folder, counting, found),
      };
  }
  return undefined;
}

/** A file of the series that is there. */
interface Member {
  readonly index: number;
  readonly name: string;
  readonly stat: BigIntStats;
}

/** The files of a series up to a gap that is wider than what is in front of it, by their index; none where they are too many. */
function members(
  folder: string,
  counting: Counting,
  fileOf: (name: string) => BigIntStats | undefined,
): readonly Member[] {
  const names = namesIn(folder)
    .flatMap((name) => {
      const index = counting.indexOf(name);
      return index === undefined ? [] : [{ index, name }];
    })
    .sort((a, b) => a.index - b.index);
  const found: Member[] = [];
  for (const { index, name } of names) {
    if (index >= MOST_PIECES) return [];
    if (index - found.length > found.length) break;
    const stat = fileOf(name);
    if (stat !== undefined && found.at(-1)?.index !== index) found.push({ index, name, stat });
  }
  return found;
}

/**
 * The pieces one behind the other. All are as long as the first but the last, which has the rest: less, or where a file
 * was split into so many equal parts (`split -n`), some bytes more. Undefined where their sizes are otherwise.
 */
function laidOut(folder: string, counting: Counting, found: readonly Member[]): FilePiece[] | undefined {
  const usual = Number(found[0]!.stat.size);
  const last = found.at(-1)!;
  const isSized = found.every((member) => {
    const over = Number(member.stat.size) - usual;
    return member === last ? over < last.index + 1 : Math.abs(over) <= 1;
  });
  if (found[0]!.index !== 0 || usual === 0 || !isSized) return undefined;
  const here = new Map(found.map((member) => [member.index, member]));
  const pieces: FilePiece[] = [];
  let offset = 0;
  for (let index = 0; index <= last.index; index++) {
    const member = here.get(index);
    const sizeBytes = member === undefined ? usual : Number(member.stat.size);
    const path = join(folder, member?.name ?? counting.nameOf(index));
    pieces.push(
      member === undefined
        ? { path, offset, sizeBytes, storedBytes: 0, state: null }
        : pieceOf(path, offset, member.stat),
    );
    offset += sizeBytes;
  }
  return pieces;
}

/** A file as a piece that begins at `offset` of the whole. */
export const pieceOf = (path: string, offset: number, stat: BigIntStats): FilePiece => ({
  ...{ path, offset, sizeBytes: Number(stat.size), storedBytes: Number(stat.blocks) * 512 },
  state: stateText({
    ...{ device: stat.dev, inode: stat.ino, sizeBytes: Number(stat.size) },
    ...{ modified: stat.mtimeNs, changed: stat.ctimeNs },
  }),
});

/** What the system says of a file; undefined where it says nothing. */
export function statOf(path: string, look: typeof statSync): BigIntStats | undefined {
  try {
    return look(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where it may not be read: who may read a file need not be let into its folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
