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
