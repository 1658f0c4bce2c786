// The pieces of one snapshot among the files that a scan found: they are read, recorded, counted and deleted as one file.
// `src/snapshot/pieces.ts` knows which files belong together.
import { statSync } from 'node:fs';
import { mayBePiece } from '../snapshot/may-be-piece.ts';
import { lookBeside, pathsOf, piecesOf } from '../snapshot/pieces.ts';
import { joinedState } from '../store/key.ts';
import { type FileState, type Listed, stateOf } from './listing.ts';

/** Names that are looked at to find pieces, in all: where there are more, some files are read by themselves. */
const MOST_LOOKED = 4_000_000;

/** The files with those that are read as one in one, in the place of its first. */
export function joinPieces(files: readonly Listed[], look = lookBeside): Listed[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const taken = new Set<string>();
  /** Files that are known to be by themselves: of ten thousand rotated ones each would look at all others. */
  const alone = new Set<string>();
  let looks = Math.ceil(MOST_LOOKED / Math.max(1, files.length));
  return files.flatMap((file) => {
    if (taken.has(file.path)) return [];
    if (alone.has(file.path) || !mayBePiece(file.path) || looks-- <= 0) return [file];
    const beside = look(file.path);
    const pieces = listedPieces(pathsOf(beside.pieces), byPath);
    if (pieces === undefined) {
      for (const path of beside.paths) alone.add(path);
      return [file];
    }
    for (const { path } of pieces) taken.add(path);
    const listed = pieces.filter(({ path }) => byPath.has(path));
    const first = listed[0] ?? file;
    return [
      {
        path: first.path,
        state: joinedState(
          first.state,
          pieces.map(({ state }) => state),
        ),
        isNamed: listed.some(({ isNamed }) => isNamed),
        pieces,
      },
    ];
  });
}

/** The files that are read as one, those too that are not listed; undefined where there are none. */
function listedPieces(paths: readonly string[], byPath: ReadonlyMap<string, Listed>): Listed[] | undefined {
  if (paths.length < 2) return undefined;
  const pieces = paths.flatMap((piece) => {
    const state = byPath.get(piece)?.state ?? stateOf(piece);
    return state === undefined ? [] : [byPath.get(piece) ?? { path: piece, state, isNamed: false }];
  });
  return pieces.length === paths.length ? pieces : undefined; // one has vanished meanwhile
}

/**
 * The state that a file is in now, or the pieces of one; undefined where there is none of this name any more, or its pieces are
 * others: one that has come since was still to be written.
 */
export function stateNow(
  { path, pieces }: Pick<Listed, 'path' | 'pieces'>,
  look: (path: string) => FileState | undefined = stateOf,
): FileState | undefined {
  if (pieces === undefined) return look(path);
  const paths = pathsOf(piecesOf(path));
  const states = pieces.flatMap((piece) => look(piece.path) ?? []);
  const own = states[pieces.findIndex((piece) => piece.path === path)];
  const isSame = paths.length === pieces.length && paths.every((piece, nth) => piece === pieces[nth]!.path);
  return isSame && states.length === pieces.length && own !== undefined
    ? joinedState(own, states)
    : undefined;
}

/** The bytes of a file and of those that are read as one with it, as the system tells them. */
export function bytesOf(path: string): number {
  const pieces = mayBePiece(path) ? pathsOf(piecesOf(path)) : [];
  return (pieces.length === 0 ? [path] : pieces).reduce(
    (sum, piece) => sum + (statSync(piece, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
