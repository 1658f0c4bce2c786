// All that it takes to open a snapshot again, as plain data.
// Worker threads open the snapshot by it.

/** What the user may say about a snapshot file. */
export interface OpenOptions {
  /** Physical address of a raw file's first byte. Found by content where it is not given. */
  readonly base?: number;
  /**
   * Bytes below 4 GiB that are devices and no RAM, and that a raw file leaves out: what lies behind them in the file
   * lies above 4 GiB in the machine. Found by content where it is not given.
   */
  readonly hole?: number;
  /** Where each piece of a raw file belongs: what lies in none of them is left out. Found by content where it is not given. */
  readonly map?: readonly MapPiece[];
  /** The files that are read as one; none where the file is by itself. Found by what lies beside it where it is not given. */
  readonly pieces?: readonly FilePiece[];
}

/** One of several files that are read as one: plain data. */
export interface FilePiece {
  readonly path: string;
  /** Where in the whole it begins, in bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Bytes that the file system stores of it. */
  readonly storedBytes: number;
  /** What tells the state of the file from others of it; null where the piece is not there. */
  readonly state: string | null;
}

/** Physical memory from `start` up to and without `end` that a raw file has at `offset`, in bytes. */
export interface MapPiece {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
}

/** All that it takes to open a snapshot again, on another thread for instance: it survives `postMessage`. */
export interface SnapshotOrigin {
  readonly path: string;
  readonly options: OpenOptions;
}
