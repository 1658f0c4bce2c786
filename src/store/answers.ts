import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { RememberedAnswer } from './door.ts';
import { kindsOf, quote, tableOf } from './rows.ts';
import { UnusableStore } from './unusable.ts';
import { rowReader, rowWriter, type SqlValue } from './values.ts';

/** An answer without its rows. */
export interface RunRow {
  /** The run whose rows these are: another's where the answer was taken over. */
  readonly rowsOf: number;
  /** JSON. */
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
      `SELECT rows_of AS rowsOf, notes, row_count AS rowCount FROM run
       WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program = coalesce(?, program)`,
    )
    .get(snapshotId, plugin.name, plugin.version, options, program) as RunRow | undefined;
  return run === undefined
    ? undefined
    : { rows: readRows(database, plugin, run), notes: JSON.parse(run.notes) as string[] };
}

/** All rows of a run, in their order. @throws UnusableStore where some are lost */
export function readRows(
  database: Database.Database,
  plugin: AnyPlugin,
  run: Pick<RunRow, 'rowsOf' | 'rowCount'>,
): readonly Row[] {
  const kinds = kindsOf(plugin);
  const columns = [...kinds.keys(), 'absent'].map(quote).join(', ');
  const rows = database
    .prepare(`SELECT ${columns} FROM ${quote(tableOf(plugin))} WHERE run_id = ? ORDER BY ordinal`)
    .raw()
    .safeIntegers()
    .all(run.rowsOf) as SqlValue[][];
  if (rows.length !== run.rowCount)
    throw new UnusableStore(`${rows.length} rows of ${run.rowCount} are left`);
  return rows.map(rowReader(kinds));
}

/** Keeps rows as those of a run. */
export function writeRows(
  database: Database.Database,
  plugin: AnyPlugin,
  run: number,
  rows: readonly Row[],
): void {
  const kinds = kindsOf(plugin);
  const places = Array.from({ length: kinds.size + 3 }, () => '?').join(', ');
  const insert = database.prepare(`INSERT INTO ${quote(tableOf(plugin))} VALUES (${places})`);
  const valuesOf = rowWriter(kinds);
  rows.forEach((row, ordinal) => {
    insert.run(valuesOf(row, run, ordinal));
  });
}
