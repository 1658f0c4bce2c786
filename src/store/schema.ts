// The schema of the SQLite file, as steps that are never changed.
// docs/internals/store.md describes it.
import type Database from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import { defineAround } from './rows.ts';
import { UnusableStore } from './unusable.ts';

/** `VSTG` in ASCII: what marks a SQLite file as a cache of this program (pragma application_id). */
export const APPLICATION_ID = 0x56535447;

/**
 * One step each; the number of steps taken is the file's `user_version`. Never change one: add the next at the end.
 * A step is SQL that stands by itself: what it borrowed from the program would change under files that have yet to
 * take it. Views and triggers over rows are no part of it, they are made anew after the last step.
 */
export const MIGRATIONS: readonly string[] = [
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
  // Whose memory a snapshot is and when it was taken, as columns: provenance.ts tells what each means.
  `ALTER TABLE snapshot ADD COLUMN machine TEXT;
   ALTER TABLE snapshot ADD COLUMN boot TEXT;
   ALTER TABLE snapshot ADD COLUMN hostname TEXT;
   ALTER TABLE snapshot ADD COLUMN release TEXT;
   ALTER TABLE snapshot ADD COLUMN architecture TEXT;
   ALTER TABLE snapshot ADD COLUMN taken TEXT;
   UPDATE snapshot SET
     hostname = json_extract(facts, '$.kernel.hostname'),
     release = json_extract(facts, '$.kernel.release'),
     architecture = json_extract(facts, '$.kernel.architecture'),
     taken = coalesce(json_extract(facts, '$.kernel.time'), json_extract(facts, '$.snapshot.takenAt')),
     boot = coalesce(json_extract(facts, '$.kernel.bootId'),
       'since:' || substr(json_extract(facts, '$.kernel.bootTime'), 1, 19) || 'Z'),
     machine = coalesce(json_extract(facts, '$.kernel.machineId'),
       'host:' || nullif(nullif(json_extract(facts, '$.kernel.hostname'), ''), '(none)'))
     WHERE json_valid(facts);
   CREATE INDEX snapshot_history ON snapshot (machine, taken, id);
   CREATE VIEW snapshots AS
     SELECT id, path, machine, hostname, boot, taken, release, architecture,
       CASE WHEN json_valid(facts) THEN json_extract(facts, '$.kernel.buildId') END AS buildId,
       CASE WHEN json_valid(facts) THEN json_extract(facts, '$.snapshot.format') END AS format,
       size, binding, seen
     FROM snapshot;
   CREATE VIEW notes AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.taken, run.plugin, n.value AS note
       FROM run JOIN snapshot s ON s.id = run.snapshot_id, json_each(run.notes) n WHERE run.options = '{}'
     UNION ALL
     SELECT s.path, s.id, s.machine, s.hostname, s.boot, s.taken, NULL, n.value
       FROM snapshot s, json_each(CASE WHEN json_valid(s.facts) THEN s.facts END, '$.snapshot.notes') n
     UNION ALL
     SELECT s.path, s.id, s.machine, s.hostname, s.boot, s.taken, NULL, n.value
       FROM snapshot s, json_each(CASE WHEN json_valid(s.facts) THEN s.facts END, '$.kernel.notes') n;`,
  // What scans have seen of files, and what they have yet to tell: scans.ts and outbox.ts tell what each column means.
  `CREATE TABLE scanned (
     device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL, modified TEXT NOT NULL, changed TEXT NOT NULL,
     path TEXT NOT NULL,
     outcome TEXT NOT NULL,
     snapshot_id INTEGER REFERENCES snapshot ON DELETE SET NULL,
     taken TEXT,
     why TEXT,
     tries INTEGER NOT NULL,
     program TEXT NOT NULL,
     seen TEXT NOT NULL,
     PRIMARY KEY (device, inode, size, modified, changed)
   ) WITHOUT ROWID;
   CREATE INDEX scanned_snapshot ON scanned (snapshot_id);
   CREATE TABLE outbox (
     number INTEGER PRIMARY KEY,
     id TEXT NOT NULL, channel TEXT NOT NULL, body TEXT,
     made TEXT NOT NULL, tries INTEGER NOT NULL, why TEXT, ended TEXT,
     UNIQUE (id, channel)
   );
   CREATE INDEX outbox_waiting ON outbox (channel, number) WHERE ended IS NULL;`,
  // What need not be looked at again: extents.ts tells what each column means.
  `CREATE TABLE extents (
     number INTEGER PRIMARY KEY AUTOINCREMENT,
     machine TEXT NOT NULL, scanner TEXT NOT NULL,
     program TEXT NOT NULL,
     secret BLOB NOT NULL,
     tags BLOB NOT NULL,
     UNIQUE (machine, scanner)
   );
   CREATE TABLE reads (
     run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE,
     basis TEXT NOT NULL,
     reads BLOB NOT NULL
   );
   CREATE INDEX reads_basis ON reads (basis);`,
  // What policies said when snapshots were recorded, and which reports are yet to be written: findings.ts and
  // pending-reports.ts tell what each column means.
  `CREATE TABLE verdict (
     id INTEGER PRIMARY KEY,
     snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
     policy TEXT NOT NULL, digest TEXT NOT NULL,
     program TEXT NOT NULL,
     passed INTEGER NOT NULL, failed INTEGER NOT NULL, unevaluated INTEGER NOT NULL, skipped INTEGER NOT NULL,
     unread TEXT NOT NULL,
     notes TEXT NOT NULL,
     made TEXT NOT NULL,
     UNIQUE (snapshot_id, policy)
   );
   CREATE TABLE finding (
     verdict_id INTEGER NOT NULL REFERENCES verdict ON DELETE CASCADE, ordinal INTEGER NOT NULL,
     rule TEXT NOT NULL, severity TEXT NOT NULL, title TEXT NOT NULL, message TEXT NOT NULL,
     plugin TEXT NOT NULL, "row" TEXT,
     fingerprint TEXT NOT NULL,
     suppressed TEXT,
     is_new INTEGER NOT NULL,
     PRIMARY KEY (verdict_id, ordinal)
   ) WITHOUT ROWID;
   CREATE TABLE owed_report (
     folder TEXT NOT NULL,
     snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
     tries INTEGER NOT NULL,
     PRIMARY KEY (folder, snapshot_id)
   ) WITHOUT ROWID;
   CREATE INDEX owed_report_snapshot ON owed_report (snapshot_id);
   CREATE VIEW findings AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.taken, v.policy, f.rule,
       f.severity, f.title, f.message, f.plugin, f."row" AS "row", f.fingerprint, f.suppressed, f.is_new AS isNew
     FROM finding f JOIN verdict v ON v.id = f.verdict_id JOIN snapshot s ON s.id = v.snapshot_id;
   CREATE VIEW verdicts AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.taken, v.policy,
       v.passed, v.failed, v.unevaluated, v.skipped, v.unread, v.notes
     FROM verdict v JOIN snapshot s ON s.id = v.snapshot_id;`,
  // An answer that was taken over has the rows of the run that it was taken from: rows.ts tells who has them when that goes.
  `ALTER TABLE run ADD COLUMN rows_of INTEGER;
   UPDATE run SET rows_of = id;
   CREATE INDEX run_rows_of ON run (rows_of);`,
  // When a snapshot was written and first seen, by the host: host-time.ts tells what orders snapshots. `boot` and `uptime` of
  // a file that was only looked into tell its place among others; a message knows what it is about.
  `ALTER TABLE snapshot ADD COLUMN written TEXT;
   ALTER TABLE snapshot ADD COLUMN found TEXT;
   UPDATE snapshot SET found = coalesce((SELECT min(made) FROM run WHERE snapshot_id = snapshot.id), seen);
   UPDATE snapshot SET written = min(found,
     coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', CAST(modified AS INTEGER) / 1000000000.0, 'unixepoch'), found));
   DROP INDEX snapshot_history;
   CREATE INDEX snapshot_order ON snapshot (machine, written, id);
   CREATE INDEX snapshot_boot ON snapshot (boot, written);
   ALTER TABLE scanned ADD COLUMN boot TEXT;
   ALTER TABLE scanned ADD COLUMN uptime REAL;
   ALTER TABLE outbox ADD COLUMN snapshot_id INTEGER REFERENCES snapshot ON DELETE SET NULL;
   CREATE INDEX outbox_snapshot ON outbox (snapshot_id);
   DROP VIEW snapshots;
   CREATE VIEW snapshots AS
     SELECT id, path, machine, hostname, boot, written, taken, release, architecture,
       CASE WHEN json_valid(facts) THEN json_extract(facts, '$.kernel.buildId') END AS buildId,
       CASE WHEN json_valid(facts) THEN json_extract(facts, '$.snapshot.format') END AS format,
       size, binding, found, seen
     FROM snapshot;
   DROP VIEW notes;
   CREATE VIEW notes AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.written, s.taken, run.plugin, n.value AS note
       FROM run JOIN snapshot s ON s.id = run.snapshot_id, json_each(run.notes) n WHERE run.options = '{}'
     UNION ALL
     SELECT s.path, s.id, s.machine, s.hostname, s.boot, s.written, s.taken, NULL, n.value
       FROM snapshot s, json_each(CASE WHEN json_valid(s.facts) THEN s.facts END, '$.snapshot.notes') n
     UNION ALL
     SELECT s.path, s.id, s.machine, s.hostname, s.boot, s.written, s.taken, NULL, n.value
       FROM snapshot s, json_each(CASE WHEN json_valid(s.facts) THEN s.facts END, '$.kernel.notes') n;
   DROP VIEW findings;
   CREATE VIEW findings AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.written, s.taken, v.policy, f.rule,
       f.severity, f.title, f.message, f.plugin, f."row" AS "row", f.fingerprint, f.suppressed, f.is_new AS isNew
     FROM finding f JOIN verdict v ON v.id = f.verdict_id JOIN snapshot s ON s.id = v.snapshot_id;
   DROP VIEW verdicts;
   CREATE VIEW verdicts AS
     SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.written, s.taken, v.policy,
       v.passed, v.failed, v.unevaluated, v.skipped, v.unread, v.notes
     FROM verdict v JOIN snapshot s ON s.id = v.snapshot_id;`,
  // What was kept can be told from what has become of it: checksum.ts. What is there already has none.
  `ALTER TABLE run ADD COLUMN checksum TEXT;
   ALTER TABLE snapshot ADD COLUMN facts_checksum TEXT;`,
  // Which machines there are, and what their boots have said of themselves: machines.ts and claims.ts tell what each means.
  `CREATE TABLE machine (id TEXT PRIMARY KEY, name TEXT UNIQUE, folder TEXT UNIQUE) WITHOUT ROWID;
   CREATE TABLE claim (
     machine TEXT NOT NULL REFERENCES machine ON DELETE CASCADE,
     boot TEXT NOT NULL, machine_id TEXT NOT NULL, hostname TEXT NOT NULL, traits TEXT NOT NULL,
     first TEXT NOT NULL, last TEXT NOT NULL,
     taken TEXT, uptime REAL,
     told INTEGER NOT NULL,
     PRIMARY KEY (machine, boot, machine_id, hostname, traits)
   ) WITHOUT ROWID;
   CREATE INDEX claim_boot ON claim (boot);
   CREATE INDEX claim_machine_id ON claim (machine_id);
   CREATE INDEX claim_hostname ON claim (hostname);
   CREATE INDEX claim_traits ON claim (traits) WHERE boot = '';
   INSERT INTO machine (id) SELECT DISTINCT machine FROM snapshot WHERE machine IS NOT NULL;
   INSERT INTO claim (machine, boot, machine_id, hostname, traits, first, last, taken, uptime, told)
     SELECT machine, coalesce(json_extract(facts, '$.kernel.bootId'), ''), coalesce(json_extract(facts, '$.kernel.machineId'), ''),
       CASE WHEN hostname IS NULL OR hostname = '(none)' THEN '' ELSE hostname END,
       json_object('architecture', coalesce(architecture, ''), 'banner', coalesce(json_extract(facts, '$.kernel.banner'), ''),
         'kaslr', json_object('virtual', json_extract(facts, '$.kernel.kaslr.virtual'),
           'physical', json_extract(facts, '$.kernel.kaslr.physical')),
         'cpus', json_extract(facts, '$.kernel.cpus')) AS traits,
       min(written), max(written), max(json_extract(facts, '$.kernel.time')),
       max(json_extract(facts, '$.kernel.uptimeSeconds')), 1
     FROM snapshot WHERE machine IS NOT NULL AND json_valid(facts) GROUP BY 1, 2, 3, 4, 5;
   DROP VIEW snapshots;
   CREATE VIEW snapshots AS
     SELECT s.id, s.path, s.machine, m.name, s.hostname, s.boot, s.written, s.taken, s.release, s.architecture,
       CASE WHEN json_valid(s.facts) THEN json_extract(s.facts, '$.kernel.buildId') END AS buildId,
       CASE WHEN json_valid(s.facts) THEN json_extract(s.facts, '$.snapshot.format') END AS format,
       s.size, s.binding, s.found, s.seen
     FROM snapshot s LEFT JOIN machine m ON m.id = s.machine;`,
];

/** Makes a new file a cache, or brings an older one up to date. @throws StoreError where the file is another program's or a newer version's */
export function migrate(database: Database.Database): void {
  if (isCurrent(database)) return;
  database
    .transaction(() => {
      // Another process may have been faster between the look and the lock, even one of a newer version.
      if (isCurrent(database)) return;
      for (const step of MIGRATIONS.slice(versionOf(database))) database.exec(step);
      defineAround(database);
      database.pragma(`application_id = ${APPLICATION_ID}`);
      database.pragma(`user_version = ${MIGRATIONS.length}`);
    })
    .immediate();
}

/** Refuses a file of a schema that only a newer version knows. @throws UnusableStore */
export function refuseNewer(version: number): void {
  if (version > MIGRATIONS.length) {
    throw new UnusableStore(
      `the file has schema ${version}, and this version knows up to ${MIGRATIONS.length}`,
    );
  }
}

/** Whether no step is left to take. @throws StoreError where none may be taken */
function isCurrent(database: Database.Database): boolean {
  const id = Number(database.pragma('application_id', { simple: true }));
  const version = versionOf(database);
  if (id === APPLICATION_ID && version === MIGRATIONS.length) return true;
  if (id !== APPLICATION_ID && (id !== 0 || version !== 0 || tableCount(database) > 0)) {
    throw new StoreError('the file is a database of another program');
  }
  refuseNewer(version);
  return false;
}

const versionOf = (database: Database.Database): number =>
  Number(database.pragma('user_version', { simple: true }));

const tableCount = (database: Database.Database): number =>
  Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get());
