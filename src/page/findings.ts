// The verdict of a policy as data of the HTML page.
// The gravest findings come first.
import type { AnyPlugin } from '../plugin/contract.ts';
import {
  type Finding,
  type Outcome,
  type RuleVerdict,
  SEVERITIES,
  type Suppression,
  type Verdict,
} from '../policy/verdict.ts';
import type { PageFinding, PageRule, PageVerdict } from './model.ts';
import { fieldsOf } from './tables.ts';

/** Findings of one rule that a page holds; all are counted. */
const MOST_FINDINGS = 1_000;

/** A rule that failed is read first, one that passed last. */
const ORDER: readonly Outcome[] = ['failed', 'unevaluated', 'skipped', 'passed'];

/** A verdict as the page shows it: what is grave first. */
export function pageVerdict(verdict: Verdict, plugins: readonly AnyPlugin[]): PageVerdict {
  const rules = [...verdict.rules].sort(
    (a, b) => ORDER.indexOf(a.outcome) - ORDER.indexOf(b.outcome) || gravity(b) - gravity(a),
  );
  return {
    policy: verdict.policy,
    notes: verdict.notes,
    rules: rules.map((rule) => pageRule(rule, plugins)),
  };
}

const gravity = ({ rule }: RuleVerdict): number => SEVERITIES.indexOf(rule.severity);

function pageRule({ rule, outcome, findings, unread }: RuleVerdict, plugins: readonly AnyPlugin[]): PageRule {
  const plugin = plugins.find(({ name }) => name === rule.plugin);
  // Those that count before those that do not: a page that holds only some holds these.
  const ordered = [...findings].sort(
    (a, b) => Number(a.suppression !== null) - Number(b.suppression !== null),
  );
  return {
    ...{ id: rule.id, title: rule.title, severity: rule.severity, description: rule.description, outcome },
    attack: rule.attack.map((id) => ({ id, href: attackAddress(id) })),
    references: rule.references,
    source: `${rule.source.file}:${rule.source.line}`,
    findings: ordered.slice(0, MOST_FINDINGS).map((finding) => pageFinding(finding, plugin)),
    findingCount: findings.length,
    unread,
  };
}

const pageFinding = (
  { message, row, before, suppression }: Finding,
  plugin: AnyPlugin | undefined,
): PageFinding => ({
  message,
  row: row === null ? null : fieldsOf(plugin, row),
  before: before === null ? null : fieldsOf(plugin, before),
  suppressed: suppression === null ? null : suppressionText(suppression),
});

function suppressionText({ by, reason, expires }: Suppression): string {
  const until = expires === null ? '' : `, until ${expires}`;
  return `by the ${by}${until}: ${reason}`;
}

/** Where MITRE tells of a technique: `T1036.005` is a page below that of `T1036`. */
const attackAddress = (id: string): string =>
  `https://attack.mitre.org/techniques/${id.split('.').map(encodeURIComponent).join('/')}/`;
