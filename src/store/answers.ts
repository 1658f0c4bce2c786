// Writes answers to SQLite and reads them again.
// A checksum tells an answer that was damaged.
import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { Checksum } from './checksum.ts';
import { DamagedAnswer } from './forgotten.ts';
import type { RememberedAnswer } from './remembered.ts';
import { kindsOf, quote, tableOf } from './rows.ts';
import { rowReader, rowWriter, type SqlValue } from './values.ts';

/** An answer without its rows. */
export interface RunRow {
  readonly id: number;
  /** The run whose rows these are: another's where the answer was taken over. */
  readonly rowsOf: number;
  /** JSON. */
  readonly notes: string;
  readonly rowCount: number;
  /** The checksum of rows and notes; null where a version of the program that made none kept it. */
  readonly checksum: string | null;
}

/** What of a run's table a `RunRow` is. */
export const RUN_COLUMNS = 'run.id, rows_of AS rowsOf, run.notes, row_count AS rowCount, run.checksum';

/**
 * The answer to one question about a snapshot, by its number; `program` undefined takes that of any version.
 * @throws DamagedAnswer
 */
export function readAnswer(
  database: Database.Database,
  snapshotId: number,
  plugin: AnyPlugin,
  options: string,
  program?: string,
): RememberedAnswer | undefined {
  const run = database
    .prepare(
      `SELECT ${RUN_COLUMNS} FROM run
       WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program = coalesce(?, program)`,
    )
    .get(snapshotId, plugin.name, plugin.version, options, program) as RunRow | undefined;
  return run === undefined
    ? undefined
    : { rows: readRows(database, plugin, run), notes: JSON.parse(run.notes) as string[] };
}

/** All rows of a run, in their order. @throws DamagedAnswer where they are not those that were kept */
export function readRows(database: Database.Database, plugin: AnyPlugin, run: RunRow): readonly Row[] {
  const kinds = kindsOf(plugin);
  const columns = [...kinds.keys(), 'absent'].map(quote).join(', ');
  const rows = database
    .prepare(`SELECT ${columns} FROM ${quote(tableOf(plugin))} WHERE run_id = ? ORDER BY ordinal`)
    .raw()
    .safeIntegers()
    .all(run.rowsOf) as SqlValue[][];
  if (rows.length !== run.rowCount)
    throw new DamagedAnswer(`${rows.length} rows of ${run.rowCount} are left`, run.id);
  if (run.checksum !== null) {
    const checksum = new Checksum();
    for (const row of rows) checksum.add(row);
    if (checksum.end(run.notes) !== run.checksum)
      throw new DamagedAnswer(`the answer of ${plugin.name} is not what was kept`, run.id);
  }
  return rows.map(rowReader(kinds));
}

/** Keeps rows as those of a run. @param notes the run's, as they are kept @returns the checksum of both */
export function writeRows(
  database: Database.Database,
  plugin: AnyPlugin,
  run: number,
  rows: Iterable<Row>,
  notes: string,
): string {
  const kinds = kindsOf(plugin);
  const places = Array.from({ length: kinds.size + FRONT + 1 }, () => '?').join(', ');
  const insert = database.prepare(`INSERT INTO ${quote(tableOf(plugin))} VALUES (${places})`);
  const valuesOf = rowWriter(kinds);
  const checksum = new Checksum();
  let ordinal = 0;
  for (const row of rows) {
    const values = valuesOf(row, run, ordinal++);
    insert.run(values);
    checksum.add(values.slice(FRONT));
  }
  return checksum.end(notes);
}

/** Columns in front of the plugin's: which run, and which row of it. */
const FRONT = 2;
