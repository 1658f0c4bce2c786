// How the process is to end: what a command leaves behind.

/** What a command leaves behind. */
export interface Outcome {
  /** One of `EXIT`. */
  code: number;
}
