import type Database from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { sqlTypes } from './values.ts';

/** `VSTG` in ASCII: what marks a SQLite file as a cache of this program (pragma application_id). */
const APPLICATION_ID = 0x56535447;

/** One step each; the number of steps taken is the file's `user_version`. Never change one: add the next. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE snapshot (
     id INTEGER PRIMARY KEY,
     path TEXT NOT NULL,
     device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL,
     modified TEXT NOT NULL, changed TEXT NOT NULL, digest TEXT NOT NULL,
     binding TEXT NOT NULL,
     facts TEXT NOT NULL,
     seen TEXT NOT NULL,
     UNIQUE (device, inode, size, modified, changed, digest, binding)
   );
   CREATE TABLE run (
     id INTEGER PRIMARY KEY,
     snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
     plugin TEXT NOT NULL, version INTEGER NOT NULL, options TEXT NOT NULL,
     notes TEXT NOT NULL,
     row_count INTEGER NOT NULL,
     made TEXT NOT NULL,
     UNIQUE (snapshot_id, plugin, version, options)
   );
   CREATE TABLE profile (build_id TEXT PRIMARY KEY, release TEXT NOT NULL, json TEXT NOT NULL, made TEXT NOT NULL);`,
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
    throw new StoreError(`the file has schema ${version}, and this version knows up to ${MIGRATIONS.length}`);
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

/** The table that holds a plugin's rows, by name and version. */
export const tableOf = ({ name, version }: AnyPlugin): string => `rows_${name}_${version}`;

/** Column → kind, in the plugin's order. */
export const kindsOf = (plugin: AnyPlugin): Map<string, ColumnKind> =>
  new Map(Object.entries(plugin.columns).map(([name, column]) => [name, kindOf(column)]));

/** Makes the plugin's table and its view, which shows the rows of the newest version with the snapshot that they are of. */
export function defineRows(database: Database.Database, plugin: AnyPlugin): void {
  const columns = [...kindsOf(plugin)].map(([name, kind]) => `${quote(name)} ${sqlTypes[kind]}`).join(', ');
  const table = quote(tableOf(plugin));
  const names = Object.keys(plugin.columns)
    .map((name) => `r.${quote(name)}`)
    .join(', ');
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (
       run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, ordinal INTEGER NOT NULL,
       ${columns}, absent TEXT, PRIMARY KEY (run_id, ordinal)) WITHOUT ROWID;
     DROP VIEW IF EXISTS ${quote(plugin.name)};
     CREATE VIEW ${quote(plugin.name)} AS
       SELECT s.path AS snapshot, s.id AS snapshot_id, ${names}, r.absent
       FROM ${table} r JOIN run ON run.id = r.run_id JOIN snapshot s ON s.id = run.snapshot_id
       WHERE run.options = '{}' ORDER BY r.run_id, r.ordinal;`,
  );
}

/** An SQL identifier. Names come from plugins, never from evidence. */
export const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
