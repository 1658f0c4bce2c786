// Who hears what is said beside an answer: what was done without, and how far a sweep has come.
// Rooms below the command line know no terminal. They are handed one of these.

/** Every text may quote the evidence: whoever prints it escapes it. */
export interface Listener {
  /** What went wrong or was done without, where the answer is given all the same. */
  warn(message: string): void;
  /** A sentence about what is asked. */
  say(sentence: string): void;
  /** How far something has come. It has ended where `done` is not below `total`. */
  progress(what: string, done: number, total: number): void;
}
