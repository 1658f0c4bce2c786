// What a scan and its supervisor say to each other, as lines of JSON over one socket.
// Both sides check what they get.
import type { Limits } from './limits.ts';

/** A snapshot whose reading ended the process. */
export interface Died {
  readonly path: string;
  /** A sentence without its end. */
  readonly why: string;
}

/** What the process of a scan is told at its start: what the scan has come to in those before, which died. */
export interface ScanState {
  /** What was told already, as the process that told it names it. */
  readonly told: readonly string[];
  /** Files that something has come of: they are not tried again. */
  readonly done: readonly string[];
  /** Yet to be recorded as failed. */
  readonly died: Died | null;
  readonly hasNews: boolean;
  readonly hasTrouble: boolean;
  /** A file that nobody writes to any more. */
  readonly whole?: string;
}

/** What the process of a scan says, before it does it. */
export type Report =
  /** It has read its command line and opened the store. */
  | { readonly say: 'up' }
  /** What is done with the snapshot that is under way now, as the end of a sentence. */
  | { readonly say: 'doing'; readonly path: string; readonly what: string; readonly limits: Limits }
  /** No snapshot is under way any more. */
  | { readonly say: 'closed' }
  /** Something is told to the user. `path` is the file that it came of. */
  | {
      readonly say: 'telling';
      readonly key: string;
      readonly path: string | null;
      readonly isNews: boolean;
      readonly isTrouble: boolean;
    }
  /** One look at all files is over, and the next may try them again. `said` need not be told again. */
  | { readonly say: 'rest'; readonly said: readonly string[] };
