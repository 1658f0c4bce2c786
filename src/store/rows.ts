// Tables of rows: one for each question and version, defined from its columns.
// It also makes the views in the file.
import type Database from 'better-sqlite3';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { sqlTypes } from './values.ts';

/** The columns that every table of rows has besides the plugin's. */
const ROW_COLUMNS: readonly string[] = ['run_id', 'ordinal', 'absent'];

/** What stands before a plugin's own columns in its view: which snapshot the row is of, as SQL over `s`. */
const ORIGIN: readonly (readonly [name: string, from: string])[] = [
  ['snapshot', 's.path'],
  ['snapshot_id', 's.id'],
  ['machine', 's.machine'],
  ['hostname', 's.hostname'],
  ['boot', 's.boot'],
  ['written', 's.written'],
  ['taken', 's.taken'],
];

/** The file that a connection has open, and one that it has attached, by SQLite's names for them. */
export type Schema = 'main' | 'beside';

/** The table that holds the rows of a plugin's version. */
export const tableOf = ({ name, version }: { name: string; version: number }): string =>
  `rows_${name}_${version}`;

/** Column → kind, in the plugin's order. */
export const kindsOf = (plugin: AnyPlugin): Map<string, ColumnKind> =>
  new Map(Object.entries(plugin.columns).map(([name, column]) => [name, kindOf(column)]));

/**
 * Makes the plugin's table, and the view of its name that shows the rows of the newest version with the snapshot
 * that they are of. A table of this version with other columns is a draft of the same plugin: it goes, with the
 * runs it is of.
 */
export function defineRows(database: Database.Database, plugin: AnyPlugin): void {
  if (holdsRows(database, plugin)) return;
  const table = tableOf(plugin);
  if (columnsOf(database, table).length > 0) {
    database.prepare('DELETE FROM run WHERE plugin = ? AND version = ?').run(plugin.name, plugin.version);
    dropRows(database, table);
  }
  const columns = [...kindsOf(plugin)].map(([name, kind]) => `${quote(name)} ${sqlTypes[kind]}`).join(', ');
  database.exec(
    `CREATE TABLE ${quote(table)} (
       run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, ordinal INTEGER NOT NULL,
       ${columns}, absent TEXT, PRIMARY KEY (run_id, ordinal)) WITHOUT ROWID`,
  );
  defineInheritance(database, plugin);
  defineView(database, plugin.name);
}

/** Whether there is a table of the plugin's version, with the columns that the plugin has. */
export function holdsRows(database: Database.Database, plugin: AnyPlugin): boolean {
  const wanted = [...kindsOf(plugin)].map(([name, kind]) => `${name} ${sqlTypes[kind]}`).join(', ');
  const present = columnsOf(database, tableOf(plugin))
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ');
  return present === wanted;
}

/** Makes what stands around every table of rows anew: what an older version of the program made lacks columns, or more. */
export function defineAround(database: Database.Database): void {
  const tables = rowTables(database);
  for (const table of tables) defineInheritance(database, table);
  for (const name of new Set(tables.map((table) => table.name))) defineView(database, name);
}

const triggerOf = (table: string): string => quote(`${table}_heir`);

/**
 * Rows go with their run, unless others have them too: then they become the latest's, which is forgotten last. So a
 * table has an answer once, however many snapshots in a row answer the same.
 */
function defineInheritance(database: Database.Database, plugin: { name: string; version: number }): void {
  const table = tableOf(plugin);
  const others = 'FROM run WHERE rows_of = OLD.id AND id <> OLD.id';
  database.exec(
    `DROP TRIGGER IF EXISTS ${triggerOf(table)};
     CREATE TRIGGER ${triggerOf(table)} BEFORE DELETE ON run
       WHEN OLD.plugin = '${plugin.name}' AND OLD.version = ${plugin.version} AND EXISTS (SELECT 1 ${others})
     BEGIN
       UPDATE ${quote(table)} SET run_id = (SELECT max(id) ${others}) WHERE run_id = OLD.id;
       UPDATE run SET rows_of = (SELECT max(id) ${others}) WHERE rows_of = OLD.id AND id <> OLD.id;
     END`,
  );
}

/** The plugin's own columns as the table has them: none where there is no such table. */
export function columnsOf(
  database: Database.Database,
  table: string,
  schema: Schema = 'main',
): { name: string; type: string }[] {
  const columns = database.pragma(`${schema}.table_info(${quote(table)})`) as {
    name: string;
    type: string;
  }[];
  return columns.filter(({ name }) => !ROW_COLUMNS.includes(name));
}

function defineView(database: Database.Database, plugin: string): void {
  const table = newestTable(database, plugin);
  if (table === undefined) return;
  const columns = columnsOf(database, table).map(({ name }) => `r.${quote(name)}`);
  database.exec(
    `DROP VIEW IF EXISTS ${quote(plugin)};
     CREATE VIEW ${quote(plugin)} AS ${viewOf(table, columns)} ORDER BY run.id, r.ordinal;`,
  );
}

/** Where a view finds its tables, and what it calls a snapshot. */
interface ViewSource {
  /** What stands before the name of a table: empty in a view that is kept in the file of the tables. */
  readonly prefix: string;
  /** The snapshot's number, as SQL over `s`. */
  readonly id: string;
}

/** The SELECT of a view over a table of rows: the answers to the question without options. */
export const viewOf = (
  table: string,
  columns: readonly string[],
  { prefix, id }: ViewSource = { prefix: '', id: 's.id' },
): string =>
  `SELECT ${originFrom(id)},
     ${columns.join(', ')}, r.absent
   FROM ${prefix}${quote(table)} r JOIN ${prefix}run ON run.rows_of = r.run_id
   JOIN ${prefix}snapshot s ON s.id = run.snapshot_id
   WHERE run.options = '{}'`;

/** What stands before a view's own columns, as SQL over `s`. @param id the snapshot's number */
export const originFrom = (id: string): string =>
  ORIGIN.map(([name, from]) => `${name === 'snapshot_id' ? id : from} AS ${name}`).join(', ');

/** The names of the columns that stand in each view before the plugin's own. */
export const originColumns: readonly string[] = ORIGIN.map(([name]) => name);

/** The table of the newest version of a plugin that anything is remembered of. */
function newestTable(database: Database.Database, plugin: string): string | undefined {
  const versions = rowTables(database).filter(({ name }) => name === plugin);
  const newest = versions.sort((a, b) => b.version - a.version)[0];
  return newest === undefined ? undefined : tableOf(newest);
}

/** Every table of rows, by the plugin and version it is of. */
export function rowTables(
  database: Database.Database,
  schema: Schema = 'main',
): { name: string; version: number }[] {
  const tables = database
    .prepare(
      `SELECT name FROM ${schema}.sqlite_schema WHERE type = 'table' AND name LIKE 'rows!_%' ESCAPE '!'`,
    )
    .pluck()
    .all() as string[];
  return tables.flatMap((table) => {
    const [, name, version] = /^rows_(.+)_(\d+)$/.exec(table) ?? [];
    return name === undefined ? [] : [{ name, version: Number(version) }];
  });
}

/** Drops a table of rows and the view over it; what is left of an older version is seen instead. */
export function dropRows(database: Database.Database, table: string): void {
  const views = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' AND instr(sql, ?) > 0")
    .pluck()
    .all(quote(table)) as string[];
  for (const view of views) database.exec(`DROP VIEW ${quote(view)}`);
  database.exec(`DROP TRIGGER IF EXISTS ${triggerOf(table)}; DROP TABLE ${quote(table)}`);
  for (const view of views) defineView(database, view);
}

/** An SQL identifier. Names come from plugins, never from evidence. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
