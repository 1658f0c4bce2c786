import { SnapshotError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts } from '../store/door.ts';
import type { TracedAnswer } from './reuse.ts';

/** A snapshot that is open and has its kernel found. */
export interface Reading {
  readonly facts: RememberedFacts;
  /** What of the file could not be read since it was opened. */
  readonly troubles: readonly string[];
  /** A question's whole answer, with none of its options. What is in `troubles` is in none of its notes. */
  answer(plugin: AnyPlugin): Promise<TracedAnswer>;
  close(): void;
}

/** Opens a snapshot. @throws SnapshotError, ProfileError */
export type Open = (path: string) => Promise<Reading>;

/** Its headers promise more than there is. What is there is evidence all the same, but not yet, or no more, a whole snapshot. */
export class CutSnapshot extends SnapshotError {
  readonly code = 'cut-snapshot';
}

/** What a format says of a file whose headers promise more than there is (src/snapshot/segments.ts, kdump.ts). */
const CUT = /^the file is cut\b|^the dumper could not finish\b/;

/** Why a snapshot is not whole, in the words of its format; undefined where nothing is missing. */
export const cutIn = (notes: readonly string[]): string | undefined => notes.find((note) => CUT.test(note));
