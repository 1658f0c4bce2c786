// A connection to a SQLite file with its prepared statements.
// A query's rows come through a cursor.
import Database from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';

/**
 * What must not be collected. Since Node 24.19 an object of better-sqlite3 that is collected while no script runs ends the
 * process: its destructor, that of node::ObjectWrap, asserts that there is an environment. Version 13 is free of it and
 * wants Node 22.
 */
const kept = new Set<unknown>();

/** What Node says where the compiled part is not there, or is another Node's; the package bindings gives no code. */
const UNBUILT = /^(?:MODULE_NOT_FOUND|ERR_DLOPEN_FAILED)$/;
const UNFOUND = /^Could not locate the bindings file/;

function opened(path: string | Buffer, options: Database.Options): Database.Database {
  try {
    return new Database(path, options);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (UNBUILT.test(String(code)) || UNFOUND.test(message))
      throw new StoreError(
        'the compiled part of better-sqlite3 is not there, or is of another Node: npm rebuild better-sqlite3 makes it',
      );
    throw error;
  }
}

/**
 * Opens a SQLite file. Every statement stays with the connection and serves again whoever prepares the same text: there
 * are as many as the program has texts, however long it runs, and connections stay too, so open few.
 *
 * @param path a file, or what is in one: of that nothing is written anywhere
 * @throws StoreError where there is no SQLite, or what SQLite throws
 */
export function connect(path: string | Buffer, options: Database.Options = {}): Database.Database {
  const database = opened(path, options);
  kept.add(database);
  const prepareAnew = database.prepare.bind(database);
  const statements = new Map<string, Database.Statement>();
  const prepare = (text: string): Database.Statement => {
    const known = statements.get(text);
    // As new: with none of the modes that its last user set.
    if (known !== undefined) return known.reader ? known.raw(false).pluck(false).safeIntegers(false) : known;
    const statement = prepareAnew(text);
    statements.set(text, statement);
    return statement;
  };
  const pragma: Database.Database['pragma'] = (text, { simple = false } = {}) => {
    const statement = prepare(`PRAGMA ${text}`);
    if (!statement.reader) return void statement.run();
    return simple ? statement.pluck().get() : statement.all();
  };
  return Object.assign(database, { prepare, pragma });
}

/** A cursor over a statement's rows, kept like it. */
export function rowsOf<T>(statement: Database.Statement<[], T>): IterableIterator<T> {
  const rows = statement.iterate();
  kept.add(rows);
  return rows;
}
