// The order in which snapshots were taken, by what the host knows of their files.
// A guest can set its clock; when its files were written it cannot tell, unless they were copied without their times.
import type { Sighting } from './anomalies.ts';

/** Files of a copied folder are written within so many seconds of each other. */
const COPIED_WITHIN_S = 120;
/** So much longer a machine must have run between two snapshots than passed between such files. */
const COPIED_FACTOR = 10;

/** A snapshot: when its file was written, which boot it is of, and how far that boot had run. */
export interface Ordered extends Pick<Sighting, 'written'> {
  /** Null where nothing tells: then the file's time is all there is. */
  readonly boot: string | null;
  readonly uptimeSeconds: number | null;
}

/** A snapshot in its place. */
export interface Placed<T> {
  readonly snapshot: T;
  /** ISO 8601: the host's time of this place, never before that of the place before. Null where nobody knows one. */
  readonly written: string | null;
}

/**
 * Snapshots in the order in which their files were written; those of unknown time stay behind the one that they were
 * given after, and those of one moment in the order in which they were given. Where files of one boot were written in the
 * wrong order, and much closer to each other than the machine ran between them, they were copied without their times:
 * then the uptime tells their order. Setting a clock does not change that.
 */
export function inHostOrder<T>(snapshots: readonly T[], of: (snapshot: T) => Ordered): Placed<T>[] {
  const all = withTimes(snapshots.map((snapshot) => ({ snapshot, ...of(snapshot) })));
  all.sort((one, other) => one.at - other.at || 0);
  const ordered = all.map(({ snapshot, boot, uptimeSeconds, written = null }) => ({
    ...{ snapshot, boot, uptimeSeconds, written },
  }));
  for (const places of placesByBoot(all)) {
    for (let place = 1; place < places.length; place++) {
      for (let later = place; later > 0; later--) {
        const [here, there] = [places[later - 1]!, places[later]!];
        if (!areCopied(ordered[here]!, ordered[there]!)) break;
        [ordered[here], ordered[there]] = [ordered[there]!, ordered[here]!];
      }
    }
  }
  return ordered.map(({ snapshot }, place) => ({ snapshot, written: all[place]!.written ?? null }));
}

/** Whether two snapshots of one boot are the wrong way round by their files, and the files' times are those of copying. */
export function areCopied(
  before: Pick<Ordered, 'written' | 'uptimeSeconds'>,
  after: Pick<Ordered, 'written' | 'uptimeSeconds'>,
): boolean {
  if (before.uptimeSeconds === null || after.uptimeSeconds === null) return false;
  const back = before.uptimeSeconds - after.uptimeSeconds;
  const apart = (Date.parse(after.written ?? '') - Date.parse(before.written ?? '')) / 1000;
  return back > 0 && apart < COPIED_WITHIN_S && back > COPIED_FACTOR * apart;
}

/** Each with the time that it is sorted by. */
function withTimes<T extends Pick<Ordered, 'written'>>(snapshots: readonly T[]): (T & { at: number })[] {
  let at = Number.NEGATIVE_INFINITY;
  return snapshots.map((snapshot) => {
    const own = Date.parse(snapshot.written ?? '');
    at = Number.isNaN(own) ? at : own;
    return { ...snapshot, at };
  });
}

/** Which places the snapshots of each boot have. */
function placesByBoot(snapshots: readonly Ordered[]): number[][] {
  const boots = new Map<string, number[]>();
  for (const [place, { boot }] of snapshots.entries()) {
    if (boot === null) continue;
    const known = boots.get(boot);
    if (known === undefined) boots.set(boot, [place]);
    else known.push(place);
  }
  return [...boots.values()];
}
