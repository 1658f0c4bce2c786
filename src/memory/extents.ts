// What sweeps remember of earlier snapshots: tags of extents in which nothing was found.
// A tag is a keyed digest, so that nobody can forge an extent that passes for another.

/** Bytes of a tag. With a secret in it, nobody can make two extents of one tag, nor learn that they have. */
export const TAG_BYTES = 16;

/**
 * What earlier sweeps of one kind left of one machine's memory: the tags of extents in which they found nothing.
 *
 * Extents with finds are not among them. They are few and looked at again each time, so that nothing of a find is
 * kept anywhere: the keys that a sweep looks for must not be remembered.
 */
export interface ExtentMemory {
  /** Bytes that go into every tag and that no evidence can know. The same for as long as tags are to be recognised. */
  readonly secret: Uint8Array;
  /** The tags as `remember` was given them last; what is no whole tag at the end is ignored. */
  recall(): Uint8Array;
  /** Told at the end of a whole sweep: the tags of all that memory has now without finds, one behind the other. */
  remember(tags: Uint8Array): void;
}

/** What earlier sweeps left, by the name of the scanner; null where nothing can be remembered. */
export type ExtentMemories = (scanner: string) => ExtentMemory | null;
