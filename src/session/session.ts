import type { Linux } from '../kernel/linux/linux.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import type { Profile, ProfileShelf } from '../profile/profile.ts';
import type { Snapshot } from '../snapshot/open.ts';

/** A snapshot with its kernel found: all that plugins need, and how sure we are of it. */
export interface Session {
  readonly snapshot: Snapshot;
  readonly kernel: Linux;
  readonly facts: { readonly snapshot: SnapshotFacts; readonly kernel: KernelFacts };
  /** The profile that it was bound by: what `profile export` writes. */
  readonly profile: Profile;
  close(): void;
}

export interface SessionOptions {
  /** Physical address of a raw file's first byte. */
  readonly base?: number;
  /** Bind by this profile and no other. Refused by verification where it is of another build. */
  readonly profile?: Profile;
  /** Where profiles of earlier snapshots are remembered. */
  readonly shelf?: ProfileShelf;
}

/** Opens a snapshot and finds its kernel. @throws SnapshotError, ProfileError */
export declare function openSession(path: string, options?: SessionOptions): Session;
