// Opens a snapshot of any format, by content and never by name.
// Pieces of a split file are opened as one.
import { CutSnapshot } from '../base/errors.ts';
import type { OpenOptions, SnapshotOrigin } from '../memory/origin.ts';
import { PhysicalMemory } from '../memory/physical.ts';
import { readContents } from './contents.ts';
import { SnapshotFile, type SnapshotStorage } from './file.ts';
import type { SnapshotContents, SnapshotFormat } from './format.ts';
import { JoinedFile } from './joined-file.ts';
import { lackText, piecesOf, withPieces } from './pieces.ts';

/** An open snapshot: the file, what holds it, and the memory inside. */
export interface Snapshot {
  readonly file: SnapshotStorage;
  readonly format: SnapshotFormat;
  readonly contents: SnapshotContents;
  readonly memory: PhysicalMemory;
  /** How to open the same thing again elsewhere (a worker thread): plain data. */
  readonly origin: SnapshotOrigin;
}

/**
 * Opens a snapshot of any known format, found by content and never by name. The pieces of one that was split are read as one.
 * @throws SnapshotError
 */
export function openSnapshot(path: string, asked: OpenOptions = {}): Snapshot {
  const options = { ...asked, pieces: asked.pieces ?? piecesOf(path) };
  const { pieces } = options;
  const file = pieces.length === 0 ? new SnapshotFile(path) : new JoinedFile(path, pieces);
  try {
    const { format, contents: held } = readContents(file, options);
    const contents = pieces.length === 0 ? held : withPieces(held, pieces);
    return { file, format, contents, memory: new PhysicalMemory(contents.source), origin: { path, options } };
  } catch (error) {
    file.close();
    if (error instanceof CutSnapshot && pieces.length > 0)
      throw new CutSnapshot(`${error.message}. ${lackText(pieces)}`);
    throw error;
  }
}
