import { ForensicError, UsageError } from '../base/errors.ts';
import { baselineText } from '../files/text-file.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts } from '../plugin/document.ts';
import { applyBaseline, type Baseline, isOfMachine, readBaseline } from '../policy/baseline.ts';
import { judge } from '../policy/judge.ts';
import { needsOf, type Policy } from '../policy/policy.ts';
import { BadPolicy } from '../policy/problem.ts';
import type { Severity } from '../policy/verdict.ts';
import { escapeJson } from '../report/escape.ts';
import { jsonRows } from '../report/verdict/judged.ts';
import type { Judge } from '../watch/judge.ts';
import { Flaws } from './flaws.ts';
import { digestedPolicy, problemLines } from './policy-shelf.ts';

/** Flags of a scan that judges. */
export interface JudgeFlags {
  readonly policy?: readonly string[];
  readonly baseline?: readonly string[];
  readonly failOn?: Severity;
}

/** Makes of flags who judges; nobody does where no policy is named. @throws Flaws, UsageError */
export async function judgeFrom(
  flags: JudgeFlags,
  plugins: readonly AnyPlugin[],
): Promise<Judge | undefined> {
  const { policy: words, baseline: files = [], failOn } = flags;
  if (words === undefined) {
    if (files.length > 0) throw new UsageError('--baseline wants --policy: it is of findings');
    if (failOn !== undefined) throw new UsageError('--fail-on wants --policy: it is of findings');
    return undefined;
  }
  const lines: string[] = [];
  const known = files.flatMap((file) => tried(lines, () => readBaseline(file, baselineText(file))) ?? []);
  const read = await digestedPolicy(words, plugins).catch(
    (error: unknown) => void lines.push(...linesOf(error)),
  );
  if (read === undefined || lines.length > 0) throw new Flaws(lines);
  return judgeOf(read, known, plugins);
}

/** Who judges by a policy, and lets pass what baselines know of the machine at hand. */
export function judgeOf(
  { policy, digest }: { readonly policy: Policy; readonly digest: string },
  baselines: readonly Baseline[],
  plugins: readonly AnyPlugin[],
): Judge {
  const needs = needsOf(policy);
  const ofMachine = (kernel: KernelFacts): Baseline[] =>
    baselines.filter((baseline) => isOfMachine(baseline, kernel));
  return {
    digest,
    questions: plugins.filter(({ name }) => needs.answers.has(name)),
    compared: plugins.filter(({ name }) => needs.changes.has(name)),
    verdictOn: (evidence, today) =>
      ofMachine(evidence.kernel).reduce(applyBaseline, judge(policy, evidence, today)),
    remarksOn: (kernel) =>
      baselines.length > 0 && ofMachine(kernel).length === 0 ? ['no baseline is of this machine'] : [],
    rowText: ({ plugin, row }) =>
      row === null ? null : escapeJson(JSON.stringify(jsonRows(plugins, plugin)(row))),
  };
}

/** What `action` gives; undefined where it throws, and then what is wrong is among `lines`. */
function tried(lines: string[], action: () => Baseline): Baseline | undefined {
  try {
    return action();
  } catch (error) {
    lines.push(...linesOf(error));
    return undefined;
  }
}

/** What is wrong with a file that the user gave. @throws what is no flaw of one */
function linesOf(error: unknown): readonly string[] {
  if (!(error instanceof ForensicError)) throw error;
  return error instanceof BadPolicy ? problemLines(error) : [error.message];
}
