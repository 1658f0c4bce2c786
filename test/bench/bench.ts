/** What a measurement gave. */
export interface Outcome {
  /** The number and its unit: `2900 MiB/s`. */
  readonly figure: string;
  /** What it is compared with, measured in the same run: `node -e 0: 40 ms`. */
  readonly baseline: string;
  /** Figure over baseline, or null where a ratio says nothing. */
  readonly ratio: number | null;
  readonly met: boolean;
}

/** Why a measurement could not be made here. */
export interface Skipped {
  readonly skipped: string;
}

/** One line of the table that `npm run bench` prints. */
export interface Bench {
  /** The word on the command line. */
  readonly name: string;
  /** What is measured, in a few words. */
  readonly measures: string;
  /** What has to hold, as the table shows it: `≤ 6×`. */
  readonly target: string;
  run(setting: Setting): Promise<Outcome | Skipped>;
}

/** What all benches share. */
export interface Setting {
  /** A snapshot of a real guest for whole-process measures, or null where none is at hand. */
  readonly snapshot: string | null;
  /** A folder for files that are in the way afterwards. */
  readonly scratch: string;
  /** How often each whole process is run: the median counts. */
  readonly rounds: number;
}

/** Said by every bench that wants a snapshot and has none. */
export const noSnapshot: Skipped = {
  skipped: 'no snapshot: make a guest (npm run guests) or name one with --snapshot',
};

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
