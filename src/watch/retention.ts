// Decides which recorded snapshots are forgotten, by number and age.
// The newest of each machine always stays.
import { sep } from 'node:path';
import type { ScannedSnapshot } from '../store/scans.ts';

/** How many snapshots stay, and for how long. */
export interface Retention {
  /** So many of each machine. */
  readonly keep?: number;
  /** Those written within so many days. */
  readonly keepDays?: number;
}

const DAY_MS = 86_400_000;

/**
 * Which snapshots are to be forgotten: those beyond the newest so many of their machine, and those that are too old.
 * The newest of a machine always stays, since the next is compared with it, and so does one
 * that tells no machine, since nothing says which is its newest. `snapshots` have the one written first of each machine in front.
 */
export function outlived(
  snapshots: readonly ScannedSnapshot[],
  { keep, keepDays }: Retention,
  now: number,
): ScannedSnapshot[] {
  if (keep === undefined && keepDays === undefined) return [];
  const oldest = keepDays === undefined ? Number.NEGATIVE_INFINITY : now - keepDays * DAY_MS;
  const newer = new Map<string, number>();
  return [...snapshots]
    .reverse()
    .filter(({ machine, written }) => {
      if (machine === null) return false;
      const before = newer.get(machine) ?? 0;
      newer.set(machine, before + 1);
      return before > 0 && (before >= (keep ?? Number.POSITIVE_INFINITY) || Date.parse(written) < oldest);
    })
    .reverse();
}

/** Whether a path is one of these places, or below one. What lies elsewhere is the affair of other scans. */
export const isIn = (path: string, places: readonly string[]): boolean =>
  places.some((place) => path === place || path.startsWith(place.endsWith(sep) ? place : place + sep));
