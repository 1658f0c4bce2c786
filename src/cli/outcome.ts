// How the process is to end: what a command leaves behind.
// A command writes its exit code here; `main.ts` reads it.

/** What a command leaves behind. */
export interface Outcome {
  /** One of `EXIT`. */
  code: number;
}
