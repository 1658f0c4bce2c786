// The parts of a triage that questions have for themselves: what is odd among their rows, or what rows there are.
// A question says so by `triage`, `why` and `wording.together`.
import type { Row } from '../plugin/cell.ts';
import { type AnyPlugin, processColumn } from '../plugin/contract.ts';
import { lineOf, nounOf } from '../plugin/wording.ts';
import { Joins } from './reasons.ts';
import type { Section, SectionEntry } from './summary.ts';

/** Lines of a part that one screen has room for, where the question does not say. */
const USUAL_LINES = 4;

/** The part of a question; undefined where it has none. */
export function sectionOf(
  plugin: AnyPlugin,
  rows: readonly Row[],
  joins: Joins = new Joins([], () => []),
): Section | undefined {
  const { triage, wording, told, churn } = plugin;
  if (triage === undefined || triage === true) return undefined;
  const shown = triage.churn === undefined ? rows : rows.filter((row) => churn?.(row) !== true);
  const noun = told !== true ? told?.noun : undefined;
  const [kind] =
    typeof noun === 'object' ? noun : rows[0] === undefined ? [plugin.name] : nounOf(plugin, rows[0]);
  const { together } = wording ?? {};
  return {
    question: plugin.name,
    title: triage.title,
    kind,
    total: shown.length,
    counted: triage.counted ?? null,
    passedOver:
      triage.churn === undefined || shown.length === rows.length
        ? null
        : `${rows.length - shown.length} more ${triage.churn}`,
    most: triage.most ?? USUAL_LINES,
    entries: together === undefined ? notable(plugin, shown, joins) : grouped(shown, together),
  };
}

/** Rows that deserve a look. Those of processes are told with these. */
function notable(plugin: AnyPlugin, rows: readonly Row[], joins: Joins): SectionEntry[] {
  const column = processColumn(plugin);
  if (plugin.why === undefined || column !== undefined) return [];
  return rows.flatMap((row) => {
    const reasons = plugin.why!(row, joins.with(row, column));
    return reasons.length === 0 ? [] : [{ what: lineOf(plugin, row), reasons, count: 1 }];
  });
}

/** All rows, those that are alike as one. */
export function grouped(rows: readonly Row[], together: (row: Row) => string): SectionEntry[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const words = together(row);
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  return [...counts].map(([words, count]) => ({ what: `${count} ${words}`, reasons: [], count }));
}
