// Rows on their way into a store. Nobody knows how many there are before the last is found, and until then the store must
// not be locked: what is more than a few thousand waits in a file of SQLite's without a name, which goes with the process.
import type Database from 'better-sqlite3';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { connect, rowsOf } from './connection.ts';
import { explaining } from './file.ts';
import { kindsOf } from './rows.ts';
import { rowReader, rowWriter, type SqlValue } from './values.ts';

/** Rows that are held in memory, and written in one go. */
const MOST_HELD = 4096;
/** SQLite takes an empty name for a file that it makes where temporary files are, and deletes when it is closed. */
const NAMELESS = '';
/** In messages: there is no other name. */
const PLACE = 'a temporary file';

/** Rows, as many as there are: to be added one by one, and gone through once. Every method may throw StoreError. */
export class RowSpool implements Iterable<Row> {
  readonly #plugin: AnyPlugin;
  #held: Row[] = [];
  #file: Database.Database | undefined;
  #length = 0;

  constructor(plugin: AnyPlugin) {
    this.#plugin = plugin;
  }

  get length(): number {
    return this.#length;
  }

  add(row: Row): void {
    this.#held.push(row);
    this.#length++;
    if (this.#held.length >= MOST_HELD) explaining(PLACE, () => this.#write());
  }

  *[Symbol.iterator](): Generator<Row> {
    if (this.#file !== undefined) {
      const statement = this.#file
        .prepare<[], SqlValue[]>('SELECT * FROM spooled ORDER BY rowid')
        .raw()
        .safeIntegers();
      const read = rowReader(kindsOf(this.#plugin));
      for (const values of rowsOf(statement)) yield read(values);
    }
    yield* this.#held;
  }

  /** Lets go of the file. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #write(): void {
    const kinds = kindsOf(this.#plugin);
    // Columns without a type keep every value as it is; the last is for what no column of a store can hold.
    const columns = Array.from({ length: kinds.size + 1 }, (_, nth) => `c${nth}`).join(', ');
    if (this.#file === undefined) {
      this.#file = connect(NAMELESS);
      this.#file.exec(`CREATE TABLE spooled (${columns})`);
    }
    const insert = this.#file.prepare(`INSERT INTO spooled VALUES (${columns.replaceAll(/c\d+/g, '?')})`);
    const valuesOf = rowWriter(kinds);
    this.#file.transaction(() => {
      for (const row of this.#held) insert.run(valuesOf(row));
    })();
    this.#held = [];
  }
}
