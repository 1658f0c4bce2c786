// Lists what the store holds, and forgets it.
// `vestige cache` uses it.
import type Database from 'better-sqlite3';
import type { AnyPlugin } from '../plugin/contract.ts';
import { explaining } from './file.ts';
import type { SnapshotKey } from './key.ts';
import { dropRows, rowTables, tableOf } from './rows.ts';

/** A line of `vestige cache list`. */
export interface StoredSnapshot {
  readonly id: number;
  readonly path: string;
  /** The state of the file that the answers are about. */
  readonly key: SnapshotKey;
  readonly sizeBytes: number;
  /** Whose memory it is, and when it was taken by that machine's clock (ISO 8601): null where nothing tells. */
  readonly hostname: string | null;
  readonly taken: string | null;
  /** ISO 8601: when it was last asked about. */
  readonly seen: string;
  /** Plugins with a remembered answer. */
  readonly plugins: readonly string[];
  readonly rowCount: number;
  /** What policies found in it and nobody lets pass, when scans recorded it. */
  readonly findingCount: number;
}

/** How much a store holds. */
export interface Holdings {
  readonly snapshots: number;
  readonly answers: number;
  readonly profiles: number;
  /** Of the snapshots, those that scans recorded. */
  readonly recorded: number;
  readonly findings: number;
  /** Messages that nobody has taken yet. */
  readonly waiting: number;
}

/** Looking over what a cache holds, and forgetting it. Every method may throw StoreError. */
export class Upkeep {
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #program: string;

  constructor(path: string, database: Database.Database, program: string) {
    this.#path = path;
    this.#database = database;
    this.#program = program;
  }

  holdings(): Holdings {
    return explaining(
      this.#path,
      () =>
        this.#database
          .prepare(
            `SELECT (SELECT count(*) FROM snapshot) AS snapshots, (SELECT count(*) FROM run) AS answers,
               (SELECT count(*) FROM profile) AS profiles,
               (SELECT count(DISTINCT snapshot_id) FROM scanned) AS recorded,
               (SELECT count(*) FROM finding) AS findings,
               (SELECT count(*) FROM outbox WHERE ended IS NULL) AS waiting`,
          )
          .get() as Holdings,
    );
  }

  /** Every snapshot that something is remembered of, the latest first. */
  snapshots(): StoredSnapshot[] {
    return explaining(this.#path, () => {
      const rows = this.#database
        .prepare(
          `SELECT s.id, s.path, s.size AS sizeBytes, s.seen, s.device, s.inode, s.modified, s.changed, s.digest, s.hostname, s.taken,
             group_concat(DISTINCT run.plugin) AS plugins, coalesce(sum(run.row_count), 0) AS rowCount,
             (SELECT count(*) FROM verdict v JOIN finding f ON f.verdict_id = v.id
              WHERE v.snapshot_id = s.id AND f.suppressed IS NULL) AS findingCount
           FROM snapshot s LEFT JOIN run ON run.snapshot_id = s.id GROUP BY s.id ORDER BY s.seen DESC`,
        )
        .all() as (Omit<StoredSnapshot, 'plugins' | 'key'> & SnapshotKey & { plugins: string | null })[];
      return rows.map(
        ({ id, path, sizeBytes, hostname, taken, seen, rowCount, findingCount, plugins, ...rest }) => ({
          id,
          path,
          key: { sizeBytes, ...rest },
          sizeBytes,
          hostname,
          taken,
          seen,
          plugins: plugins?.split(',') ?? [],
          rowCount,
          findingCount,
        }),
      );
    });
  }

  /** Forgets snapshots for which `isStale` holds, with all their rows. @returns how many */
  forget(isStale: (snapshot: StoredSnapshot) => boolean): number {
    const stale = this.snapshots().filter(isStale);
    explaining(this.#path, () => {
      const remove = this.#database.prepare('DELETE FROM snapshot WHERE id = ?');
      this.#database.transaction(() => stale.forEach(({ id }) => void remove.run(id))).immediate();
    });
    return stale.length;
  }

  /**
   * Forgets answers that will not be asked for again: of other versions of the program or of its plugins, and
   * tables that no answer is in. @returns how many answers
   */
  forgetOutdated(plugins: readonly AnyPlugin[]): number {
    return explaining(this.#path, () =>
      this.#database
        .transaction(() => {
          const current = new Set(plugins.map(tableOf));
          const runs = this.#database
            .prepare('SELECT id, plugin AS name, version, program FROM run')
            .all() as {
            id: number;
            name: string;
            version: number;
            program: string;
          }[];
          const outdated = runs.filter((run) => run.program !== this.#program || !current.has(tableOf(run)));
          const remove = this.#database.prepare('DELETE FROM run WHERE id = ?');
          for (const { id } of outdated) remove.run(id);
          for (const table of rowTables(this.#database).map(tableOf)) {
            if (!current.has(table)) dropRows(this.#database, table);
          }
          return outdated.length;
        })
        .immediate(),
    );
  }

  /** Gives the space of what was forgotten back to the file system. */
  shrink(): void {
    explaining(this.#path, () => this.#database.exec('VACUUM'));
  }

  /** Forgets everything, profiles and what scans have seen and have yet to tell too, and gives the space back. */
  clear(): void {
    explaining(this.#path, () =>
      this.#database
        .transaction(() => {
          this.#database.exec(
            `DELETE FROM snapshot; DELETE FROM profile; DELETE FROM profile_file;
             DELETE FROM scanned; DELETE FROM outbox; DELETE FROM extents; DELETE FROM machine;`,
          );
          for (const table of rowTables(this.#database).map(tableOf)) dropRows(this.#database, table);
        })
        .immediate(),
    );
    this.shrink();
  }
}
