// What a policy found, as short lines and as JSON for `scan` and `watch`.
// `src/report/verdict` has the long forms.
import { type Judgement, unreadRule } from '../../judging/new-findings.ts';
import type { Finding, Severity } from '../../policy/verdict.ts';
import { counted, severitiesText, tallyOf } from '../../report/verdict/judged.ts';

/** Rules that a line names. */
const MOST_NAMES = 2;
/** Letters of a finding in a line of the system's log. */
const MOST_LETTERS = 200;

/** `3 critical, 5 high findings new (shell-on-socket, …)`, and what else a line says of a judgement. Holds no text of the evidence. */
export function judgementTexts({ counted: all, fresh, gone, dark }: Judgement): string[] {
  const none = all.length === 0 ? 'no findings' : `${counted(all.length, 'finding')}, none new`;
  return [
    fresh.length === 0 ? none : freshText(fresh),
    ...(gone === 0 ? [] : [`${counted(gone, 'finding')} gone`]),
    ...(dark.length === 0
      ? []
      : [`${counted(dark.length, 'rule')} not evaluated (${namesText(dark.map(({ rule }) => rule.id))})`]),
  ];
}

function freshText(fresh: readonly Finding[]): string {
  const severities = severitiesText({ bySeverity: bySeverity(fresh) });
  const noun = fresh.length === 1 ? 'finding' : 'findings';
  return `${severities} ${noun} new (${namesText(fresh.map(({ rule }) => rule))})`;
}

function bySeverity(findings: readonly Finding[]): Record<Severity, number> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of findings) counts[severity]++;
  return counts;
}

function namesText(rules: readonly string[]): string {
  const names = [...new Set(rules)];
  const shown = names.slice(0, MOST_NAMES);
  return [...shown, ...(names.length > shown.length ? ['…'] : [])].join(', ');
}

/** What is new, a sentence each, the gravest first: with words of the evidence, so escape them. */
export const freshSentences = ({ fresh }: Judgement): string[] =>
  fresh.map(({ severity, rule, message }) => `${severity} ${rule}: ${message.slice(0, MOST_LETTERS)}`);

/** A judgement as plain JSON data, with no more than so many of the new findings. */
export function judgementJson(
  { verdict, fresh, gone, dark, darkened }: Judgement,
  most: number,
): Readonly<Record<string, unknown>> {
  const facts = new Map(verdict.rules.map(({ rule }) => [rule.id, rule]));
  const { findings, bySeverity: severities, suppressed, rules } = tallyOf(verdict);
  return {
    policy: verdict.policy,
    summary: { findings, bySeverity: severities, suppressed, rules },
    new: fresh.slice(0, most).map(({ rule, severity, message, plugin, fingerprint }) => {
      const { title, attack } = facts.get(rule)!;
      return { rule, severity, title, message, plugin, attack, fingerprint };
    }),
    newLeftOut: Math.max(0, fresh.length - most),
    gone,
    unevaluated: dark.map((rule) => ({
      ...unreadRule(rule),
      outcome: undefined,
      isNew: darkened.includes(rule),
    })),
    notes: verdict.notes,
  };
}
