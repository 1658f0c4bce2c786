/** What the user may say about a snapshot file. */
export interface OpenOptions {
  /** Physical address of a raw file's first byte. Found by content where it is not given. */
  readonly base?: number;
}

/** All that it takes to open a snapshot again, on another thread for instance: it survives `postMessage`. */
export interface SnapshotOrigin {
  readonly path: string;
  readonly options: OpenOptions;
}
