// The summary of a machine that one screen shows, from the answers to questions that say what they have for it.
// No question is known here by its name.
import { isAbsent, type Row } from '../plugin/cell.ts';
import { numberOf, textOf } from '../plugin/cell-text.ts';
import { type AnyPlugin, listOf } from '../plugin/contract.ts';
import type { Result } from '../plugin/document.ts';
import { Joins, reasonsByProcess } from './reasons.ts';
import { sectionOf } from './sections.ts';
import { connectionLines } from './sockets.ts';
import type { NotableProcess, Reach, TriageSummary } from './summary.ts';

/** The questions that a triage asks, in their order. */
export const triageQuestions = (plugins: readonly AnyPlugin[]): readonly AnyPlugin[] =>
  plugins.filter(({ triage }) => triage !== undefined);

/**
 * Makes the summary from questions' answers and from what was lacking before them. Pure; a question that gave no
 * answer is simply not in the summary.
 */
export function summarize(
  results: readonly Asked[],
  plugins: readonly AnyPlugin[],
  lacking: readonly string[] = [],
): TriageSummary {
  const answered = new Map(results.map((result) => [result.plugin, result.rows]));
  const rowsOf = (question: string): readonly Row[] => answered.get(question) ?? [];
  const [processes, sockets] = [listOf(plugins, 'processes'), connectionsAmong(plugins)];
  const joins = new Joins(plugins, rowsOf);
  const lines = plugins.map((plugin) => connectionLines(plugin, rowsOf(plugin.name)));
  return {
    reach: Object.fromEntries(results.map((result) => [result.plugin, reachOf(result)])),
    lists: { processes: processes?.name ?? null, connections: sockets?.name ?? null },
    processes: processesIn(rowsOf(processes?.name ?? ''), reasonsByProcess(plugins, rowsOf)),
    listening: lines.flatMap(({ listening }) => listening),
    established: lines.flatMap(({ established }) => established),
    sections: plugins.flatMap((plugin) => sectionOf(plugin, rowsOf(plugin.name), joins) ?? []),
    unread: [...lacking, ...results.flatMap(unreadIn)],
  };
}

/** The question whose rows are the machine's connections. */
const connectionsAmong = (plugins: readonly AnyPlugin[]): AnyPlugin | undefined =>
  plugins.find(({ ends }) => ends?.connections !== undefined);

/** A question's answer, and whether it ended in a failure. */
export interface Asked extends Result {
  readonly hasFailed?: boolean;
}

/** Notes say that rows may be missing; a state that cannot be read leaves a row out of every count by states. */
function reachOf({ rows, notes, hasFailed }: Asked): Reach {
  if (hasFailed === true) return rows.length === 0 ? 'not at all' : 'partly';
  return notes.length > 0 || rows.some(({ state }) => state !== undefined && isAbsent(state))
    ? 'partly'
    : 'whole';
}

function processesIn(
  rows: readonly Row[],
  reasons: ReadonlyMap<number, readonly string[]>,
): TriageSummary['processes'] {
  const listed = rows
    .filter((row) => row['kernel'] !== true || row['hidden'] === true)
    .map((row): NotableProcess => {
      const pid = numberOf(row['pid']) ?? 0;
      return {
        pid,
        name: textOf(row['name']),
        args: typeof row['args'] === 'string' ? row['args'] : null,
        uid: numberOf(row['uid']),
        started: row['started'] instanceof Date ? row['started'].toISOString() : null,
        reasons: reasons.get(pid) ?? [],
      };
    })
    .sort(
      (a, b) => b.reasons.length - a.reasons.length || textOf(b.started).localeCompare(textOf(a.started)),
    );
  const kernelThreads = rows.filter((row) => row['kernel'] === true).length;
  return { total: rows.length, kernelThreads, listed };
}

/** Sentences about what an answer lacks. */
function unreadIn({ plugin, rows, notes }: Result): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const cell of Object.values(row))
      if (isAbsent(cell)) counts.set(cell.absent, (counts.get(cell.absent) ?? 0) + 1);
  }
  const absences = [...counts].map(
    ([reason, count]) => `${plugin}: ${count} cell${count === 1 ? '' : 's'} ${reason}`,
  );
  return [...absences, ...notes.map((note) => `${plugin}: ${note}`)];
}
