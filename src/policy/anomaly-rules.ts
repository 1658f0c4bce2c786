// What should not be so between two snapshots of a machine, as findings: no policy needs a rule for it.
// So a clock that was set is told by every output that tells findings, and a baseline or a severity narrows it.
import { createHash } from 'node:crypto';
import { ANOMALIES, type Anomaly, type AnomalyRule } from '../diff/anomalies.ts';
import type { BuiltInChoice } from './policy.ts';
import type { Finding, RuleVerdict, Severity, Verdict } from './verdict.ts';

/** What judges where no policy does. */
const BUILT_IN = 'built-in';
/** Facts of the snapshot itself are what this question tells. */
const QUESTION = 'info';

/** A verdict on anomalies alone; null where there are none. */
export const verdictOnAnomalies = (anomalies: readonly Anomaly[]): Verdict | null =>
  anomalies.length === 0 ? null : { policy: BUILT_IN, rules: anomalyRules(anomalies), notes: [] };

/** Whether an ID is that of a rule that no policy has to write. */
export const isBuiltIn = (id: string): id is AnomalyRule => Object.hasOwn(ANOMALIES, id);

/** The rules that anomalies break, each with its findings. @param choice what a policy says of them */
export function anomalyRules(anomalies: readonly Anomaly[], choice?: BuiltInChoice): RuleVerdict[] {
  const rules = new Set(anomalies.map(({ rule }) => rule));
  return [...rules].flatMap((id) => {
    if (choice?.disabled.has(id) === true) return [];
    const severity = choice?.severity.get(id) ?? ANOMALIES[id].severity;
    const findings = anomalies
      .filter(({ rule }) => rule === id)
      .map((anomaly) => findingOf(anomaly, severity));
    return [{ rule: factsOf(id, severity), outcome: 'failed' as const, findings, unread: [] }];
  });
}

const factsOf = (id: AnomalyRule, severity: Severity): RuleVerdict['rule'] => ({
  ...{ id, title: ANOMALIES[id].title, severity, description: null },
  ...{ plugin: QUESTION, change: 'changed', attack: [], references: [], tags: ['built-in'] },
  source: { file: BUILT_IN, line: 1 },
});

const findingOf = ({ rule, message }: Anomaly, severity: Severity): Finding => ({
  ...{ rule, severity, message, plugin: QUESTION, row: null, before: null },
  // It happened once, between these snapshots: the next one of its kind is another.
  fingerprint: createHash('sha256')
    .update(JSON.stringify([rule, message]))
    .digest('hex')
    .slice(0, 32),
  suppression: null,
});
