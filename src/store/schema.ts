import type Database from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { UnusableStore } from './unusable.ts';
import { sqlTypes } from './values.ts';

/** `VSTG` in ASCII: what marks a SQLite file as a cache of this program (pragma application_id). */
export const APPLICATION_ID = 0x56535447;

/** One step each; the number of steps taken is the file's `user_version`. Never change one: add the next. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE snapshot (
     id INTEGER PRIMARY KEY,
     path TEXT NOT NULL,
     device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL,
     modified TEXT NOT NULL, changed TEXT NOT NULL, digest TEXT NOT NULL,
     binding TEXT NOT NULL,
     program TEXT NOT NULL,
     facts TEXT NOT NULL,
     seen TEXT NOT NULL,
     UNIQUE (device, inode, size, modified, changed, digest, binding)
   );
   CREATE TABLE run (
     id INTEGER PRIMARY KEY,
     snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
     plugin TEXT NOT NULL, version INTEGER NOT NULL, options TEXT NOT NULL,
     program TEXT NOT NULL,
     notes TEXT NOT NULL,
     row_count INTEGER NOT NULL,
     made TEXT NOT NULL,
     UNIQUE (snapshot_id, plugin, version, options)
   );
   CREATE TABLE profile (build_id TEXT PRIMARY KEY, release TEXT NOT NULL, json TEXT NOT NULL, made TEXT NOT NULL);`,
  // Profiles are also asked for by banner, may have no build ID (then it is empty), and may come from a file.
  `CREATE TABLE kept (
     banner TEXT NOT NULL, build_id TEXT NOT NULL, release TEXT NOT NULL, json TEXT NOT NULL,
     origin TEXT, size INTEGER, modified TEXT,
     made TEXT NOT NULL,
     PRIMARY KEY (banner, build_id)
   );
   INSERT OR REPLACE INTO kept (banner, build_id, release, json, made)
     SELECT json_extract(json, '$.banner'), build_id, release, json, made FROM profile
     WHERE json_valid(json) AND json_type(json, '$.banner') = 'text' AND build_id IS NOT NULL;
   DROP TABLE profile;
   ALTER TABLE kept RENAME TO profile;
   CREATE INDEX profile_build_id ON profile (build_id);
   CREATE TABLE profile_file (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified TEXT NOT NULL, banner TEXT NOT NULL);`,
];

/** Makes a new file a cache, or brings an older one up to date. @throws StoreError where the file is another program's or a newer version's */
export function migrate(database: Database.Database): void {
  const id = Number(database.pragma('application_id', { simple: true }));
  const version = Number(database.pragma('user_version', { simple: true }));
  if (id === APPLICATION_ID && version === MIGRATIONS.length) return;
  if (id !== APPLICATION_ID && (id !== 0 || version !== 0 || tableCount(database) > 0)) {
    throw new StoreError('the file is a database of another program');
  }
  if (version > MIGRATIONS.length) {
    throw new UnusableStore(
      `the file has schema ${version}, and this version knows up to ${MIGRATIONS.length}`,
    );
  }
  database
    .transaction(() => {
      // Another process may have been faster between the look and the lock.
      const now = Number(database.pragma('user_version', { simple: true }));
      for (const step of MIGRATIONS.slice(now)) database.exec(step);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}

const tableCount = (database: Database.Database): number =>
  Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());

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
  const table = tableOf(plugin);
  const wanted = [...kindsOf(plugin)].map(([name, kind]) => `${name} ${sqlTypes[kind]}`).join(', ');
  const present = columnsOf(database, table);
  if (present === wanted) return;
  if (present !== '') {
    database.prepare('DELETE FROM run WHERE plugin = ? AND version = ?').run(plugin.name, plugin.version);
    dropRows(database, table);
  }
  const columns = [...kindsOf(plugin)].map(([name, kind]) => `${quote(name)} ${sqlTypes[kind]}`).join(', ');
  database.exec(
    `CREATE TABLE ${quote(table)} (
       run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, ordinal INTEGER NOT NULL,
       ${columns}, absent TEXT, PRIMARY KEY (run_id, ordinal)) WITHOUT ROWID`,
  );
  defineView(database, plugin);
}

/** The plugin's own columns as the table has them: empty where there is no such table. */
function columnsOf(database: Database.Database, table: string): string {
  const columns = database.pragma(`table_info(${quote(table)})`) as { name: string; type: string }[];
  return columns
    .filter(({ name }) => !ROW_COLUMNS.includes(name))
    .map(({ name, type }) => `${name} ${type}`)
    .join(', ');
}

/** The columns that every table of rows has besides the plugin's. */
const ROW_COLUMNS: readonly string[] = ['run_id', 'ordinal', 'absent'];

function defineView(database: Database.Database, plugin: AnyPlugin): void {
  if (rowTables(database).some(({ name, version }) => name === plugin.name && version > plugin.version))
    return;
  const names = Object.keys(plugin.columns)
    .map((name) => `r.${quote(name)}`)
    .join(', ');
  database.exec(
    `DROP VIEW IF EXISTS ${quote(plugin.name)};
     CREATE VIEW ${quote(plugin.name)} AS
       SELECT s.path AS snapshot, s.id AS snapshot_id, ${names}, r.absent
       FROM ${quote(tableOf(plugin))} r JOIN run ON run.id = r.run_id JOIN snapshot s ON s.id = run.snapshot_id
       WHERE run.options = '{}' ORDER BY r.run_id, r.ordinal;`,
  );
}

/** Every table of rows, by the plugin and version it is of. */
export function rowTables(database: Database.Database): { name: string; version: number }[] {
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rows!_%' ESCAPE '!'")
    .pluck()
    .all() as string[];
  return tables.flatMap((table) => {
    const [, name, version] = /^rows_(.+)_(\d+)$/.exec(table) ?? [];
    return name === undefined ? [] : [{ name, version: Number(version) }];
  });
}

/** Drops a table of rows and the view over it, if there is one. */
export function dropRows(database: Database.Database, table: string): void {
  const views = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'view' AND instr(sql, ?) > 0")
    .pluck()
    .all(quote(table)) as string[];
  for (const view of views) database.exec(`DROP VIEW ${quote(view)}`);
  database.exec(`DROP TABLE ${quote(table)}`);
}

/** An SQL identifier. Names come from plugins, never from evidence. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
