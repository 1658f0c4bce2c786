// The errors of taking a snapshot, and what a user can do about each.
// Messages quote what QEMU or libvirt says, cut to a length that can be repeated.
import { ForensicError } from '../base/errors.ts';

/** No snapshot could be taken. The message names the socket or the domain, and what to do about it. */
export class NotAcquired extends ForensicError {
  readonly code = 'not-acquired';
}

/** The machine cannot be written in this format; another one may do. Nothing was paused for it. */
export class FormatRefused extends NotAcquired {}

/** How much is repeated of what somebody else says: a reply of a megabyte is no sentence. */
const QUOTED_CHARACTERS = 400;

/** What QEMU or libvirt says, short enough to repeat. */
export const quoted = (said: string): string =>
  said.length > QUOTED_CHARACTERS ? `${said.slice(0, QUOTED_CHARACTERS)}…` : said;

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What is to be done about what QEMU or libvirt says, to be put behind it; empty where nobody knows. */
export function nextStep(said: string): string {
  const [, step] = STEPS.find(([sign]) => sign.test(said)) ?? [];
  return step === undefined ? '' : `; ${step}`;
}

const STEPS: readonly (readonly [RegExp, string])[] = [
  [/dump in process/i, 'another dump of it is being written: try again when that is done'],
  [/migrat|snapshot in progress/i, 'try again when the migration is over'],
  [/state change lock/i, 'another job of libvirt has the domain: try again when that is done'],
  [
    /failed to get domain|no domain with/i,
    'virsh list --all shows the domains, with --connect those of another',
  ],
  [/authentication|polkit/i, 'run this as root or as a member of the group libvirt'],
  [/failed to connect/i, 'name the libvirt that has the domain with --connect, such as qemu:///system'],
  [/no space left/i, 'choose a folder with more room'],
  [
    /permission denied|operation not permitted|read-only/i,
    'the file is written by QEMU: choose a folder that its user may write to',
  ],
  [
    /no such file/i,
    'the file is written by QEMU: choose a folder that it sees under the same path as this program',
  ],
  [/CommandNotFound/, 'this QEMU is too old for it, or was built without it'],
];
