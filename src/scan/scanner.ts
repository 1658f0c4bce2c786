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
  /** The longest thing it finds, in bytes: so far past a block's end it may look. */
  readonly overlapBytes: number;
  /**
   * Reports every find that starts in [`from`, `to`) and ends within `bytes`, in any order, each once.
   *
   * `bytes` starts at a multiple of four bytes in its buffer. What starts at or after `to` belongs to the next
   * call. Nothing that is zero throughout may ever be a find: all-zero pages are not shown.
   */
  scan(bytes: Uint8Array, from: number, to: number, report: Report<F>): void;
}
