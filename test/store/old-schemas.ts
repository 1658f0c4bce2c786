/**
 * Caches as older versions of the program made them, by the number of their schema: written out here, so that no
 * change of the program changes them. Each has the answer of `drawn` about snapshot 1, one row of pid 7.
 */
const FIRST = `
  PRAGMA application_id = 0x56535447;
  CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY, path TEXT NOT NULL,
    device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL,
    modified TEXT NOT NULL, changed TEXT NOT NULL, digest TEXT NOT NULL,
    binding TEXT NOT NULL, program TEXT NOT NULL, facts TEXT NOT NULL, seen TEXT NOT NULL,
    UNIQUE (device, inode, size, modified, changed, digest, binding));
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    snapshot_id INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
    plugin TEXT NOT NULL, version INTEGER NOT NULL, options TEXT NOT NULL, program TEXT NOT NULL,
    notes TEXT NOT NULL, row_count INTEGER NOT NULL, made TEXT NOT NULL,
    UNIQUE (snapshot_id, plugin, version, options));
  CREATE TABLE rows_drawn_1 (
    run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE, ordinal INTEGER NOT NULL,
    pid INTEGER, big INTEGER, name TEXT, kernel INTEGER, task INTEGER, started TEXT, cpuTime REAL,
    absent TEXT, PRIMARY KEY (run_id, ordinal)) WITHOUT ROWID;
  CREATE VIEW drawn AS
    SELECT s.path AS snapshot, s.id AS snapshot_id, r.pid, r.big, r.name, r.kernel, r.task, r.started, r.cpuTime, r.absent
    FROM rows_drawn_1 r JOIN run ON run.id = r.run_id JOIN snapshot s ON s.id = run.snapshot_id
    WHERE run.options = '{}' ORDER BY r.run_id, r.ordinal;
  PRAGMA foreign_keys = OFF;
  INSERT INTO run VALUES (1, 1, 'drawn', 1, '{}', '1', '["n"]', 1, '2026');
  INSERT INTO rows_drawn_1 (run_id, ordinal, pid) VALUES (1, 0, 7);`;

const PROFILES = `
  CREATE TABLE profile (
    banner TEXT NOT NULL, build_id TEXT NOT NULL, release TEXT NOT NULL, json TEXT NOT NULL,
    origin TEXT, size INTEGER, modified TEXT, made TEXT NOT NULL, PRIMARY KEY (banner, build_id));
  CREATE INDEX profile_build_id ON profile (build_id);
  CREATE TABLE profile_file (path TEXT PRIMARY KEY, size INTEGER NOT NULL, modified TEXT NOT NULL, banner TEXT NOT NULL);`;

const PLACES = `
  ALTER TABLE snapshot ADD COLUMN machine TEXT;
  ALTER TABLE snapshot ADD COLUMN boot TEXT;
  ALTER TABLE snapshot ADD COLUMN hostname TEXT;
  ALTER TABLE snapshot ADD COLUMN release TEXT;
  ALTER TABLE snapshot ADD COLUMN architecture TEXT;
  ALTER TABLE snapshot ADD COLUMN taken TEXT;
  CREATE INDEX snapshot_history ON snapshot (machine, taken, id);
  CREATE VIEW snapshots AS
    SELECT id, path, machine, hostname, boot, taken, release, architecture,
      CASE WHEN json_valid(facts) THEN json_extract(facts, '$.kernel.buildId') END AS buildId,
      CASE WHEN json_valid(facts) THEN json_extract(facts, '$.snapshot.format') END AS format,
      size, binding, seen
    FROM snapshot;
  CREATE VIEW notes AS
    SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.taken, run.plugin, n.value AS note
    FROM run JOIN snapshot s ON s.id = run.snapshot_id, json_each(run.notes) n WHERE run.options = '{}';
  DROP VIEW drawn;
  CREATE VIEW drawn AS
    SELECT s.path AS snapshot, s.id AS snapshot_id, s.machine, s.hostname, s.boot, s.taken,
      r.pid, r.big, r.name, r.kernel, r.task, r.started, r.cpuTime, r.absent
    FROM rows_drawn_1 r JOIN run ON run.id = r.run_id JOIN snapshot s ON s.id = run.snapshot_id
    WHERE run.options = '{}' ORDER BY r.run_id, r.ordinal;`;

const SCANS = `
  CREATE TABLE scanned (
    device TEXT NOT NULL, inode TEXT NOT NULL, size INTEGER NOT NULL, modified TEXT NOT NULL, changed TEXT NOT NULL,
    path TEXT NOT NULL, outcome TEXT NOT NULL,
    snapshot_id INTEGER REFERENCES snapshot ON DELETE SET NULL,
    taken TEXT, why TEXT, tries INTEGER NOT NULL, program TEXT NOT NULL, seen TEXT NOT NULL,
    PRIMARY KEY (device, inode, size, modified, changed)) WITHOUT ROWID;
  CREATE INDEX scanned_snapshot ON scanned (snapshot_id);
  CREATE TABLE outbox (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, channel TEXT NOT NULL, body TEXT,
    made TEXT NOT NULL, tries INTEGER NOT NULL, why TEXT, ended TEXT, UNIQUE (id, channel));
  CREATE INDEX outbox_waiting ON outbox (channel, number) WHERE ended IS NULL;`;

const EXTENTS = `
  CREATE TABLE extents (
    number INTEGER PRIMARY KEY AUTOINCREMENT, machine TEXT NOT NULL, scanner TEXT NOT NULL,
    program TEXT NOT NULL, secret BLOB NOT NULL, tags BLOB NOT NULL, UNIQUE (machine, scanner));
  CREATE TABLE reads (
    run_id INTEGER PRIMARY KEY REFERENCES run ON DELETE CASCADE, basis TEXT NOT NULL, reads BLOB NOT NULL);
  CREATE INDEX reads_basis ON reads (basis);`;

const VERDICTS = `
  CREATE TABLE verdict (
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
    FROM verdict v JOIN snapshot s ON s.id = v.snapshot_id;`;

/** The nth is of schema n + 1. From the third on a snapshot has its place as columns. */
export const OLD_SCHEMAS: readonly string[] = [
  `${FIRST}
  CREATE TABLE profile (build_id TEXT PRIMARY KEY, release TEXT NOT NULL, json TEXT NOT NULL, made TEXT NOT NULL);
  PRAGMA user_version = 1;`,
  `${FIRST}${PROFILES}
  PRAGMA user_version = 2;`,
  `${FIRST}${PROFILES}${PLACES}
  PRAGMA user_version = 3;`,
  `${FIRST}${PROFILES}${PLACES}${SCANS}
  PRAGMA user_version = 4;`,
  `${FIRST}${PROFILES}${PLACES}${SCANS}${EXTENTS}
  PRAGMA user_version = 5;`,
  `${FIRST}${PROFILES}${PLACES}${SCANS}${EXTENTS}${VERDICTS}
  PRAGMA user_version = 6;`,
];
