import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { ForensicError, StoreError } from '../base/errors.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { type Profile, type ProfileShelf, readProfile, writeProfile } from '../profile/profile.ts';
import type { SnapshotKey } from './key.ts';
import { defineRows, kindsOf, migrate, quote, tableOf } from './schema.ts';
import { fromSql, type SqlValue, toSql } from './values.ts';

/** What is remembered of a snapshot besides rows. */
export interface RememberedFacts {
  readonly snapshot: SnapshotFacts;
  readonly kernel: KernelFacts;
}

/** One plugin's whole answer: all rows, all columns. */
export interface RememberedAnswer {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** A line of `vestige cache list`. */
export interface StoredSnapshot {
  readonly id: number;
  readonly path: string;
  readonly sizeBytes: number;
  /** ISO 8601: when it was last asked about. */
  readonly seen: string;
  /** Plugins with a remembered answer. */
  readonly plugins: readonly string[];
  readonly rowCount: number;
}

/** Which snapshot, bound how: `binding` names a base address or a profile that the user forced, or is empty. */
export interface SnapshotIdentity {
  readonly path: string;
  readonly key: SnapshotKey;
  readonly binding: string;
}

/** How long a writer waits for another, in milliseconds. */
const PATIENCE_MS = 5_000;

/**
 * What earlier runs found, in one SQLite file: rows by plugin, and profiles by build. Every method may throw
 * StoreError, and a caller that goes on without loses speed only.
 */
export class Store implements ProfileShelf {
  readonly path: string;
  readonly #database: Database.Database;

  private constructor(path: string, database: Database.Database) {
    this.path = path;
    this.#database = database;
  }

  /** Opens the cache, making it (and its folder) for its owner alone where it is not there. @throws StoreError */
  static open(path: string): Store {
    return explaining(path, () => {
      const readonly = !makeWritable(path);
      const database = new Database(path, { timeout: PATIENCE_MS, readonly });
      try {
        if (!readonly) database.pragma('journal_mode = WAL');
        database.pragma('synchronous = NORMAL');
        database.pragma('foreign_keys = ON');
        migrate(database);
      } catch (error) {
        database.close();
        throw error;
      }
      return new Store(path, database);
    });
  }

  /** What was learned of the snapshot itself when it was first bound. */
  facts(identity: SnapshotIdentity): RememberedFacts | undefined {
    return explaining(this.path, () => {
      const found = this.#snapshotRow(identity);
      if (found === undefined) return undefined;
      const facts = JSON.parse(found.facts) as RememberedFacts;
      return { ...facts, snapshot: { ...facts.snapshot, path: identity.path } };
    });
  }

  /** The answer of a plugin with these options, as it was given the first time. */
  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined {
    return explaining(this.path, () => {
      const snapshot = this.#snapshotRow(identity);
      if (snapshot === undefined) return undefined;
      const run = this.#database
        .prepare(
          'SELECT id, notes FROM run WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ?',
        )
        .get(snapshot.id, plugin.name, plugin.version, options) as { id: number; notes: string } | undefined;
      if (run === undefined) return undefined;
      const kinds = kindsOf(plugin);
      const columns = [...kinds.keys(), 'absent'].map(quote).join(', ');
      const rows = this.#database
        .prepare(`SELECT ${columns} FROM ${quote(tableOf(plugin))} WHERE run_id = ? ORDER BY ordinal`)
        .raw()
        .safeIntegers()
        .all(run.id) as SqlValue[][];
      return {
        rows: rows.map((values) => fromSql(values, values.at(-1) as string | null, kinds)),
        notes: JSON.parse(run.notes) as string[],
      };
    });
  }

  /** Remembers an answer, all of it or nothing. */
  keep(
    identity: SnapshotIdentity,
    facts: RememberedFacts,
    plugin: AnyPlugin,
    options: string,
    answer: RememberedAnswer,
  ): void {
    explaining(this.path, () => {
      this.#database
        .transaction(() => {
          defineRows(this.#database, plugin);
          this.#write(this.#remember(identity, facts), plugin, options, answer);
        })
        .immediate();
    });
  }

  /** The profile of the build with this GNU build ID; an unsound one counts as none. */
  findProfile(buildId: string): Profile | undefined {
    return explaining(this.path, () => {
      const json = this.#database.prepare('SELECT json FROM profile WHERE build_id = ?').pluck().get(buildId);
      if (typeof json !== 'string') return undefined;
      try {
        return readProfile(json, `profile of ${buildId}`);
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
        return undefined; // written by a newer version: this one makes its own
      }
    });
  }

  keepProfile(profile: Profile): void {
    explaining(this.path, () => {
      this.#database
        .prepare('INSERT OR REPLACE INTO profile (build_id, release, json, made) VALUES (?, ?, ?, ?)')
        .run(profile.buildId, profile.release, writeProfile(profile), new Date().toISOString());
    });
  }

  /** Every remembered profile: release and build ID. */
  profiles(): { buildId: string; release: string; made: string }[] {
    return explaining(this.path, () =>
      this.#database.prepare('SELECT build_id AS buildId, release, made FROM profile ORDER BY release').all(),
    ) as { buildId: string; release: string; made: string }[];
  }

  /** Every snapshot that something is remembered of, the latest first. */
  snapshots(): StoredSnapshot[] {
    return explaining(this.path, () => {
      const rows = this.#database
        .prepare(
          `SELECT s.id, s.path, s.size AS sizeBytes, s.seen, group_concat(DISTINCT run.plugin) AS plugins, coalesce(sum(run.row_count), 0) AS rowCount
           FROM snapshot s LEFT JOIN run ON run.snapshot_id = s.id GROUP BY s.id ORDER BY s.seen DESC`,
        )
        .all() as (Omit<StoredSnapshot, 'plugins'> & { plugins: string | null })[];
      return rows.map((row) => ({ ...row, plugins: row.plugins?.split(',') ?? [] }));
    });
  }

  /** Forgets snapshots for which `isStale` holds, with all their rows. @returns how many */
  forget(isStale: (snapshot: StoredSnapshot) => boolean): number {
    const stale = this.snapshots().filter(isStale);
    explaining(this.path, () => {
      const remove = this.#database.prepare('DELETE FROM snapshot WHERE id = ?');
      this.#database.transaction(() => stale.forEach(({ id }) => void remove.run(id)))();
    });
    return stale.length;
  }

  /** Forgets everything, profiles too, and gives the space back. */
  clear(): void {
    explaining(this.path, () => {
      this.#database.exec('DELETE FROM snapshot; DELETE FROM profile;');
      this.#database.exec('VACUUM');
    });
  }

  close(): void {
    this.#database.close();
  }

  #snapshotRow({ key, binding }: SnapshotIdentity): { id: number; facts: string } | undefined {
    return this.#database
      .prepare(
        `SELECT id, facts FROM snapshot WHERE device = ? AND inode = ? AND size = ? AND modified = ? AND changed = ?
         AND digest = ? AND binding = ?`,
      )
      .get(key.device, key.inode, key.sizeBytes, key.modified, key.changed, key.digest, binding) as
      | { id: number; facts: string }
      | undefined;
  }

  #remember({ path, key, binding }: SnapshotIdentity, facts: RememberedFacts): number {
    return Number(
      this.#database
        .prepare(
          `INSERT INTO snapshot (path, device, inode, size, modified, changed, digest, binding, facts, seen)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET path = excluded.path, seen = excluded.seen RETURNING id`,
        )
        .pluck()
        .get(
          path,
          key.device,
          key.inode,
          key.sizeBytes,
          key.modified,
          key.changed,
          key.digest,
          binding,
          JSON.stringify(facts),
          new Date().toISOString(),
        ),
    );
  }

  #write(snapshotId: number, plugin: AnyPlugin, options: string, { rows, notes }: RememberedAnswer): void {
    const runId = this.#database
      .prepare(
        `INSERT INTO run (snapshot_id, plugin, version, options, notes, row_count, made) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO NOTHING RETURNING id`,
      )
      .pluck()
      .get(
        snapshotId,
        plugin.name,
        plugin.version,
        options,
        JSON.stringify(notes),
        rows.length,
        new Date().toISOString(),
      );
    if (runId === undefined) return; // another process was faster, with the same answer
    const kinds = kindsOf(plugin);
    const places = Array.from({ length: kinds.size + 3 }, () => '?').join(', ');
    const insert = this.#database.prepare(`INSERT INTO ${quote(tableOf(plugin))} VALUES (${places})`);
    rows.forEach((row, ordinal) => {
      const { values, asides } = toSql(row, kinds);
      insert.run(runId, ordinal, ...values, asides);
    });
  }
}

/** Makes the file where there is none. False where it is there and may only be read: its answers are still good. */
function makeWritable(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600)); // SQLite's own files beside it take the same mode
    return true;
  } catch (error) {
    if (!existsSync(path)) throw error;
    return false;
  }
}

/** Runs `action`, turning what SQLite or the system says into one StoreError. */
function explaining<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof StoreError) throw new StoreError(`cache ${path}: ${error.message}`);
    if (error instanceof SyntaxError) throw new StoreError(`cache ${path}: the file is damaged`);
    const { code } = error as { code?: unknown };
    if (typeof code !== 'string') throw error;
    throw new StoreError(`cache ${path}: ${reasons[code] ?? (error as Error).message}`);
  }
}

const reasons: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: 'the file is no database',
  SQLITE_CORRUPT: 'the file is damaged',
  SQLITE_FULL: 'the disk is full',
  SQLITE_READONLY: 'the file cannot be written',
  SQLITE_BUSY: 'another process keeps it locked',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
};
