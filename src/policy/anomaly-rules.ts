// What should not be so between two snapshots of a machine, as findings: no policy needs a rule for it.
// So a clock that was set is told by every output that tells findings, and a baseline or a severity narrows it.
import { createHash } from 'node:crypto';
import { ANOMALIES, type Anomaly, type AnomalyRule } from '../diff/anomalies.ts';
import type { Finding, RuleVerdict, Verdict } from './verdict.ts';

/** What judges where no policy does. */
const BUILT_IN = 'built-in';
/** Facts of the snapshot itself are what this question tells. */
const QUESTION = 'info';

/** A verdict on anomalies alone; null where there are none. */
export const verdictOnAnomalies = (anomalies: readonly Anomaly[]): Verdict | null =>
  anomalies.length === 0 ? null : { policy: BUILT_IN, rules: anomalyRules(anomalies), notes: [] };

/** The rules that anomalies break, each with its findings. */
export function anomalyRules(anomalies: readonly Anomaly[]): RuleVerdict[] {
  const rules = new Set(anomalies.map(({ rule }) => rule));
  return [...rules].map((id) => ({
    rule: factsOf(id),
    outcome: 'failed',
    findings: anomalies.filter(({ rule }) => rule === id).map(findingOf),
    unread: [],
  }));
}

const factsOf = (id: AnomalyRule): RuleVerdict['rule'] => ({
  ...{ id, title: ANOMALIES[id].title, severity: ANOMALIES[id].severity, description: null },
  ...{ plugin: QUESTION, change: 'changed', attack: [], references: [], tags: ['built-in'] },
  source: { file: BUILT_IN, line: 1 },
});

const findingOf = ({ rule, message }: Anomaly): Finding => ({
  ...{ rule, severity: ANOMALIES[rule].severity, message, plugin: QUESTION, row: null, before: null },
  // It happened once, between these snapshots: the next one of its kind is another.
  fingerprint: createHash('sha256')
    .update(JSON.stringify([rule, message]))
    .digest('hex')
    .slice(0, 32),
  suppression: null,
});
