// Decides what of a verdict is new, compared with the verdict before of the same machine.
// Scans tell only what is new.
import {
  countedFindings,
  type Finding,
  type RuleVerdict,
  SEVERITIES,
  type Severity,
  type Verdict,
} from '../policy/verdict.ts';
import type { KeptVerdict, PastVerdict, UnreadRule } from '../store/findings.ts';
import type { Judge } from './judge.ts';

/** What a policy says of a snapshot, and what of it was not so when it last judged the machine. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The findings that count, the gravest first. */
  readonly counted: readonly Finding[];
  /** Those of them that are new: all for the first snapshot of a machine. */
  readonly fresh: readonly Finding[];
  /** How many counted and are found no more, by rules that could see all and look at no differences. */
  readonly gone: number;
  /** Rules that could not be evaluated. */
  readonly dark: readonly RuleVerdict[];
  /** Those of them that could be, the last time. */
  readonly darkened: readonly RuleVerdict[];
  /** The policy has other texts than the last time: findings may be new because rules are. */
  readonly isOtherPolicy: boolean;
}

/** Weighs a verdict against the one before. Pure. */
export function weigh(verdict: Verdict, digest: string, past: PastVerdict | undefined): Judgement {
  const counted = countedFindings(verdict);
  const dark = verdict.rules.filter(({ outcome }) => outcome === 'unevaluated');
  const known = past?.counted ?? [];
  return {
    verdict,
    counted,
    fresh: beyond(counted, known),
    gone: beyond(known.filter(isLasting(verdict)), findingsOf(verdict)).length,
    dark,
    darkened: dark.filter(({ rule }) => past?.unevaluated.includes(rule.id) !== true),
    isOtherPolicy: past !== undefined && past.digest !== digest,
  };
}

/** Whether a finding of the past would have been made again, were the thing still there. */
const isLasting = ({ rules }: Verdict): ((finding: Named) => boolean) => {
  const seeing = rules.filter(
    ({ rule, outcome, unread }) => rule.change === null && outcome !== 'skipped' && unread.length === 0,
  );
  const ids = new Set(seeing.map(({ rule }) => rule.id));
  return ({ rule }) => ids.has(rule);
};

/** A finding by what names it in several snapshots. Several things may have one name. */
type Named = Pick<Finding, 'rule' | 'fingerprint'>;

/** Those that are not among the others: each of these stands for one. */
function beyond<T extends Named>(findings: readonly T[], others: readonly Named[]): T[] {
  const left = new Map<string, number>();
  const keyOf = ({ rule, fingerprint }: Named): string => `${rule} ${fingerprint}`;
  for (const other of others) left.set(keyOf(other), (left.get(keyOf(other)) ?? 0) + 1);
  return findings.filter((finding) => {
    const count = left.get(keyOf(finding)) ?? 0;
    left.set(keyOf(finding), count - 1);
    return count <= 0;
  });
}

const findingsOf = ({ rules }: Verdict): Finding[] => rules.flatMap(({ findings }) => findings);

/** Whether somebody who wants to hear of this severity and graver ones should hear of it. */
export function isNews({ fresh, darkened }: Judgement, from: Severity = 'info'): boolean {
  const isGrave = ({ severity }: { readonly severity: Severity }): boolean =>
    SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(from);
  return fresh.some(isGrave) || darkened.some(({ rule }) => isGrave(rule));
}

/** Sentences of one rule that are kept; there may be one for each row. */
const MOST_REASONS = 20;

/** A judgement as the store keeps it; without a judge it is about no rows. */
export function keptVerdict({ verdict, fresh }: Judgement, judge: Judge | undefined): KeptVerdict {
  const news = new Set(fresh);
  const rules = { passed: 0, failed: 0, unevaluated: 0, skipped: 0 };
  for (const { outcome } of verdict.rules) rules[outcome]++;
  return {
    policy: verdict.policy,
    digest: judge?.digest ?? '',
    rules,
    unread: verdict.rules.filter(({ unread }) => unread.length > 0).map(unreadRule),
    notes: verdict.notes,
    findings: verdict.rules.flatMap(({ rule, findings }) =>
      findings.map((finding) => ({
        ...{ rule: rule.id, severity: finding.severity, title: rule.title, message: finding.message },
        ...{ plugin: finding.plugin, row: judge?.rowText(finding) ?? null, fingerprint: finding.fingerprint },
        suppressed: finding.suppression?.reason ?? null,
        isNew: news.has(finding),
      })),
    ),
  };
}

/** A rule that could not see all, and some of its reasons. */
export const unreadRule = ({ rule: { id, severity }, outcome, unread }: RuleVerdict): UnreadRule => ({
  rule: id,
  severity,
  outcome,
  reasons:
    unread.length <= MOST_REASONS
      ? unread
      : [...unread.slice(0, MOST_REASONS), `and ${unread.length - MOST_REASONS} more`],
});
