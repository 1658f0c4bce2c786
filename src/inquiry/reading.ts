// A snapshot that is open, as those see it who ask whole questions of it.
// A scan lets another process do the opening: what it hands around is no more than this.
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts } from '../store/remembered.ts';
import type { TracedAnswer } from './traced-answer.ts';

/** A snapshot that is open and has its kernel found. */
export interface Reading {
  readonly facts: RememberedFacts;
  /** What of the file could not be read since it was opened. */
  readonly troubles: readonly string[];
  /**
   * A question's whole answer, with none of its options. What is in `troubles` is in none of its notes.
   *
   * @param ahead what will be asked after it: all that look for something in all of memory do it at once
   */
  answer(plugin: AnyPlugin, ahead: readonly AnyPlugin[]): Promise<TracedAnswer>;
  /** Told that nothing more will be asked: what follows is comparing and recording. */
  answered?(): void;
  close(): void;
}

/** This process opens no snapshots: another has to do the scan. */
export class OpenedElsewhere extends Error {}

/** Opens a snapshot. @throws OpenedElsewhere, SnapshotError, ProfileError */
export type Open = (path: string) => Promise<Reading>;
