// Waits until files are complete: a file counts as such if it does not change for a while.
// The clock can be replaced, for tests.
import { setTimeout as sleep } from 'node:timers/promises';
import { type FileState, isSameState, type Listed, stateOf } from './listing.ts';
import { stateNow } from './piece-groups.ts';

/** Files that nobody writes to any more, and those that somebody may. */
export interface Settled {
  readonly still: Listed[];
  readonly moving: readonly Listed[];
}

/** What settling rests on: the clock, waiting, and the state that a file is in. */
export interface Surroundings {
  now(): number;
  wait(ms: number): Promise<void>;
  stateOf(path: string): FileState | undefined;
}

/** The real ones. Waiting ends early where `signal` says that there is to be an end. */
export const surroundings = (signal?: AbortSignal): Surroundings => ({
  now: () => Date.now(),
  wait: (ms) => sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
  stateOf,
});

/** Timers may end a moment early. */
const TIMER_SLACK_MS = 5;

/**
 * Tells files that are still being written from those that are whole: a file counts as whole when it has been as it
 * is for `settleMs`. One that has not changed for that long counts at once; for the others one look has to be enough,
 * so they are all waited for together.
 */
export async function settle(
  files: readonly Listed[],
  settleMs: number,
  { now, wait, stateOf }: Surroundings,
): Promise<Settled> {
  const started = now();
  const waits = files.map(({ state }) => stillToWait(state, settleMs, started));
  const longest = Math.max(0, ...waits);
  if (longest > 0) await wait(longest + TIMER_SLACK_MS);
  const still: Listed[] = [];
  const moving: Listed[] = [];
  for (const [index, file] of files.entries()) {
    const state = waits[index]! > 0 ? stateNow(file, stateOf) : file.state;
    const rested = state !== undefined && isSameState(state, file.state) && now() - started >= waits[index]!;
    (rested ? still : moving).push(file);
  }
  return { still, moving };
}

/** How long a file must yet stay as it is. The clocks of file servers run ahead: no time of theirs is waited for. */
function stillToWait({ modified, changed }: FileState, settleMs: number, now: number): number {
  const latest = Math.max(Number(BigInt(modified) / 1_000_000n), Number(BigInt(changed) / 1_000_000n));
  return Math.max(0, settleMs - Math.max(0, now - latest));
}
