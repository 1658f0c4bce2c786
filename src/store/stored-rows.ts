// The rows of one answer, read from SQLite when they are asked for.
// Another process may forget them meanwhile.
import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { type RunRow, readRows } from './answers.ts';
import { explaining } from './file.ts';
import { DamagedAnswer, ForgottenRows } from './forgotten.ts';
import type { KeptRows } from './remembered.ts';
import { quote, tableOf } from './rows.ts';
import { hasAbsent } from './values.ts';

/** A run that rows are yet to be read of. Whose they are may change until then. */
export interface StandingRun extends RunRow {
  readonly snapshotId: number;
  /** ISO 8601. A number may be given again once its run is forgotten; this moment does not come again. */
  readonly made: string;
}

/** The rows of one answer, where they lie in the file of SQLite. */
export class StoredRows implements KeptRows {
  readonly snapshotId: number;
  readonly run: string;
  readonly count: number;
  /** That of the answer; null where it was kept without one. */
  readonly checksum: string | null;
  readonly #path: string;
  readonly #database: Database.Database;
  readonly #plugin: AnyPlugin;
  readonly #run: StandingRun;
  #all: readonly Row[] | undefined;
  #trouble: unknown;

  constructor(path: string, database: Database.Database, plugin: AnyPlugin, run: StandingRun) {
    this.snapshotId = run.snapshotId;
    this.run = `${run.id} ${run.made}`;
    this.count = run.rowCount;
    this.checksum = run.checksum;
    this.#path = path;
    this.#database = database;
    this.#plugin = plugin;
    this.#run = run;
  }

  get all(): readonly Row[] {
    this.#all ??= this.#reading((rowsOf) => readRows(this.#database, this.#plugin, { ...this.#run, rowsOf }));
    return this.#all;
  }

  lacking(columns: readonly string[]): number {
    return this.#reading((rowsOf) => {
      const asides = this.#database
        .prepare(`SELECT absent FROM ${quote(tableOf(this.#plugin))} WHERE run_id = ? AND absent IS NOT NULL`)
        .pluck()
        .all(rowsOf) as string[];
      return asides.filter((aside) => hasAbsent(aside, columns)).length;
    });
  }

  isIn(database: Database.Database): boolean {
    return database === this.#database;
  }

  /** For whoever gives them to another run too. @returns the run whose rows they are by now @throws DamagedAnswer where some are lost, StoreError */
  wholeRun(): number {
    const rowsOf = this.#mustStand();
    const held = this.#database
      .prepare(`SELECT count(*) FROM ${quote(tableOf(this.#plugin))} WHERE run_id = ?`)
      .pluck()
      .get(rowsOf);
    if (held !== this.count) throw new DamagedAnswer(`${held} rows of ${this.count} are left`, this.#run.id);
    return rowsOf;
  }

  /**
   * Refuses rows that are no more what they were. Where one could not be read, whoever wanted it may have taken that for
   * an answer. @returns the run whose rows they are by now @throws StoreError
   */
  #mustStand(): number {
    if (this.#trouble !== undefined) throw this.#trouble;
    const { id, made } = this.#run;
    const rowsOf = this.#database
      .prepare('SELECT rows_of FROM run WHERE id = ? AND made = ?')
      .pluck()
      .get(id, made) as number | undefined;
    if (rowsOf === undefined)
      throw new ForgottenRows(`the rows of ${this.#plugin.name} were forgotten before they were read`);
    return rowsOf;
  }

  #reading<T>(read: (rowsOf: number) => T): T {
    const whole = this.#database.transaction(() => read(this.#mustStand()));
    try {
      return explaining(this.#path, whole);
    } catch (error) {
      this.#trouble = error;
      throw error;
    }
  }
}
