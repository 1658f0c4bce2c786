// Findings that are known already, as files that the command line names have them, and those that are to be known from now on.
// What is known of a machine lets pass what is found of it, and nothing else.
import { replaceFile } from '../files/replace-file.ts';
import { baselineText } from '../files/text-file.ts';
import { version } from '../files/version.ts';
import type { KernelFacts } from '../plugin/document.ts';
import { type Baseline, checkMachine, isOfMachine, makeBaseline, readBaseline } from '../policy/baseline.ts';
import type { Verdict } from '../policy/verdict.ts';

/** What is known of machines. */
export interface KnownFindings {
  /** @throws BadBaseline where what is known is known of another machine, and nothing else was asked for */
  check(kernel: KernelFacts): void;
  /** What is known of this machine. @param verdict without any of it */
  of(kernel: KernelFacts, verdict: Verdict): readonly Baseline[];
  /** What a reader must know to make sense of a verdict on this machine. */
  remarksOn(kernel: KernelFacts): readonly string[];
}

/** @throws BadBaseline, UnreadableFile */
export const baselineFrom = (file: string): Baseline => readBaseline(file, baselineText(file));

/** Baselines of many machines: each counts for its own. */
export function ofTheirMachines(baselines: readonly Baseline[]): KnownFindings {
  const of = (kernel: KernelFacts): Baseline[] => baselines.filter((one) => isOfMachine(one, kernel));
  return {
    check: () => undefined,
    of,
    remarksOn: (kernel) =>
      baselines.length > 0 && of(kernel).length === 0 ? ['no baseline is of this machine'] : [],
  };
}

/**
 * The baseline in one file, and in another what is found now: what is written as known is known at once.
 * @throws BadBaseline, UnreadableFile
 */
export function ofOneMachine(file: string | undefined, written?: string): KnownFindings {
  const known = file === undefined ? undefined : baselineFrom(file);
  return {
    check(kernel) {
      if (known !== undefined) checkMachine(file!, known, kernel);
    },
    of(kernel, verdict) {
      const read = known === undefined ? [] : [known];
      if (written === undefined) return read;
      const made = makeBaseline(version(), kernel, verdict);
      replaceFile(written, `${JSON.stringify(made, null, 2)}\n`);
      return [...read, made];
    },
    remarksOn: () => [],
  };
}
