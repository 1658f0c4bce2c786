import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedFacts, SnapshotIdentity, StoreDoor } from '../store/door.ts';
import type { TracedAnswer } from './reuse.ts';

/** A snapshot that is open and has its kernel found. */
export interface Reading {
  readonly facts: RememberedFacts;
  /** What of the file could not be read since it was opened. */
  readonly troubles: readonly string[];
  /** A question's whole answer, with none of its options. What is in `troubles` is in none of its notes. */
  answer(plugin: AnyPlugin): Promise<TracedAnswer>;
  /** Told that nothing more will be asked: what follows is comparing and recording. */
  answered?(): void;
  close(): void;
}

/** This process opens no snapshots: another has to do the scan. */
export class OpenedElsewhere extends Error {}

/** Opens a snapshot. @throws OpenedElsewhere, SnapshotError, ProfileError */
export type Open = (path: string) => Promise<Reading>;

/**
 * What the store remembers of a snapshot; nothing where an older version of the program remembered it, which did not say
 * whether the file is cut.
 */
export function rememberedFacts(
  store: Pick<StoreDoor, 'facts'>,
  identity: SnapshotIdentity,
): RememberedFacts | undefined {
  const facts = store.facts(identity);
  return facts?.snapshot.cut === undefined ? undefined : facts;
}
