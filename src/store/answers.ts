import type Database from 'better-sqlite3';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedAnswer } from './door.ts';
import { kindsOf, quote, tableOf } from './rows.ts';
import { UnusableStore } from './unusable.ts';
import { fromSql, type SqlValue } from './values.ts';

interface RunRow {
  readonly id: number;
  readonly notes: string;
  readonly rowCount: number;
}

/** The answer to one question about a snapshot, by its number; `program` undefined takes that of any version. */
export function readAnswer(
  database: Database.Database,
  snapshotId: number,
  plugin: AnyPlugin,
  options: string,
  program?: string,
): RememberedAnswer | undefined {
  const run = database
    .prepare(
      `SELECT id, notes, row_count AS rowCount FROM run
       WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program = coalesce(?, program)`,
    )
    .get(snapshotId, plugin.name, plugin.version, options, program) as RunRow | undefined;
  if (run === undefined) return undefined;
  const kinds = kindsOf(plugin);
  const columns = [...kinds.keys(), 'absent'].map(quote).join(', ');
  const rows = database
    .prepare(`SELECT ${columns} FROM ${quote(tableOf(plugin))} WHERE run_id = ? ORDER BY ordinal`)
    .raw()
    .safeIntegers()
    .all(run.id) as SqlValue[][];
  if (rows.length !== run.rowCount)
    throw new UnusableStore(`${rows.length} rows of ${run.rowCount} are left`);
  return {
    rows: rows.map((values) => fromSql(values, values.at(-1) as string | null, kinds)),
    notes: JSON.parse(run.notes) as string[],
  };
}
