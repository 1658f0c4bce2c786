// Records what an answer was read from, and decides whether it stands for another snapshot.
// docs/internals/rescans.md explains when it does.
import { createHash } from 'node:crypto';
import { Linux } from '../kernel/linux/linux.ts';
import { recordReads, stillHold } from '../memory/reads.ts';
import { writeProfile } from '../profile/profile.ts';
import type { Session } from './session.ts';

/** What of a session tells how its memory is read. */
export type Readable = Pick<Session, 'kernel' | 'located'>;

/**
 * Asks a kernel that has read nothing yet, and says what it read: bytes for `wouldReadTheSame`. Null where that cannot
 * be told: the run swept memory, or read too much of it.
 */
export async function traced<T>(
  { kernel: { space, profile, slide, origin, listed, types } }: Pick<Readable, 'kernel'>,
  ask: (kernel: Linux) => Promise<T>,
): Promise<{ readonly result: T; readonly reads: Uint8Array | null }> {
  const parts = { space: space.anew(), profile, slide, origin, types };
  const own = new Linux(listed === undefined ? parts : { ...parts, listed });
  return recordReads(space.memory, () => ask(own));
}

/** Whether a run that read these words of another snapshot would read the same in this one, where their bases are one. */
export const wouldReadTheSame = ({ kernel }: Pick<Readable, 'kernel'>, reads: Uint8Array): boolean =>
  stillHold(kernel.space.memory, reads);

/**
 * A digest of all that an answer depends on besides memory and the question: the build's profile, where this boot put
 * the kernel, how and from which root its page tables are walked. Paging follows from its shape, its root and VMCOREINFO.
 */
export function basisOf({ kernel: { space, profile, slide }, located }: Readable): string {
  const { vmcoreinfo, delta, architecture } = located;
  const told =
    vmcoreinfo === null ? null : Object.entries(vmcoreinfo).map(([key, value]) => [key, plain(value)]);
  const { shape, root, levels, pageBytes } = space.paging;
  const parts = [architecture, shape, root, levels, pageBytes, String(slide), String(delta), told];
  return createHash('sha256').update(writeProfile(profile)).update(JSON.stringify(parts)).digest('hex');
}

/** A value of VMCOREINFO as JSON has it. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return [...value].map(([key, number]) => [key, String(number)]);
  return value instanceof Set ? [...value] : String(value);
}
