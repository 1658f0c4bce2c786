// Answers SQL queries over everything that is remembered.
// The connection can only read.
import type Database from 'better-sqlite3';
import { ForensicError } from '../base/errors.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { rowsOf } from './connection.ts';
import { explaining, openReadonly } from './file.ts';
import { attachBeside } from './query-beside.ts';
import { defineJoin, type Join, joinsOf } from './query-joins.ts';
import { type Complaint, complaintOf, objectionTo } from './query-text.ts';
import { columnsOfView, defineQueryViews, type View } from './query-views.ts';

/** What a cell of a query's answer may be. A whole number is a `bigint`. */
export type QueryCell = bigint | number | string | Uint8Array | null;

/** The answer to a query: rows are found when they are asked for, and none is kept. */
export interface QueryResult {
  /** As the query names them: two may be of one name. */
  readonly columns: readonly string[];
  /** @throws BadQuery, StoreError */
  readonly rows: Iterable<readonly QueryCell[]>;
}

/** A query that cannot be answered as it stands. */
export class BadQuery extends ForensicError {
  readonly code = 'bad-query';
  readonly complaint: Complaint;
  constructor(complaint: Complaint) {
    super(complaint.message);
    this.complaint = complaint;
  }
}

/** Questions of the user's own over all that is remembered. Nothing can be changed through it. */
export class QueryConnection {
  /** What questions declare to be joined by: each is a view as soon as a query names it. */
  readonly joins: readonly Join[];
  readonly #views: View[];
  readonly #path: string;
  readonly #database: Database.Database;

  private constructor(
    path: string,
    database: Database.Database,
    plugins: readonly AnyPlugin[],
    beside: string | undefined,
  ) {
    this.#path = path;
    this.#database = database;
    if (beside !== undefined) attachBeside(database, beside);
    this.#views = defineQueryViews(database, plugins, beside === undefined ? ['main'] : ['main', 'beside']);
    this.joins = joinsOf(plugins);
    database.pragma('query_only = ON'); // temporary tables too
  }

  /**
   * Opens a store that is there, bringing one of an older version up to date first. @param beside another one, whose
   * snapshots are asked too where the first has them not @throws StoreError
   */
  static open(path: string, plugins: readonly AnyPlugin[], beside?: string): QueryConnection {
    if (beside !== undefined) explaining(beside, () => openReadonly(beside).close());
    return explaining(path, () => {
      const database = openReadonly(path);
      try {
        return new QueryConnection(path, database, plugins, beside);
      } catch (error) {
        database.close();
        throw error;
      }
    });
  }

  /** What can be asked: a view of each question, those about no question, and the joins that were named so far. */
  get views(): readonly View[] {
    return this.#views;
  }

  /** Makes views of the joins that a text names; of all without one. */
  defineJoins(sql?: string): void {
    const text = sql?.toLowerCase();
    const named = this.joins.filter(
      ({ name }) =>
        (text === undefined || text.includes(name.toLowerCase())) &&
        !this.#views.some((view) => view.name === name),
    );
    if (named.length === 0) return;
    this.#database.pragma('query_only = OFF');
    for (const join of named) {
      defineJoin(this.#database, join);
      this.#views.push({ name: join.name, columns: columnsOfView(this.#database, join.name) });
    }
    this.#database.pragma('query_only = ON');
  }

  /** Understands one statement that reads. @throws BadQuery, StoreError */
  ask(sql: string): QueryResult {
    const objection = objectionTo(sql);
    if (objection !== undefined) throw new BadQuery(objection);
    this.defineJoins(sql);
    const statement = this.#blaming(sql, () => {
      const prepared = this.#database.prepare<[], QueryCell[]>(sql);
      if (!prepared.reader || !prepared.readonly) throw new RangeError('the store is only read here');
      return prepared.raw().safeIntegers();
    });
    return {
      columns: statement.columns().map(({ name }) => name),
      rows: { [Symbol.iterator]: () => this.#rows(sql, statement) },
    };
  }

  close(): void {
    this.#database.close();
  }

  *#rows(sql: string, statement: Database.Statement<[], QueryCell[]>): Generator<readonly QueryCell[]> {
    const rows = this.#blaming(sql, () => rowsOf(statement));
    try {
      for (;;) {
        const { done, value } = this.#blaming(sql, () => rows.next());
        if (done) return;
        yield value;
      }
    } finally {
      rows.return?.();
    }
  }

  /** Tells what is wrong with the query from what is wrong with the store. */
  #blaming<T>(sql: string, action: () => T): T {
    try {
      return action();
    } catch (error) {
      const { code, message } = error as { code?: unknown; message: string };
      const refusal = REFUSALS[message] ?? (error instanceof RangeError ? message : undefined);
      if (refusal !== undefined) throw new BadQuery({ message: refusal });
      if (typeof code === 'string' && QUERY_AT_FAULT.test(code))
        throw new BadQuery(complaintOf(sql, message, (start) => this.#complaintAbout(start)));
      return explaining(this.#path, () => {
        throw error;
      });
    }
  }

  #complaintAbout(sql: string): string | undefined {
    try {
      this.#database.prepare(sql);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }
}

/** Codes of SQLite that speak of the statement, not of the file (sqlite.org/rescode.html). */
const QUERY_AT_FAULT = /^SQLITE_(ERROR|MISMATCH|TOOBIG|NOMEM|RANGE|AUTH|READONLY|LIMIT)/;

const PARAMETER = 'the query has a parameter (?, :name), and nothing to put there';

/** What the bindings say, in our words. */
const REFUSALS: Readonly<Record<string, string>> = {
  'The supplied SQL string contains more than one statement': 'one statement at a time, please',
  'The supplied SQL string contains no statements': 'the query is empty',
  'Too few parameter values were provided': PARAMETER,
  'Missing named parameters': PARAMETER,
};
