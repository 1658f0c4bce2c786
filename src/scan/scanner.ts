/** Says where a find starts, in bytes from the start of the looked-at bytes, and what was found there. */
export type Report<F> = (at: number, found: F) => void;

/**
 * Looks for one kind of thing in plain bytes: pure, synchronous, ignorant of files and threads.
 *
 * A thread cannot be handed a function, so it imports `module` and takes the export called `name`: a scanner
 * is a constant exported under its own name. What it reports must survive `postMessage`.
 */
export interface Scanner<F> {
  /** The word in notes, and the name under which `module` exports it. */
  readonly name: string;
  /** `import.meta.url` of the file that exports the scanner. */
  readonly module: string;
  /** Bump when the same bytes would give other finds: what earlier versions found nothing in is then looked at anew. */
  readonly version: number;
  /**
   * Looks at less than 1 GiB of plain memory in a second: then it pays to hash what has been looked at before. Where
   * pages must be unpacked it always pays.
   */
  readonly isSlow?: true;
  /** The longest thing it finds, in bytes: so far before and past a block it is given to look. */
  readonly overlapBytes: number;
  /**
   * Reports every find that starts in [`from`, `to`), in any order, each once: whether there is one follows from the
   * bytes themselves and `overlapBytes` before and behind them. Finds that start before or after
   * belong to other calls, and nothing that is zero throughout may ever be one: all-zero pages are not shown.
   *
   * `bytes` begins at a page of guest memory, and at a multiple of four bytes in its buffer. Where it begins at
   * `from` or ends at `to`, the snapshot holds nothing next to it.
   */
  scan(bytes: Uint8Array, from: number, to: number, report: Report<F>): void;
}
