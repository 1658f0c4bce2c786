// Which of several kernels is the one that runs. Registers decide where the dumper saved them; without them a kernel
// that contradicts itself, has died or stands still counts less than one that does not.
import { machineOf } from '../../kernel/linux/machine/machine.ts';
import type { MachineState } from '../../kernel/linux/machine/state.ts';
import type { CpuState } from '../../snapshot/format.ts';
import type { Bound } from './bound.ts';
import { signOfReset } from './firmware.ts';
import { type CpusOf, cpuNames, cpusOf, registerContradictions } from './registers.ts';

/** A kernel beside the others of its snapshot. */
export interface Ranked extends Bound {
  /** Counted from 1. */
  readonly number: number;
  readonly cpus: CpusOf;
  /** What registers of CPUs that ran on it contradict, as sentences. */
  readonly against: readonly string[];
  readonly state: MachineState | null;
  /** Milliseconds since 1970 by its own clock; null where that cannot be read. */
  readonly time: number | null;
  /** Whether CPUs ran on it; null where the dumper saved no registers that tell. */
  readonly isLive: boolean | null;
  /** Why it stands where it does among the others, as the end of a sentence. */
  readonly why: string;
}

/** What a kernel is told by, before it has a place among others. */
export type Judged = Omit<Ranked, 'number' | 'isLive' | 'why'>;

/** What tells kernels from each other. */
export function judged(bound: Bound, cpus: readonly CpuState[]): Judged {
  const { kernel, located, snapshot } = bound;
  const machine = machineOf(kernel);
  const state = kernel.attempt(() => machine.state, null, 'state of the machine');
  const time = kernel.attempt(() => machine.clock.now.getTime(), null, 'time');
  const of = cpusOf(snapshot.memory, located, cpus);
  const isUp = state?.phase === 'running';
  const against = isUp ? registerContradictions(kernel, located, cpus, of.here) : [];
  const isTold = of.here.length + of.elsewhere.length > 0;
  const reset =
    isTold || time === null || located.architecture === 'aarch64'
      ? null
      : kernel.attempt(() => signOfReset(snapshot.memory, time), null, 'first page');
  kernel.notes.drain(); // the facts of the kernel that is shown say it again
  const judgement = { ...bound, ...lessSure(bound, reset), cpus: of, against, state, time };
  if (against.length === 0) return judgement;
  const proof = { ...bound.proof, contradictions: [...bound.proof.contradictions, ...against] };
  return { ...judgement, proof, confidence: 'uncertain', notes: [...against, ...bound.notes] };
}

/** How sure a kernel is where something tells that its machine was reset. */
function lessSure({ confidence, notes }: Bound, reset: string | null): Pick<Bound, 'confidence' | 'notes'> {
  if (reset === null) return { confidence, notes };
  const said = `${reset}: the machine was reset, it seems, and this kernel runs no more; the file has no registers that would tell`;
  return { confidence: confidence === 'verified' ? 'likely' : confidence, notes: [said, ...notes] };
}

/** Whether nothing that else may be in memory can be the kernel that runs: all CPUs are on this one, and all is well with it. */
export const isSettled = ({ cpus, state, proof }: Judged): boolean =>
  cpus.here.length > 0 &&
  cpus.elsewhere.length === 0 &&
  proof.contradictions.length + proof.unread.length === 0 &&
  (state === null || (state.phase === 'running' && !state.isCrashKernel));

/** From the kernel that runs to those that only look like it. */
export function ranked(kernels: readonly Judged[]): Ranked[] {
  const sorted = kernels.toSorted((a, b) => {
    const differing = WORTHS.find((worth) => worth(a) !== worth(b));
    return differing === undefined ? 0 : differing(b) - differing(a);
  });
  const hasRegisters = kernels.some(({ cpus: { here, elsewhere } }) => here.length + elsewhere.length > 0);
  const [first, ...others] = sorted;
  return sorted.map((kernel, index) => {
    const isLive = hasRegisters ? kernel.cpus.here.length > 0 : null;
    const isDoubtful = kernel === first && (isLive === false || others.some((other) => mayBe(other, first)));
    const confidence = isDoubtful && kernel.confidence === 'verified' ? 'likely' : kernel.confidence;
    return { ...kernel, confidence, number: index + 1, isLive, why: whyOf(kernel, sorted, hasRegisters) };
  });
}

/** Whether registers and what it says of itself leave open that it runs, and not the first. */
const mayBe = (other: Judged, first: Judged): boolean =>
  ranOn(other) === ranOn(first) && other.proof.contradictions.length === 0;

/** The CPUs of a kernel that has panicked wait in it while one of them runs the crash kernel. */
const ranOn = ({ cpus, state }: Judged): number =>
  cpus.here.length === 0 ? 0 : state?.phase === 'panicked' ? 1 : 2;

/** Whether it has given up the machine to another kernel: a crash kernel, or one that kexec started. */
const hasGivenUp = ({ state }: Judged): boolean =>
  state?.phase === 'panicked' || state?.phase === 'restarting';

/** Boards without a clock of their own begin in 1970, until somebody tells them the time. */
const NO_CLOCK_BEFORE = Date.UTC(2000, 0);

/** What counts, the most telling first: more is better. */
const WORTHS: readonly ((kernel: Judged) => number)[] = [
  ranOn,
  ({ proof }) => (proof.contradictions.length > 0 ? 0 : 1),
  (kernel) => (hasGivenUp(kernel) ? 0 : 1),
  ({ cpus }) => cpus.here.length,
  // What a boot before left behind ended before the one that runs began.
  ({ time, state }) =>
    state?.phase === 'starting' && time !== null && time < NO_CLOCK_BEFORE
      ? Number.MAX_SAFE_INTEGER
      : (time ?? Number.MIN_SAFE_INTEGER),
  ({ confidence }) => ['uncertain', 'likely', 'verified'].indexOf(confidence),
];

/** Why a kernel is taken for the one that runs, or not. */
function whyOf(kernel: Judged, sorted: readonly Judged[], hasRegisters: boolean): string {
  const { cpus, proof, state } = kernel;
  const [first, second] = sorted;
  if (cpus.here.length > 0) {
    const ran = `${cpuNames(cpus.here)} ran on it`;
    return state?.phase === 'panicked' ? `${ran}, and it has panicked` : ran;
  }
  if (proof.contradictions.length > 0) return `it contradicts itself: ${proof.contradictions[0]}`;
  if (hasRegisters) return 'no CPU ran on it';
  if (kernel === first) return second === undefined ? 'no other was found' : whyFirst(first, second);
  if (hasGivenUp(kernel)) return state?.phase === 'panicked' ? 'it has panicked' : 'it was restarting';
  return isEarlier(kernel, first!) ? 'its clock stands earlier' : 'nothing proves that it runs';
}

function whyFirst(first: Judged, second: Judged): string {
  if (second.proof.contradictions.length > 0) return 'what it says of itself agrees';
  if (hasGivenUp(second) && !hasGivenUp(first)) return 'the other has given up the machine';
  return isEarlier(second, first) ? 'its clock stands later' : 'it was found first';
}

const isEarlier = (one: Judged, other: Judged): boolean =>
  one.time !== null && other.time !== null && one.time < other.time;
