// The views of SQL queries that join questions: rows of one with the rows of another that one of their columns names.
// A row that is not there is told apart from one that nobody could see.
import type Database from 'better-sqlite3';
import type { AnyPlugin } from '../plugin/contract.ts';
import { type Reference, referencesOf } from '../plugin/references.ts';
import { columnsOfView } from './query-views.ts';
import { originColumns, quote } from './rows.ts';

/** A view that joins two questions by a column of the first. It is called QUESTION_COLUMN, which no question can be. */
export interface Join extends Reference {
  readonly name: string;
  /** The question whose rows it has. */
  readonly from: string;
}

/** The joins that the questions declare, in their order. */
export const joinsOf = (plugins: readonly AnyPlugin[]): readonly Join[] =>
  plugins.flatMap((plugin) =>
    referencesOf(plugin, plugins).map((reference) => ({
      ...reference,
      from: plugin.name,
      name: `${plugin.name}_${reference.column}`,
    })),
  );

/**
 * Makes the view of a join for this connection alone, over the views of both questions. `COLUMN_is_there` is 1 if the row that
 * is named is there, and 0 only if the other question was answered about that snapshot without a note, and has no row whose
 * own cell could not be read; else it is NULL.
 */
export function defineJoin(database: Database.Database, join: Join): void {
  const { name, from, column, question, of } = join;
  const [one, other] = [`r.${quote(column)}`, `t.${quote(of)}`];
  const cells = columnsOfView(database, question)
    .filter((cell) => !originColumns.includes(cell))
    .map((cell) => `t.${quote(cell)} AS ${quote(`${column}_${cell}`)}`);
  const target = literal(question);
  const complete = `SELECT snapshot_id FROM temp.answers WHERE plugin = ${target} AND notes = 0
    EXCEPT SELECT snapshot_id FROM temp.${quote(question)}
      WHERE ${quote(of)} IS NULL AND json_type(absent, ${literal(`$."${of}"`)}) IS NOT NULL`;
  database.exec(
    `CREATE TEMP VIEW ${quote(name)} AS SELECT r.*,
       CASE WHEN ${other} IS NOT NULL THEN 1
         WHEN ${one} IS NOT NULL AND r.snapshot_id IN (${complete}) THEN 0 END AS ${quote(`${column}_is_there`)},
       ${cells.join(', ')}
     FROM temp.${quote(from)} r LEFT JOIN temp.${quote(question)} t
       ON t.snapshot_id = r.snapshot_id AND ${other} = ${one}`,
  );
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
