// The views that SQL queries ask: one for each question, and some about snapshots and verdicts.
// Addresses and times are texts in them.
import type Database from 'better-sqlite3';
import type { AnyPlugin, ColumnKind } from '../plugin/contract.ts';

export { originColumns } from './rows.ts';

import { selectAnswersFrom, selectFrom } from './query-beside.ts';
import { columnsOf, kindsOf, originColumns, quote, rowTables, type Schema, tableOf } from './rows.ts';
import { sqlTypes } from './values.ts';

/** A view that can be asked, and its columns in their order. */
export interface View {
  readonly name: string;
  readonly columns: readonly string[];
}

/** The views that are about no plugin: a step of the schema made them, but for `answers`. */
export const COMMON_VIEWS: readonly string[] = ['snapshots', 'answers', 'notes', 'findings', 'verdicts'];

/**
 * Makes a view of every plugin for this connection alone. They stand before the views in the file, and differ from
 * them in what people see: an address is text as everywhere else (`0xffff…`), so that what is printed can be asked
 * for; a number or text that no column can hold is there; and a plugin that nobody asked has a view without rows.
 * They are in no order of their own, so that SQLite may look at the rows that are asked for only.
 */
export function defineQueryViews(
  database: Database.Database,
  plugins: readonly AnyPlugin[],
  schemas: readonly Schema[] = ['main'],
): View[] {
  const tables = schemas.map((schema) => ({ schema, tables: rowTables(database, schema) }));
  const names = [...plugins, ...tables.flatMap(({ tables: own }) => own)].map(({ name }) => name);
  const newestOf = new Map<string, number>();
  for (const name of new Set(names)) {
    const plugin = plugins.find((other) => other.name === name);
    // Of all files the newest version: an older one has other columns, or other cells in them.
    const newest = Math.max(...tables.flatMap(({ tables: own }) => versionsOf(own, name)));
    if (Number.isFinite(newest)) newestOf.set(name, newest);
    const selects = tables
      .filter(({ tables: own }) => versionsOf(own, name).includes(newest))
      .map(({ schema }) => {
        const table = tableOf({ name, version: newest });
        return selectFrom(schema, table, cellsOf(database, schema, table, plugin));
      });
    const select = selects.length === 0 ? emptyView(plugin!) : selects.join(' UNION ALL ');
    database.exec(`CREATE TEMP VIEW ${quote(name)} AS ${select}`);
  }
  defineAnswers(database, newestOf, schemas);
  // Bigints in, bigints out: as a double an address would lose its last digits.
  database.function('address', { deterministic: true, safeIntegers: true }, addressOf);
  return [...new Set([...COMMON_VIEWS, ...names])].map((name) => ({
    name,
    columns: columnsOfView(database, name),
  }));
}

const versionsOf = (tables: readonly { name: string; version: number }[], plugin: string): number[] =>
  tables.flatMap(({ name, version }) => (name === plugin ? [version] : []));

/** The columns of a view, in their order. */
export const columnsOfView = (database: Database.Database, view: string): string[] =>
  (database.pragma(`table_info(${quote(view)})`) as { name: string }[]).map(({ name }) => name);

function cellsOf(
  database: Database.Database,
  schema: Schema,
  table: string,
  plugin: AnyPlugin | undefined,
): string[] {
  const kinds = plugin === undefined ? new Map<string, ColumnKind>() : kindsOf(plugin);
  return columnsOf(database, table, schema).map(({ name, type }) => {
    const kind = kinds.get(name);
    return `${cellOf(name, kind !== undefined && sqlTypes[kind] === type ? kind : kindOf(type))} AS ${quote(name)}`;
  });
}

/** The kind of a column that no plugin of the program has any more. */
const kindOf = (type: string): ColumnKind =>
  type === 'INTEGER' ? 'int' : type === 'TEXT' ? 'text' : 'seconds';

function cellOf(name: string, kind: ColumnKind): string {
  const cell = `r.${quote(name)}`;
  if (kind === 'address') return `CASE WHEN ${cell} IS NOT NULL THEN printf('0x%x', ${cell}) END`;
  if (kind === 'int' || kind === 'text')
    return `coalesce(${cell}, json_extract(r.absent, '$."${name}".${kind}'))`;
  return cell;
}

/** Which questions the views have an answer to, of which snapshot: without it, no rows could mean that nobody has asked. */
function defineAnswers(
  database: Database.Database,
  newestOf: ReadonlyMap<string, number>,
  schemas: readonly Schema[],
): void {
  database.exec('CREATE TEMP TABLE newest (plugin TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID');
  const add = database.prepare('INSERT INTO temp.newest VALUES (?, ?)');
  for (const [name, version] of newestOf) add.run(name, version);
  database.exec(`CREATE TEMP VIEW answers AS ${schemas.map(selectAnswersFrom).join(' UNION ALL ')}`);
}

const emptyView = (plugin: AnyPlugin): string =>
  `SELECT ${[...originColumns, ...Object.keys(plugin.columns), 'absent']
    .map((name) => `NULL AS ${quote(name)}`)
    .join(', ')} WHERE 0`;

/** The SQL function `address`: an address as a number, to reckon with (two's complement past 2^63). */
function addressOf(text: unknown): bigint | null {
  return typeof text === 'string' && /^0x[0-9a-f]{1,16}$/i.test(text)
    ? BigInt.asIntN(64, BigInt(text))
    : null;
}
