// Who judges snapshots: a policy, with what is known of machines already. Check, report and scans all judge by one.
// What a snapshot is held against is the one before it, by the differences that the policy looks at.
import type { Comparable } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { applyBaseline } from '../policy/baseline.ts';
import { type Evidence, judge, type Previous } from '../policy/judge.ts';
import { needsOf, type Policy } from '../policy/policy.ts';
import type { Finding, Verdict } from '../policy/verdict.ts';
import { escapeJson } from '../report/escape.ts';
import { jsonRows } from '../report/verdict/judged.ts';
import type { KnownFindings } from './baselines.ts';
import { previousOf, today } from './previous.ts';

/** Who has an opinion of snapshots. */
export interface Judge {
  /** The name of the policy. */
  readonly policy: string;
  /** Names the policy's texts as they are now. */
  readonly digest: string;
  /** What has to be asked of a snapshot. */
  readonly questions: readonly AnyPlugin[];
  /** Those of them whose differences are looked at. */
  readonly compared: readonly AnyPlugin[];
  /**
   * Called before anything is recorded, and again where a scan was ended meanwhile.
   *
   * @param today `2027-01-31` @throws BadBaseline where what is known is known of another machine
   */
  verdictOn(evidence: Evidence, today: string): Verdict;
  /** What a reader must know to make sense of a verdict on this machine. */
  remarksOn(kernel: KernelFacts): readonly string[];
  /** JSON of the row that a finding is about, as documents have it; null where it is about none. */
  rowText(finding: Finding): string | null;
}

/** A snapshot with its whole answers. */
export interface Examined {
  readonly facts: { readonly snapshot: SnapshotFacts; readonly kernel: KernelFacts };
  readonly known: Comparable;
}

/** Who judges by a policy, and lets pass what is known of the machine at hand. */
export function judgeOf(
  { policy, digest }: { readonly policy: Policy; readonly digest: string },
  known: KnownFindings,
  plugins: readonly AnyPlugin[],
): Judge {
  const needs = needsOf(policy);
  return {
    policy: policy.name,
    digest,
    questions: plugins.filter(({ name }) => needs.answers.has(name)),
    compared: plugins.filter(({ name }) => needs.changes.has(name)),
    verdictOn(evidence, today) {
      known.check(evidence.kernel);
      const verdict = judge(policy, evidence, today);
      return known.of(evidence.kernel, verdict).reduce(applyBaseline, verdict);
    },
    remarksOn: (kernel) => known.remarksOn(kernel),
    rowText: ({ plugin, row }) =>
      row === null ? null : escapeJson(JSON.stringify(jsonRows(plugins, plugin)(row))),
  };
}

/**
 * What a judge says of a snapshot beside the one before it. @param before in words why there is none, where there is none
 * @throws BadBaseline
 */
export function judgeBeside(by: Judge, now: Examined, before: Examined | string, day = today()): Verdict {
  const { facts, known } = now;
  const previous = typeof before === 'string' ? before : beside(by, now, before);
  return by.verdictOn({ ...facts, answers: known.answers, previous }, day);
}

/** Of snapshots that users name, nobody knows yet whether they are of one machine. */
function beside(by: Judge, now: Examined, before: Examined): Previous | string {
  const previous = previousOf(by, now.known, before.known);
  const isOther = previous.comparison.relation.machine === 'other';
  return isOther ? `${before.facts.snapshot.path} is of another machine` : previous;
}
