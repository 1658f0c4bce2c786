// What the store knows a file by, and what it remembers of it.
// Scans ask it of files that have settled: nobody writes to them any more.
import type { StoreInterface } from '../store/interface.ts';
import { keyOfSettled } from '../store/key.ts';
import type { RememberedFacts, SnapshotIdentity } from '../store/remembered.ts';
import type { Listed } from './listing.ts';

/** The store's own name for a file as it is now; undefined where it cannot be read. That it has settled is known. */
export function identify({ path, pieces }: Listed, binding: string): SnapshotIdentity | undefined {
  const key = keyOfSettled(
    path,
    pieces?.map((piece) => piece.path),
  );
  return key === null ? undefined : { path, key, binding };
}

/**
 * What the store remembers of a snapshot; nothing where an older version of the program remembered it, which did not say
 * whether the file is cut.
 */
export function rememberedFacts(
  store: Pick<StoreInterface, 'facts'>,
  identity: SnapshotIdentity,
): RememberedFacts | undefined {
  const facts = store.facts(identity);
  return facts?.snapshot.cut === undefined ? undefined : facts;
}
