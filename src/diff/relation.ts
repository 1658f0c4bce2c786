import type { KernelFacts } from '../plugin/document.ts';
import { stateSentence } from '../plugin/machine-state.ts';

/** How two snapshots belong together. */
export interface Relation {
  /** `likely` where only the host name says so. */
  readonly machine: 'same' | 'likely' | 'other' | 'unknown';
  /** Whether the machine ran on between the two. */
  readonly boot: 'same' | 'other' | 'unknown';
  readonly kernel: 'same' | 'other';
  /** Seconds from the first snapshot to the second by the guest's own clock; negative where they were given the wrong way round, or the clock was set back. */
  readonly elapsedSeconds: number | null;
  /** What follows from that, as sentences for the reader. */
  readonly remarks: readonly string[];
}

/** What tells a machine from others. */
type MachineFacts = Pick<KernelFacts, 'machineId' | 'hostname'>;

/** A boot's start moves by this much at most when the guest's clock is corrected. */
const BOOT_TIME_SLACK_MS = 60_000;

/** What two kernels say of themselves: the same machine, the same boot, or not. */
export function relate(before: KernelFacts, after: KernelFacts): Relation {
  const boot = bootsOf(before, after);
  const machine = boot === 'same' ? 'same' : machinesOf(before, after);
  const kernel = before.banner === after.banner ? 'same' : 'other';
  const elapsedSeconds = elapsed(before, after);
  return {
    machine,
    boot,
    kernel,
    elapsedSeconds,
    remarks: remarksOn({ machine, boot, kernel, elapsedSeconds }, before, after),
  };
}

function bootsOf(before: KernelFacts, after: KernelFacts): Relation['boot'] {
  if (before.bootId !== null && after.bootId !== null)
    return before.bootId === after.bootId ? 'same' : 'other';
  // Where nobody asked for the boot's ID there is none: KASLR has thrown other dice in every boot.
  const [one, other] = [before.kaslr, after.kaslr];
  if (one.physical !== other.physical || one.virtual !== other.virtual) return 'other';
  if (before.banner !== after.banner) return 'other';
  if (before.bootTime === null || after.bootTime === null) return 'unknown';
  const apart = Math.abs(Date.parse(before.bootTime) - Date.parse(after.bootTime));
  return apart <= BOOT_TIME_SLACK_MS ? 'same' : 'unknown';
}

/** Whether two kernels run on the same machine, by what they say of it. */
export function machinesOf(before: MachineFacts, after: MachineFacts): Relation['machine'] {
  if (before.machineId !== null && after.machineId !== null)
    return before.machineId === after.machineId ? 'same' : 'other';
  if (before.hostname === null || after.hostname === null) return 'unknown';
  return before.hostname === after.hostname ? 'likely' : 'other';
}

function elapsed(before: KernelFacts, after: KernelFacts): number | null {
  if (before.time === null || after.time === null) return null;
  return (Date.parse(after.time) - Date.parse(before.time)) / 1000;
}

function remarksOn(
  { machine, boot, kernel, elapsedSeconds }: Omit<Relation, 'remarks'>,
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
  if (boot === 'same' && elapsedSeconds !== null && elapsedSeconds < 0)
    remarks.push(
      'by the guest’s clock the second snapshot is older than the first: were they given the wrong way round?',
    );
  return remarks;
}

/** What a reader must know of a machine that was not up and running. */
function stateRemark(which: string, { state }: KernelFacts): string[] {
  const sentence = state ? stateSentence(state) : null;
  return sentence === null ? [] : [`the ${which} snapshot: ${sentence}`];
}

const nameOf = ({ hostname, machineId }: KernelFacts): string =>
  hostname ?? machineId ?? 'one without a name';
