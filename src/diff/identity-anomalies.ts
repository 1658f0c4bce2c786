// What two snapshots that are of one machine, or claim to be, say of its names, its IDs and its hardware.
// All of it is the guest's word but for where the kernel lies, which no boot changes while it runs.
import type { KernelFacts } from '../plugin/document.ts';
import type { Anomaly } from './anomalies.ts';

/** What the kernel calls a machine that nobody gave a name (UTS_NODENAME), and none at all. */
const NAMELESS: readonly (string | null)[] = ['', '(none)', null];

/**
 * Whether two snapshots cannot be of one boot, whatever ID they tell: the kernel is another, or lies elsewhere. KASLR
 * throws its dice once (arch/x86/boot/compressed/kaslr.c). What one side does not tell contradicts nothing.
 */
export const areOtherKernels = (before: KernelFacts, after: KernelFacts): boolean =>
  (
    [
      [before.architecture, after.architecture],
      [before.banner, after.banner],
      [before.kaslr.virtual, after.kaslr.virtual],
      [before.kaslr.physical, after.kaslr.physical],
    ] as const
  ).some(([one, other]) => one !== null && other !== null && one !== other);

/** What is odd about who the second snapshot claims to be. `isSameMachine`: something better than its words says so. */
export function identityAnomalies(
  before: KernelFacts,
  after: KernelFacts,
  { isSameMachine, isSameBoot }: { readonly isSameMachine: boolean; readonly isSameBoot: boolean },
): Anomaly[] {
  const anomalies: Anomaly[] = [];
  if (!isSameBoot && before.bootId !== null && before.bootId === after.bootId)
    anomalies.push({
      rule: 'boot-id-claimed-twice',
      message: `both tell the boot ID ${after.bootId}, but their kernels are not the same or lie elsewhere: one of them is forged`,
    });
  if (!isSameMachine) return anomalies;
  const when = isSameBoot ? ', in the same boot' : '';
  if (isNamed(before.hostname) && before.hostname !== after.hostname)
    anomalies.push({
      rule: 'machine-renamed',
      message: `it called itself ${before.hostname} before and calls itself ${isNamed(after.hostname) ? after.hostname : 'nothing'} now${when}`,
    });
  if (before.machineId !== null && before.machineId !== after.machineId)
    anomalies.push({
      rule: 'machine-id-changed',
      message: `its machine ID was ${before.machineId} and is ${after.machineId ?? 'none'} now${when}`,
    });
  const changes = isSameBoot ? [] : hardwareChanges(before, after);
  if (changes.length > 0)
    anomalies.push({
      rule: 'hardware-changed',
      message: `since the boot before it has ${changes.join(' and ')}`,
    });
  return anomalies;
}

/** What of the hardware differs, where both tell it: `4 CPUs and not 2`. */
export function hardwareChanges(
  before: Pick<KernelFacts, 'architecture' | 'cpus'>,
  after: Pick<KernelFacts, 'architecture' | 'cpus'>,
): string[] {
  return [
    ...(before.architecture === after.architecture
      ? []
      : [`an ${after.architecture} processor and no ${before.architecture}`]),
    ...(before.cpus === null || after.cpus === null || before.cpus === after.cpus
      ? []
      : [`${after.cpus} CPU${after.cpus === 1 ? '' : 's'} and not ${before.cpus}`]),
  ];
}

const isNamed = (hostname: string | null): boolean => !NAMELESS.includes(hostname);
