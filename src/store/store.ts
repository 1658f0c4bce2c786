import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import { discard, explaining, openDatabase } from './file.ts';
import type { SnapshotKey } from './key.ts';
import { KeptProfiles } from './profiles.ts';
import { defineRows, kindsOf, quote, tableOf } from './schema.ts';
import { UnusableStore } from './unusable.ts';
import { Upkeep } from './upkeep.ts';
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

/** Which snapshot, bound how: `binding` names a base address or a profile that the user forced, or is empty. */
export interface SnapshotIdentity {
  readonly path: string;
  readonly key: SnapshotKey;
  readonly binding: string;
}

/** `seen` is good to a day: reading an answer must not cost a write each time. */
const SEEN_GRAIN_MS = 86_400_000;

/**
 * What earlier runs found, in one SQLite file: rows by plugin, and profiles by build. Every method may throw
 * StoreError, and a caller that goes on without loses speed only.
 */
export class Store {
  readonly path: string;
  /** Looking over what is remembered, and forgetting. */
  readonly upkeep: Upkeep;
  readonly profiles: KeptProfiles;
  readonly #database: Database.Database;
  /** The program's version: a newer one may read more of the same snapshot, so it asks again. */
  readonly #program: string;

  private constructor(path: string, database: Database.Database, program: string) {
    this.path = path;
    this.#database = database;
    this.#program = program;
    this.upkeep = new Upkeep(path, database, program);
    this.profiles = new KeptProfiles(path, database);
  }

  /** Opens the cache, making it (and its folder) for its owner alone where it is not there. @throws StoreError */
  static open(path: string, program: string): Store {
    return explaining(path, () => new Store(path, openDatabase(path), program));
  }

  /** Deletes a cache that cannot be opened any more. @throws StoreError where the file is no cache */
  static discard(path: string): void {
    explaining(path, () => discard(path));
  }

  /** What was learned of the snapshot itself when it was first bound. */
  facts(identity: SnapshotIdentity): RememberedFacts | undefined {
    return explaining(this.path, () => {
      const found = this.#snapshotRow(identity);
      if (found === undefined) return undefined;
      const facts = JSON.parse(found.facts) as RememberedFacts;
      this.#see(found);
      return { ...facts, snapshot: { ...facts.snapshot, path: identity.path } };
    });
  }

  /** The answer of a plugin with these options, as it was given the first time. */
  answer(identity: SnapshotIdentity, plugin: AnyPlugin, options: string): RememberedAnswer | undefined {
    const read = this.#database.transaction((): RememberedAnswer | undefined => {
      const snapshot = this.#snapshotRow(identity);
      if (snapshot === undefined) return undefined;
      const run = this.#database
        .prepare(
          `SELECT id, notes, row_count AS rowCount FROM run
           WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program = ?`,
        )
        .get(snapshot.id, plugin.name, plugin.version, options, this.#program) as RunRow | undefined;
      if (run === undefined) return undefined;
      const kinds = kindsOf(plugin);
      const columns = [...kinds.keys(), 'absent'].map(quote).join(', ');
      const rows = this.#database
        .prepare(`SELECT ${columns} FROM ${quote(tableOf(plugin))} WHERE run_id = ? ORDER BY ordinal`)
        .raw()
        .safeIntegers()
        .all(run.id) as SqlValue[][];
      if (rows.length !== run.rowCount)
        throw new UnusableStore(`${rows.length} rows of ${run.rowCount} are left`);
      return {
        rows: rows.map((values) => fromSql(values, values.at(-1) as string | null, kinds)),
        notes: JSON.parse(run.notes) as string[],
      };
    });
    return explaining(this.path, read);
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

  close(): void {
    this.#database.close();
  }

  #snapshotRow({ key, binding }: SnapshotIdentity): SnapshotRow | undefined {
    return this.#database
      .prepare(
        `SELECT id, facts, seen FROM snapshot WHERE device = ? AND inode = ? AND size = ? AND modified = ? AND changed = ?
         AND digest = ? AND binding = ? AND program = ?`,
      )
      .get(...partsOf(key), binding, this.#program) as SnapshotRow | undefined;
  }

  #see({ id, seen }: SnapshotRow): void {
    if (this.#database.readonly || Date.now() - Date.parse(seen) < SEEN_GRAIN_MS) return;
    this.#database.prepare('UPDATE snapshot SET seen = ? WHERE id = ?').run(new Date().toISOString(), id);
  }

  #remember({ path, key, binding }: SnapshotIdentity, facts: RememberedFacts): number {
    return Number(
      this.#database
        .prepare(
          `INSERT INTO snapshot (path, device, inode, size, modified, changed, digest, binding, program, facts, seen)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET path = excluded.path, program = excluded.program, facts = excluded.facts,
             seen = excluded.seen RETURNING id`,
        )
        .pluck()
        .get(path, ...partsOf(key), binding, this.#program, JSON.stringify(facts), new Date().toISOString()),
    );
  }

  #write(snapshotId: number, plugin: AnyPlugin, options: string, { rows, notes }: RememberedAnswer): void {
    const question = [snapshotId, plugin.name, plugin.version, options] as const;
    this.#database
      .prepare(
        'DELETE FROM run WHERE snapshot_id = ? AND plugin = ? AND version = ? AND options = ? AND program <> ?',
      )
      .run(...question, this.#program);
    const runId = this.#database
      .prepare(
        `INSERT INTO run (snapshot_id, plugin, version, options, program, notes, row_count, made)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
      )
      .pluck()
      .get(...question, this.#program, JSON.stringify(notes), rows.length, new Date().toISOString());
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

interface SnapshotRow {
  readonly id: number;
  readonly facts: string;
  readonly seen: string;
}

interface RunRow {
  readonly id: number;
  readonly notes: string;
  readonly rowCount: number;
}

/** A key as the columns of a snapshot have it, in their order. */
const partsOf = (key: SnapshotKey): (string | number)[] => [
  key.device,
  key.inode,
  key.sizeBytes,
  key.modified,
  key.changed,
  key.digest,
];
