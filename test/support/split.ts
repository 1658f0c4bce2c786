// Splits files as split(1) and its like do, and opens what came of it.
import { readFileSync, writeFileSync } from 'node:fs';
import { openSnapshot, type Snapshot } from '../../src/snapshot/open.ts';

/** Writes a file's bytes into files of so many each, called as `nameOf` says from 0 on, and deletes nothing. @returns their paths */
export function splitFile(path: string, pieceBytes: number, nameOf: (index: number) => string): string[] {
  const bytes = readFileSync(path);
  const paths: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = nameOf(paths.length);
    writeFileSync(piece, bytes.subarray(at, at + pieceBytes));
    paths.push(piece);
  }
  return paths;
}

/** The letters of split(1): aa, ab …. */
export const lettersOf = (index: number): string =>
  String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26));

/** Opens a snapshot for as long as it is used. */
export function withSnapshot<T>(path: string, use: (snapshot: Snapshot) => T): T {
  const snapshot = openSnapshot(path);
  try {
    return use(snapshot);
  } finally {
    snapshot.file.close();
  }
}
