// Makes of flags who judges. A command that judges one machine wants one baseline and takes the usual policy; a scan of many
// machines wants what the user names, and hears of all that is wrong with it at once.
import { ForensicError, UsageError } from '../base/errors.ts';
import { Flaws } from '../base/flaws.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { BadPolicy } from '../policy/problem.ts';
import type { Severity } from '../policy/verdict.ts';
import { baselineFrom, ofOneMachine, ofTheirMachines } from './baselines.ts';
import { type Judge, judgeOf } from './judge.ts';
import { digestedPolicy, problemLines, soundPolicy, USUAL_POLICY } from './policy-files.ts';

/** What the command line says about judging snapshots of one machine. */
export interface JudgeFlags {
  /** `false` for `--no-policy`; left out, it is the usual one. */
  readonly policy?: readonly string[] | false;
  readonly baseline?: string;
  /** Where what is found is written as known. */
  readonly writeBaseline?: string;
}

/** Who judges snapshots of one machine; nobody where no policy is wanted. @throws Flaws, BadBaseline, UsageError, UnreadableFile */
export async function judgeOfOne<T extends JudgeFlags>(
  { policy = [USUAL_POLICY], baseline, writeBaseline }: T,
  plugins: readonly AnyPlugin[],
): Promise<Judge | undefined> {
  if (policy === false) return undefined;
  const read = await soundPolicy(policy, plugins);
  return judgeOf(read, ofOneMachine(baseline, writeBaseline), plugins);
}

/** Flags of a scan that judges. */
export interface ScanJudgeFlags {
  readonly policy?: readonly string[];
  readonly baseline?: readonly string[];
  readonly failOn?: Severity;
}

/** Who judges in a scan; nobody does where no policy is named. @throws Flaws, UsageError */
export async function judgeOfMany(
  { policy, baseline = [], failOn }: ScanJudgeFlags,
  plugins: readonly AnyPlugin[],
): Promise<Judge | undefined> {
  if (policy === undefined) {
    if (baseline.length > 0) throw new UsageError('--baseline wants --policy: it is of findings');
    if (failOn !== undefined) throw new UsageError('--fail-on wants --policy: it is of findings');
    return undefined;
  }
  const flaws: string[] = [];
  const hear = (error: unknown): undefined => void flaws.push(...linesOf(error));
  const known = baseline.flatMap((file) => {
    try {
      return baselineFrom(file);
    } catch (error) {
      return hear(error) ?? [];
    }
  });
  const read = await digestedPolicy(policy, plugins).catch(hear);
  if (read === undefined || flaws.length > 0) throw new Flaws(flaws);
  return judgeOf(read, ofTheirMachines(known), plugins);
}

/** What is wrong with a file that the user gave. @throws what is no flaw of one */
function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof ForensicError)) throw error;
  return error instanceof BadPolicy ? problemLines(error) : [error.message];
}
