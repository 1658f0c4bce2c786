// Several files read as one: the pieces of a file that was split, one behind the other. What a missing piece would hold is
// not there, and all behind it stands where it would.
import type { FilePiece } from '../memory/origin.ts';
import { exactly, SnapshotFile, type SnapshotStorage } from './file.ts';

/** Pieces that are open at a time: of ten thousand each is opened again when it is read. */
const MOST_OPEN = 16;

/** What has been said of pieces that are closed by now. */
const MOST_TROUBLES = 50;

/** Pieces of a file, opened when they are read. */
export class JoinedFile implements SnapshotStorage {
  readonly path: string;
  readonly pieces: readonly FilePiece[];
  readonly sizeBytes: number;
  readonly isSparse: boolean;
  /** The open ones, the one that was read last at the end; null stands for one that cannot be opened. */
  readonly #open = new Map<FilePiece, SnapshotFile | null>();
  readonly #troubles = new Set<string>();
  /** The piece that was read last, and its place among them. */
  #last: SnapshotFile | null = null;
  #lastPlace = -1;

  /**
   * @param path the file that was asked for, one of the pieces
   * @param pieces at least one, without gaps between their offsets
   */
  constructor(path: string, pieces: readonly FilePiece[]) {
    this.path = path;
    this.pieces = pieces;
    const last = pieces.at(-1)!;
    this.sizeBytes = last.offset + last.sizeBytes;
    const here = pieces.filter(({ state }) => state !== null);
    this.isSparse = here.some(({ sizeBytes, storedBytes }) => storedBytes < sizeBytes);
  }

  get troubles(): readonly string[] {
    const open = [...this.#open.values()].flatMap((file) => file?.troubles ?? []);
    return [...new Set([...this.#troubles, ...open])];
  }

  trouble(message: string): void {
    if (this.#troubles.size < MOST_TROUBLES) this.#troubles.add(message);
  }

  read(offset: number, into: Uint8Array): number {
    let done = 0;
    while (done < into.length) {
      const place = this.#placeOf(offset + done);
      const piece = this.pieces[place];
      if (piece === undefined) break;
      const within = offset + done - piece.offset;
      const length = Math.min(into.length - done, piece.sizeBytes - within);
      if (length <= 0) break;
      const file = this.#fileAt(place);
      const had = file === null ? 0 : file.read(within, into.subarray(done, done + length));
      done += had;
      if (had < length) break;
    }
    return done;
  }

  bytes(offset: number, length: number, what: string): Buffer {
    return exactly(this, offset, length, what);
  }

  position(offset: number): number | null {
    const piece = this.pieces[this.#placeOf(offset)];
    return piece === undefined || piece.state === null || offset >= this.sizeBytes ? null : offset;
  }

  close(): void {
    for (const file of this.#open.values()) file?.close();
    this.#open.clear();
    this.#last = null;
    this.#lastPlace = -1;
  }

  /** The last piece that begins at or before `offset`; −1 where there is none. */
  #placeOf(offset: number): number {
    const { pieces } = this;
    const last = pieces[this.#lastPlace];
    if (last !== undefined && offset >= last.offset && offset < last.offset + last.sizeBytes)
      return this.#lastPlace;
    let low = 0;
    let high = pieces.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (pieces[middle]!.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #fileAt(place: number): SnapshotFile | null {
    if (place === this.#lastPlace) return this.#last;
    const piece = this.pieces[place]!;
    const opened = this.#open.get(piece);
    const file = opened === undefined ? this.#opened(piece) : opened;
    // Deleted and set, it is the one that was read last.
    this.#open.delete(piece);
    this.#open.set(piece, file);
    if (this.#open.size > MOST_OPEN) this.#closeOldest();
    this.#last = file;
    this.#lastPlace = place;
    return file;
  }

  #opened(piece: FilePiece): SnapshotFile | null {
    if (piece.state === null) return null;
    try {
      const file = new SnapshotFile(piece.path);
      if (stateText(file.identity) === piece.state) return file;
      file.close();
      this.trouble(`${piece.path} was changed since the pieces were put together`);
    } catch (error) {
      this.trouble((error as Error).message);
    }
    return null;
  }

  #closeOldest(): void {
    const [piece, file] = this.#open.entries().next().value!;
    for (const trouble of file?.troubles ?? []) this.trouble(trouble);
    file?.close();
    this.#open.delete(piece);
  }
}

/** What tells one state of a file from others: all that the system says of it but its name. */
export const stateText = (state: {
  readonly device: bigint;
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly modified: bigint;
  readonly changed: bigint;
}): string => [state.device, state.inode, state.sizeBytes, state.modified, state.changed].join(' ');
