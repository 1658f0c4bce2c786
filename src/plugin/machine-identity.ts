// What a kernel says of the machine that it runs on, and what of that can be trusted.
// Names and IDs are the guest's word; where its kernel lies is not, and no boot changes it.
import type { KernelFacts } from './document.ts';

/** What the kernel calls a machine that nobody gave a name (UTS_NODENAME), and none at all. */
const NAMELESS: readonly (string | null | undefined)[] = ['', '(none)', null, undefined];

/** Whether a host name is one. */
export const isNamed = (hostname: string | null | undefined): hostname is string =>
  !NAMELESS.includes(hostname);

/** What one boot of a machine has from its first moment to its last. */
export type BootTraits = Pick<KernelFacts, 'architecture' | 'banner' | 'kaslr'>;

/** What a machine has from one boot to the next, unless somebody puts it into another. */
export type HardwareTraits = Pick<KernelFacts, 'architecture' | 'cpus'>;

/**
 * Whether two snapshots cannot be of one boot, whatever ID they tell: the kernel is another, or lies elsewhere. KASLR
 * throws its dice once (arch/x86/boot/compressed/kaslr.c). What one side does not tell contradicts nothing.
 */
export const areOtherKernels = (before: BootTraits, after: BootTraits): boolean =>
  (
    [
      [before.architecture, after.architecture],
      [before.banner, after.banner],
      [before.kaslr.virtual, after.kaslr.virtual],
      [before.kaslr.physical, after.kaslr.physical],
    ] as const
  ).some(([one, other]) => one !== null && other !== null && one !== other);

/** What of the hardware differs, where both tell it: `4 CPUs and not 2`. */
export function hardwareChanges(before: HardwareTraits, after: HardwareTraits): string[] {
  return [
    ...(before.architecture === after.architecture
      ? []
      : [`an ${after.architecture} processor and no ${before.architecture}`]),
    ...(before.cpus === null || after.cpus === null || before.cpus === after.cpus
      ? []
      : [`${after.cpus} CPU${after.cpus === 1 ? '' : 's'} and not ${before.cpus}`]),
  ];
}

/** When a boot began, as far as a snapshot of it tells: in milliseconds since 1970, NaN where it does not. */
export interface BootStart {
  readonly kaslr: KernelFacts['kaslr'];
  readonly byGuest: number;
  /** By when the snapshot was written, and how long the boot had run. */
  readonly byHost: number;
}

/** A boot's start moves by so much at most when the guest's clock is corrected. */
const GUEST_SLACK_MS = 60_000;
/** A file is written so long after its memory was read, at most: dumps of large machines take their time. */
const HOST_SLACK_MS = 600_000;

/**
 * Whether two snapshots of which nobody has asked for the boot's ID are of one boot: their kernels lie in the same random
 * place, and by the guest's clock or by the host's they began at the same moment. A kernel that is not placed at
 * random lies where all of its build lie.
 */
export function beganTogether(before: BootStart, after: BootStart): boolean {
  const { virtual } = before.kaslr;
  if (virtual === null || Number(virtual) === 0 || virtual !== after.kaslr.virtual) return false;
  return (
    Math.abs(before.byGuest - after.byGuest) <= GUEST_SLACK_MS ||
    Math.abs(before.byHost - after.byHost) <= HOST_SLACK_MS
  );
}

/** The moment at which a boot began that had run so long at another, in milliseconds since 1970; NaN where one is not known. */
export const startOf = (moment: string | null | undefined, uptimeSeconds: number | null): number =>
  Date.parse(moment ?? '') - (uptimeSeconds ?? Number.NaN) * 1000;
