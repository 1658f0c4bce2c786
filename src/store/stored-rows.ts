import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { type RunRow, readRows } from './answers.ts';
import type { KeptRows } from './door.ts';
import { explaining } from './file.ts';
import { ForgottenRows } from './forgotten.ts';
import { kindsOf, quote, tableOf } from './rows.ts';
import { UnusableStore } from './unusable.ts';
import { hasAbsent } from './values.ts';

/** A run that rows are yet to be read of. */
export interface StandingRun extends RunRow {
  readonly snapshotId: number;
  /** ISO 8601. A number may be given again once its run is forgotten; this moment does not come again. */
  readonly made: string;
}

/** The rows of one answer, where they lie in the file of SQLite. */
export class StoredRows implements KeptRows {
  readonly snapshotId: number;
  readonly count: number;
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #plugin: AnyPlugin;
  readonly #run: StandingRun;
  #all: readonly Row[] | undefined;
  #trouble: unknown;

  constructor(path: string, database: Database.Database, plugin: AnyPlugin, run: StandingRun) {
    this.snapshotId = run.snapshotId;
    this.count = run.rowCount;
    this.#path = path;
    this.#database = database;
    this.#plugin = plugin;
    this.#run = run;
  }

  get all(): readonly Row[] {
    this.#all ??= this.#reading(() => readRows(this.#database, this.#plugin, this.#run));
    return this.#all;
  }

  lacking(columns: readonly string[]): number {
    return this.#reading(() => {
      const asides = this.#database
        .prepare(`SELECT absent FROM ${quote(tableOf(this.#plugin))} WHERE run_id = ? AND absent IS NOT NULL`)
        .pluck()
        .all(this.#run.id) as string[];
      return asides.filter((aside) => hasAbsent(aside, columns)).length;
    });
  }

  isIn(database: Database.Database): boolean {
    return database === this.#database;
  }

  /**
   * Refuses rows that are no more what they were. Where one could not be read, whoever wanted it may have taken that for
   * an answer. @throws StoreError
   */
  mustStand(): void {
    if (this.#trouble !== undefined) throw this.#trouble;
    const { id, made } = this.#run;
    const stands = this.#database.prepare('SELECT 1 FROM run WHERE id = ? AND made = ?').get(id, made);
    if (stands === undefined)
      throw new ForgottenRows(`the rows of ${this.#plugin.name} were forgotten before they were read`);
  }

  /** Keeps them once more, as the rows of another run of the question. @throws UnusableStore where some are lost */
  copyTo(run: number): void {
    const table = quote(tableOf(this.#plugin));
    const columns = ['ordinal', ...kindsOf(this.#plugin).keys(), 'absent'].map(quote).join(', ');
    const { changes } = this.#database
      .prepare(
        `INSERT INTO ${table} (run_id, ${columns}) SELECT ?, ${columns} FROM ${table} WHERE run_id = ?`,
      )
      .run(run, this.#run.id);
    if (changes !== this.count) throw new UnusableStore(`${changes} rows of ${this.count} are left`);
  }

  #reading<T>(read: () => T): T {
    const whole = this.#database.transaction(() => {
      this.mustStand();
      return read();
    });
    try {
      return explaining(this.#path, whole);
    } catch (error) {
      this.#trouble = error;
      throw error;
    }
  }
}
