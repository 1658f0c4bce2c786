// The types of a verdict: severities, findings, and what came of each rule.
// All of it is plain JSON data.
import type { Row } from '../plugin/cell.ts';

/** How grave a finding is, the least first. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a rule over differences looks at: rows that are new, gone, or not as they were. */
export type Change = 'added' | 'removed' | 'changed';

/** A rule as outputs show it. Plain JSON data. */
export interface RuleFacts {
  /** Unique in a policy, in kebab-case: `deleted-executable`. */
  readonly id: string;
  /** A sentence without a full stop: `A program runs whose file is deleted`. */
  readonly title: string;
  readonly severity: Severity;
  /** Why it matters, and what to look at next; null where the policy does not tell. */
  readonly description: string | null;
  /** The question whose rows it judges. */
  readonly plugin: string;
  /** Null for a rule over the rows of one snapshot. */
  readonly change: Change | null;
  /** Techniques of MITRE ATT&CK: `T1036.005`. */
  readonly attack: readonly string[];
  /** Addresses of http or https. */
  readonly references: readonly string[];
  readonly tags: readonly string[];
  /** Where the rule stands: for messages and for outputs that want a place in a file. */
  readonly source: { readonly file: string; readonly line: number };
}

/** Why a finding does not count. */
export interface Suppression {
  /** It was there when the baseline was written, or the policy itself lets it pass. */
  readonly by: 'baseline' | 'policy';
  readonly reason: string;
  /** The last day, `2027-01-31`, on which it does not count; null for ever. */
  readonly expires: string | null;
}

/** One thing that a rule objects to. */
export interface Finding {
  /** The rule's ID. */
  readonly rule: string;
  readonly severity: Severity;
  /** A sentence with cells of the evidence in it: escape it. */
  readonly message: string;
  readonly plugin: string;
  /** The row it is about; of a row that is gone as it was; null where too few or too many rows are the finding. */
  readonly row: Row | null;
  /** The row as it was, for a rule over changed rows. */
  readonly before: Row | null;
  /** 32 hex digits: the same for the same thing in another snapshot of its machine, after a reboot too where the question says what outlasts one. */
  readonly fingerprint: string;
  readonly suppression: Suppression | null;
}

/**
 * What came of a rule. `failed`: it has findings that count. `unevaluated`: it has none, but evidence was missing that
 * might have shown one. `skipped`: it looks at differences, and there was nothing to compare with.
 */
export type Outcome = 'passed' | 'failed' | 'unevaluated' | 'skipped';

/** One rule's verdict. */
export interface RuleVerdict {
  readonly rule: RuleFacts;
  readonly outcome: Outcome;
  /** Suppressed ones too. */
  readonly findings: readonly Finding[];
  /** What kept the rule from being evaluated in whole, as sentences: there may be some beside findings too. */
  readonly unread: readonly string[];
}

/** What a policy says of one snapshot. */
export interface Verdict {
  /** The policy's name: `cloud-linux`. */
  readonly policy: string;
  /** In the policy's order. */
  readonly rules: readonly RuleVerdict[];
  /** What the author of the policy or the baseline should know: suppressions that have expired or match nothing. */
  readonly notes: readonly string[];
}

/** The findings that count, the gravest first. */
export const countedFindings = ({ rules }: Verdict): Finding[] =>
  rules
    .flatMap(({ findings }) => findings.filter(({ suppression }) => suppression === null))
    .sort((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
