// Reports that are still to be written into a folder.
// They are recorded with the snapshot, so that a later scan writes them after a failure.
import type Database from 'better-sqlite3';
import { explaining } from './file.ts';

/** A report on a snapshot that is still to be written. */
export interface PendingReport {
  readonly snapshotId: number;
  /** The snapshot's file. */
  readonly path: string;
  readonly machine: string | null;
  readonly hostname: string | null;
  /** What the operator calls the machine; null where nobody said. */
  readonly name: string | null;
  /** The folder of the machine's reports, which no other has; null where it has none yet. */
  readonly place: string | null;
  /** ISO 8601: when its file was written, by the host. */
  readonly written: string;
  /** Another recorded snapshot may be of its machine and of the same second: that alone does not name the report. */
  readonly hasTwin: boolean;
  /** No snapshot of its machine that a scan recorded was written later. */
  readonly isLatest: boolean;
  /** How often it could not be made. */
  readonly tries: number;
}

/** Recorded snapshots of the same machine, as `later`. */
const OTHER = `FROM snapshot later JOIN scanned d ON d.snapshot_id = later.id AND d.outcome = 'recorded'
  WHERE later.machine = s.machine`;

/**
 * Which reports are to be written into which folder. They are put here together with the snapshots that they are
 * about, and stay until they are written: a scan that is ended in between leaves them to the next one. Every method may
 * throw StoreError.
 */
export class PendingReports {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string, database: Database.Database) {
    this.#path = path;
    this.#database = database;
  }

  owe(snapshotId: number, folder: string): void {
    this.#run(
      'INSERT INTO owed_report (snapshot_id, folder, tries) VALUES (?, ?, 0) ON CONFLICT DO NOTHING',
      snapshotId,
      folder,
    );
  }

  /** What a folder still wants, in the order in which the snapshots were written. */
  of(folder: string): PendingReport[] {
    return explaining(this.#path, () => {
      const rows = this.#database
        .prepare(
          `SELECT o.snapshot_id AS snapshotId, s.path, s.machine, s.hostname, m.name, m.folder AS place, s.written, o.tries,
             NOT EXISTS (SELECT 1 ${OTHER} AND (later.written, later.id) > (s.written, s.id)) AS isLatest,
             s.machine IS NULL OR EXISTS (SELECT 1 ${OTHER} AND substr(later.written, 1, 19) = substr(s.written, 1, 19) AND later.id <> s.id) AS hasTwin
           FROM owed_report o JOIN snapshot s ON s.id = o.snapshot_id
           LEFT JOIN machine m ON m.id = s.machine
           JOIN scanned c ON c.snapshot_id = s.id AND c.outcome = 'recorded'
           WHERE o.folder = ? ORDER BY s.written, s.id`,
        )
        .all(folder) as (Omit<PendingReport, 'isLatest' | 'hasTwin'> & {
        isLatest: number;
        hasTwin: number;
      })[];
      return rows.map((row) => ({ ...row, isLatest: row.isLatest !== 0, hasTwin: row.hasTwin !== 0 }));
    });
  }

  /** Gives a machine a folder for its reports: the one that is wanted, or where another machine has that, one of a like name. */
  placeFor(machine: string, wanted: string): string {
    return explaining(this.#path, () => {
      const isTaken = this.#database.prepare('SELECT 1 FROM machine WHERE folder = ? AND id <> ?').pluck();
      let place = wanted;
      for (let number = 2; isTaken.get(place, machine) !== undefined; number++) place = `${wanted}-${number}`;
      this.#run('UPDATE machine SET folder = ? WHERE id = ?', place, machine);
      return place;
    });
  }

  /** Notes that a report could not be made. */
  failed(snapshotId: number, folder: string): void {
    this.#run(
      'UPDATE owed_report SET tries = tries + 1 WHERE snapshot_id = ? AND folder = ?',
      snapshotId,
      folder,
    );
  }

  /** Notes that a report is written, or is not to be any more. */
  settle(snapshotId: number, folder: string): void {
    this.#run('DELETE FROM owed_report WHERE snapshot_id = ? AND folder = ?', snapshotId, folder);
  }

  #run(sql: string, ...values: readonly (number | string)[]): void {
    explaining(this.#path, () => void this.#database.prepare(sql).run(...values));
  }
}
