// What every format of verdicts gets: judged snapshots, those that could not be read, and shared wording.
// The formats lie beside it.
import type { ForensicError } from '../../base/errors.ts';
import { type Cell, isAbsent, type Row } from '../../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../../plugin/contract.ts';
import { secretColumns } from '../../plugin/options.ts';
import type { Finding, Outcome, RuleVerdict, Severity, Verdict } from '../../policy/verdict.ts';
import type { Facts } from '../answer.ts';
import { cellJson } from '../cell.ts';

/** A snapshot and what a policy says of it. */
export interface JudgedSnapshot {
  readonly facts: Facts;
  readonly verdict: Verdict;
}

/** A snapshot that could not be read, and so was not judged: an error in every format. */
export interface UnreadSnapshot {
  readonly path: string;
  readonly error: ForensicError;
}

/** What became of all snapshots that a policy was to judge. */
export interface Judgement {
  /** The name of the policy, whether or not any snapshot could be judged by it. */
  readonly policy: string;
  readonly judged: readonly JudgedSnapshot[];
  readonly unread: readonly UnreadSnapshot[];
}

/** Why it could not be read, with the snapshot that it is about where the error does not name it. Quotes the path as it is. */
export const unreadText = ({ path, error: { message } }: UnreadSnapshot): string =>
  message.includes(path) ? message : `${path}: ${message}`;

/** How grave findings are, the gravest first: the order in which every output tells them. */
export const GRAVEST_FIRST: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'info'];

/** Why a rule was skipped, where its verdict does not tell. */
export const NOTHING_BEFORE = 'there is no snapshot to compare with';

/** Findings of one rule that are equally grave. */
export interface Objection {
  readonly rule: RuleVerdict['rule'];
  readonly severity: Severity;
  /** At least one. */
  readonly findings: readonly Finding[];
}

/** The findings that count, by rule: the gravest rules first, rules that are equally grave in the policy's order. */
export const objections = ({ rules }: Verdict): Objection[] =>
  GRAVEST_FIRST.flatMap((severity) =>
    rules.flatMap(({ rule, findings }) => {
      const grave = findings.filter((finding) => counts(finding) && finding.severity === severity);
      return grave.length === 0 ? [] : [{ rule, severity, findings: grave }];
    }),
  );

/** Whether a finding is one that nobody lets pass. */
export const counts = ({ suppression }: Finding): boolean => suppression === null;

/** Rules that evidence was missing for: some of them have findings all the same. */
export const unreadRules = ({ rules }: Verdict): RuleVerdict[] =>
  rules.filter(({ outcome, unread }) => outcome !== 'skipped' && unread.length > 0);

/** What came of a policy's rules, in numbers. */
export interface Tally {
  /** Findings that count. */
  readonly findings: number;
  readonly bySeverity: Readonly<Record<Severity, number>>;
  readonly suppressed: { readonly baseline: number; readonly policy: number };
  /** Rules, by what came of them. */
  readonly rules: Readonly<Record<Outcome, number>>;
}

/** Counts a verdict. */
export function tallyOf({ rules }: Verdict): Tally {
  const bySeverity = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  const suppressed = { baseline: 0, policy: 0 };
  const outcomes = { failed: 0, unevaluated: 0, passed: 0, skipped: 0 };
  let findings = 0;
  for (const { outcome, findings: found } of rules) {
    outcomes[outcome]++;
    for (const { severity, suppression } of found) {
      if (suppression !== null) suppressed[suppression.by]++;
      else {
        bySeverity[severity]++;
        findings++;
      }
    }
  }
  return { findings, bySeverity, suppressed, rules: outcomes };
}

/** What stands for a cell that a verdict does not repeat, as in an answer for what is secret. */
const CONFIDENTIAL = 'hidden';

/** Turns the rows of a question into what JSON holds, whatever columns they have. */
export function jsonRows(plugins: readonly AnyPlugin[], name: string): (row: Row) => Record<string, unknown> {
  const plugin = plugins.find((candidate) => candidate.name === name);
  const kinds = new Map(Object.entries(plugin?.columns ?? {}).map(([column, of]) => [column, kindOf(of)]));
  const confidential = new Set(
    plugin === undefined ? [] : [...(plugin.confidential ?? []), ...secretColumns(plugin)],
  );
  const write = (column: string, cell: Cell): unknown =>
    confidential.has(column) && typeof cell === 'string'
      ? CONFIDENTIAL
      : cellJson(kinds.get(column) ?? kindLike(cell), cell);
  return (row) =>
    Object.fromEntries(Object.entries(row).map(([column, cell]) => [column, write(column, cell)]));
}

/** The kind of a cell of no known column, so far as the cell itself tells: addresses are the only big numbers. */
const kindLike = (cell: Cell): ColumnKind => (typeof cell === 'bigint' ? 'address' : 'text');

/** A cell that stands in a row under one of these names, as text; null where there is none that could be read. */
export function firstCell(row: Row, names: readonly string[]): string | null {
  for (const name of names) {
    const cell = row[name];
    if (cell === undefined || cell === null || cell === '' || isAbsent(cell)) continue;
    return cell instanceof Date ? cell.toISOString() : String(cell);
  }
  return null;
}

/** `1 finding`, `2 findings`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** `2 critical, 1 low`: what of each gravity there is, the gravest first. */
export const severitiesText = ({ bySeverity }: Pick<Tally, 'bySeverity'>): string =>
  GRAVEST_FIRST.flatMap((severity) =>
    bySeverity[severity] === 0 ? [] : [`${bySeverity[severity]} ${severity}`],
  ).join(', ');

/** The page of MITRE that tells of a technique: `T1036.005` → `…/techniques/T1036/005/`. */
export const attackPage = (technique: string): string =>
  `https://attack.mitre.org/techniques/${technique.replace('.', '/')}/`;
