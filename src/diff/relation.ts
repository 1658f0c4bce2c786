// Decides whether two snapshots are of the same machine and the same boot.
// It compares boot IDs, machine IDs, host names and clocks.
import type { KernelFacts } from '../plugin/document.ts';
import {
  areOtherKernels,
  type BootStart,
  beganTogether,
  isNamed,
  startOf,
} from '../plugin/machine-identity.ts';
import { kernelSentences } from '../plugin/machine-state.ts';
import { type Anomaly, CLOCK_SLACK_S, clockAnomalies, type Sighting, secondsBetween } from './anomalies.ts';
import { identityAnomalies } from './identity-anomalies.ts';

/** How two snapshots belong together. */
export interface Relation {
  /** `likely` where only the host name says so. */
  readonly machine: 'same' | 'likely' | 'other' | 'unknown';
  /** Whether the machine ran on between the two. */
  readonly boot: 'same' | 'other' | 'unknown';
  readonly kernel: 'same' | 'other';
  /** Seconds from the first snapshot to the second by the guest's own clock; negative where they were given the wrong way round, or the clock was set back. */
  readonly elapsedSeconds: number | null;
  /** What should not be so. */
  readonly anomalies: readonly Anomaly[];
  /** What follows from all that, as sentences for the reader; what should not be so stands first. */
  readonly remarks: readonly string[];
}

/** A snapshot, and who it is. */
export interface Identified extends Sighting {
  /** What the operator calls the machine: what it says of itself then counts less. Null or left out where nobody said. */
  readonly name?: string | null;
}

/** What tells a machine from others. */
type MachineFacts = Pick<KernelFacts, 'machineId' | 'hostname'>;

/** What the host and two kernels say: the same machine, the same boot, or not. */
export function relate(one: Identified, other: Identified): Relation {
  const { kernel: before } = one;
  const { kernel: after } = other;
  const boot = bootsOf(one, other);
  const isNamedSo = (one.name ?? null) !== null && one.name === other.name;
  const machine = isNamedSo || boot === 'same' ? 'same' : machinesOf(before, after);
  const kernel = before.banner === after.banner ? 'same' : 'other';
  const elapsedSeconds = secondsBetween(before.time, after.time);
  const isSameBoot = boot === 'same';
  const anomalies = [
    ...(machine === 'other' ? [] : clockAnomalies(one, other, isSameBoot)),
    ...identityAnomalies(before, after, { isSameMachine: machine === 'same', isSameBoot }),
  ];
  return {
    machine,
    boot,
    kernel,
    elapsedSeconds,
    anomalies,
    remarks: [
      ...anomalies.map(({ message }) => message),
      ...remarksOn({ machine, boot, kernel, elapsedSeconds }, before, after),
    ],
  };
}

function bootsOf(one: Identified, other: Identified): Relation['boot'] {
  const { kernel: before } = one;
  const { kernel: after } = other;
  // An ID can be copied from another machine; where the kernel lies cannot.
  if (areOtherKernels(before, after)) return 'other';
  if (before.bootId !== null && after.bootId !== null)
    return before.bootId === after.bootId ? 'same' : 'other';
  // Where nobody asked for the boot's ID there is none.
  if (beganTogether(bootStartOf(one), bootStartOf(other))) return 'same';
  const apart = secondsBetween(before.bootTime, after.bootTime);
  return apart !== null && Math.abs(apart) <= CLOCK_SLACK_S ? 'same' : 'unknown';
}

const bootStartOf = ({ kernel: { kaslr, bootTime, uptimeSeconds }, written }: Identified): BootStart => ({
  kaslr,
  byGuest: Date.parse(bootTime ?? ''),
  byHost: startOf(written, uptimeSeconds),
});

/** Whether two kernels run on the same machine, by what they say of it. */
export function machinesOf(before: MachineFacts, after: MachineFacts): Relation['machine'] {
  if (before.machineId !== null && after.machineId !== null)
    return before.machineId === after.machineId ? 'same' : 'other';
  if (!isNamed(before.hostname) || !isNamed(after.hostname)) return 'unknown';
  return before.hostname === after.hostname ? 'likely' : 'other';
}

function remarksOn(
  { machine, boot, kernel, elapsedSeconds }: Omit<Relation, 'remarks' | 'anomalies'>,
  before: KernelFacts,
  after: KernelFacts,
): string[] {
  const remarks = [...stateRemark('first', before), ...stateRemark('second', after)];
  if (machine === 'other') remarks.push(`these are two machines: ${nameOf(before)} and ${nameOf(after)}`);
  if (machine === 'unknown') remarks.push('nothing tells whether these are the same machine');
  if (machine === 'likely') remarks.push(`the host name alone says that both are ${before.hostname}`);
  if (machine !== 'other' && boot === 'other')
    remarks.push(
      'the machine was rebooted in between: things are recognised by what they are, not by their numbers',
    );
  if (machine !== 'other' && boot === 'unknown')
    remarks.push('nothing tells whether the machine was rebooted in between');
  if (machine !== 'other' && kernel === 'other')
    remarks.push(`the kernel is another one: ${before.release} before, ${after.release} after`);
  if (boot === 'same' && elapsedSeconds === 0)
    remarks.push('both were taken at the same moment: is this the same snapshot twice?');
  return remarks;
}

/** What a reader must know of a machine that was not up and running. */
const stateRemark = (which: string, kernel: KernelFacts): string[] =>
  kernelSentences(kernel).map((sentence) => `the ${which} snapshot: ${sentence}`);

const nameOf = ({ hostname, machineId }: KernelFacts): string =>
  hostname ?? machineId ?? 'one without a name';
