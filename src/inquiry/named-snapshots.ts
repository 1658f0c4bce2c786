// What the words of the command line name where a snapshot is wanted: a file, or a machine whose snapshots are remembered.
// A file of that name wins; with a slash (`./web-1`) a word is a file whatever machines there are.
import { existsSync } from 'node:fs';
import { UnreadableFile } from '../base/errors.ts';
import type { Listener } from '../base/listener.ts';
import { hint } from '../base/nearest.ts';
import type { PastSnapshot } from '../store/interface.ts';
import type { Recall } from './recall.ts';
import { isFile, machineNamed, namesOf } from './subject.ts';

/** A snapshot that the command line names. */
export interface NamedSnapshot {
  /** The file, there or gone. */
  readonly path: string;
  /** What is remembered of it, where it was named by its machine. */
  readonly past?: PastSnapshot;
  /** 0 for a file and for the latest snapshot of a machine, 1 for the one before that, and so on. */
  readonly age: number;
}

/**
 * The snapshots that a word names, the oldest first.
 *
 * @param binding how they were bound: see `bindingKey`
 * @param most how many of a machine's latest snapshots its name stands for
 * @throws UsageError, UnreadableFile
 */
export function snapshotsNamed(
  word: string,
  recall: Recall,
  binding: string,
  most: number,
): readonly NamedSnapshot[] {
  if (word === '-' || word.includes('/') || isFile(word)) return [{ path: word, age: 0 }];
  const past = recall.past((history) => history.snapshots());
  const machine = machineNamed(word, past ?? []);
  if (machine === undefined) {
    if (past === undefined || past.length === 0 || existsSync(word)) return [{ path: word, age: 0 }];
    throw new UnreadableFile(
      `cannot open ${word}: no such file, and no machine of this name is remembered${hint(word, namesOf(past))}`,
    );
  }
  const own = (past ?? []).filter((one) => one.machine === machine && one.binding === binding);
  const latest = withoutCopies(own).slice(-most);
  return latest.map((one, nth) => ({ path: one.path, past: one, age: latest.length - 1 - nth }));
}

/** Of copies of one snapshot the one that was written last: two of them would be compared with each other. */
const withoutCopies = (snapshots: readonly PastSnapshot[]): readonly PastSnapshot[] =>
  snapshots.filter(
    ({ digest }, nth) => digest === '' || snapshots.findLastIndex((other) => other.digest === digest) === nth,
  );

/** Says which snapshot answers for a machine. */
export function sayWhich(
  word: string,
  { path, past }: NamedSnapshot,
  isGone: boolean,
  listener: Pick<Listener, 'say'>,
): void {
  if (past === undefined) return;
  const gone = isGone ? '; its file is gone or another by now, so only what is remembered of it answers' : '';
  listener.say(`${word}: the snapshot of ${past.taken ?? 'no known time'}, ${path}${gone}`);
}
