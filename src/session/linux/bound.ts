// A kernel that was found and verified: what binding gives, and what layouts of a raw file are judged by.
// How it is found is told in bind.ts.
import type { PhysicalAddress } from '../../base/address.ts';
import type { Linux, LinuxParts } from '../../kernel/linux/linux.ts';
import type { Profile } from '../../profile/profile.ts';
import type { Snapshot } from '../../snapshot/open.ts';
import type { Located } from './kernel-location.ts';
import type { Proof } from './proof.ts';

/** A kernel found, verified, and how. */
export interface Bound {
  /** The snapshot as it turned out to be laid out. */
  readonly snapshot: Snapshot;
  readonly parts: LinuxParts;
  readonly kernel: Linux;
  readonly located: Located;
  /** Where in memory the VMCOREINFO stood that led to it; null where none did, or the file's own note. */
  readonly vmcoreinfoAt: PhysicalAddress | null;
  /** Whether the profile's addresses are those of the build, so that `parts.slide` is what KASLR added. */
  readonly isLinked: boolean;
  /** The profile as it is remembered, where it is what the kernel says of itself and nobody has it yet; or null. It is made when it is asked for, and undefined where it cannot be told again. */
  readonly ownProfile: (() => Profile | undefined) | null;
  /** What the program wants to know of the build, and its profile does not tell, by name. */
  readonly unknownNames: readonly string[];
  readonly confidence: Confidence;
  /** What it says of its own place, held against where it was found. */
  readonly proof: Proof;
  readonly notes: readonly string[];
}

/** How sure a binding is: `verified` means that every check passed. */
export type Confidence = 'verified' | 'likely' | 'uncertain';
