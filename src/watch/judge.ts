import type { Comparison } from '../diff/comparison.ts';
import type { RememberedAnswer, RememberedFacts } from '../store/door.ts';

/** A snapshot that has just been read, and what it is compared with. */
export interface Judged {
  readonly facts: RememberedFacts;
  /** Whole answers, by plugin. */
  readonly answers: ReadonlyMap<string, RememberedAnswer>;
  /** What differs from the snapshot before; undefined for the first of a machine. */
  readonly comparison: Comparison | undefined;
}

/**
 * The door for whoever has an opinion of a new snapshot, such as policies: gives sentences, each of which makes the
 * snapshot worth telling. Pure: it is called before anything is recorded, and again where a scan was ended meanwhile.
 */
export type Judge = (judged: Judged) => readonly string[];
