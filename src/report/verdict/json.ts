// Verdicts as JSON.
// `schema/` has their schema.
import type { AnyPlugin } from '../../plugin/contract.ts';
import { type JudgedSnapshot, jsonRows, tallyOf } from './judged.ts';

/**
 * A verdict as plain JSON data: what stands beside `vestige` and `schema` in the document. `summary` counts, `rules`
 * has every rule of the policy in its order with all its findings, suppressed ones too; cells are as in `results`.
 */
export function verdictJson(
  { facts, verdict }: JudgedSnapshot,
  plugins: readonly AnyPlugin[],
): Readonly<Record<string, unknown>> {
  const { findings, bySeverity, suppressed, rules } = tallyOf(verdict);
  return {
    ...facts,
    policy: verdict.policy,
    summary: { findings, bySeverity, suppressed, rules },
    rules: verdict.rules.map(({ rule, outcome, findings: found, unread }) => {
      const write = jsonRows(plugins, rule.plugin);
      return {
        ...rule,
        outcome,
        findings: found.map(({ severity, message, row, before, fingerprint, suppression }) => ({
          severity,
          message,
          row: row && write(row),
          ...(rule.change === 'changed' ? { before: before && write(before) } : {}),
          fingerprint,
          suppression,
        })),
        unread,
      };
    }),
    notes: verdict.notes,
  };
}
