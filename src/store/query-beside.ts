// Two files asked as one in SQL: what scans recorded, and beside it what is remembered of other snapshots.
// A snapshot that both know is told by the first alone, or else each of its rows would be there twice.
import type Database from 'better-sqlite3';
import { originFrom, quote, type Schema, viewOf } from './rows.ts';

/** Numbers of snapshots of the file beside begin here, so that each number names one. */
const BEYOND = 2 ** 40;

/** Attaches the file beside, read-only as its connection is, and joins what is about no plugin. */
export function attachBeside(database: Database.Database, path: string): void {
  database.prepare('ATTACH ? AS beside').run(path);
  database.exec(
    `CREATE TEMP TABLE twin AS
       SELECT other.id FROM beside.snapshot other
       JOIN main.snapshot USING (device, inode, size, modified, changed, digest, binding)`,
  );
  joinView(database, 'snapshots', 'id');
  joinView(database, 'notes', 'snapshot_id');
}

function joinView(database: Database.Database, view: string, id: string): void {
  const columns = (database.pragma(`main.table_info(${view})`) as { name: string }[]).map(({ name }) => name);
  const beside = columns.map((name) => (name === id ? `${id} + ${BEYOND}` : quote(name)));
  database.exec(
    `CREATE TEMP VIEW ${view} AS SELECT ${columns.map(quote).join(', ')} FROM main.${view}
     UNION ALL SELECT ${beside.join(', ')} FROM beside.${view} WHERE ${id} NOT IN (SELECT id FROM temp.twin)`,
  );
}

/** The SELECT over a table of rows of one of the files. */
export const selectFrom = (schema: Schema, table: string, columns: readonly string[]): string =>
  schema === 'main'
    ? viewOf(table, columns, { prefix: 'main.', id: 's.id' })
    : `${viewOf(table, columns, { prefix: 'beside.', id: `s.id + ${BEYOND}` })}
       AND s.id NOT IN (SELECT id FROM temp.twin)`;

/** The SELECT of the answers that one of the files has, those of other versions than `temp.newest` names left out. */
export const selectAnswersFrom = (schema: Schema): string => {
  const id = schema === 'main' ? 's.id' : `s.id + ${BEYOND}`;
  return `SELECT ${originFrom(id)}, run.plugin, run.row_count AS "rows", json_array_length(run.notes) AS notes
    FROM ${schema}.run JOIN ${schema}.snapshot s ON s.id = run.snapshot_id JOIN temp.newest USING (plugin, version)
    WHERE run.options = '{}'${schema === 'main' ? '' : ' AND s.id NOT IN (SELECT id FROM temp.twin)'}`;
};
