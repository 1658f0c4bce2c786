// How snapshots are opened, whatever is asked of them, and what of that makes one binding of a file differ from another.
// Answers are remembered under it.
import { createHash } from 'node:crypto';
import type { Limits } from '../base/budget.ts';
import type { MapPiece } from '../memory/origin.ts';
import type { Profile } from '../profile/profile.ts';
import type { KernelChoice } from '../session/linux/find-kernels.ts';

/** How snapshots are opened, whatever is asked of them. */
export interface OpenSettings {
  readonly base?: number;
  /** Where each piece of a raw file belongs. */
  readonly map?: readonly MapPiece[];
  readonly profile?: Profile;
  /** Where to look first for the profile of a kernel that does not describe itself. */
  readonly profileFolder?: string;
  /** What one question may cost, where the user says. Such answers are not remembered, and none is asked of the cache. */
  readonly limits?: Partial<Limits>;
  /** Which of the snapshot's kernels to show. */
  readonly kernel?: number;
  /** How far other kernels are searched for. */
  readonly search: NonNullable<KernelChoice['search']>;
}

/** What makes one binding of a file differ from another: a base address, a layout, a profile or a kernel that the user forced. */
export const bindingKey = ({
  base,
  map,
  profile,
  kernel,
}: Pick<OpenSettings, 'base' | 'map' | 'profile' | 'kernel'>): string =>
  base === undefined && map === undefined && profile === undefined && kernel === undefined
    ? ''
    : createHash('sha256')
        .update(
          JSON.stringify([
            base ?? null,
            profile ?? null,
            ...(kernel === undefined ? [] : [kernel]),
            ...(map === undefined ? [] : [map]),
          ]),
        )
        .digest('hex')
        .slice(0, 16);
