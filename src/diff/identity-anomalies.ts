// What two snapshots that are of one machine, or claim to be, say of its names, its IDs and its hardware.
// All of it is the guest's word but for where the kernel lies, which no boot changes while it runs.
import type { KernelFacts } from '../plugin/document.ts';
import { hardwareChanges, isNamed } from '../plugin/machine-identity.ts';
import type { Anomaly } from './anomalies.ts';

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
