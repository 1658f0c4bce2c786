// `vestige sql`: answers SQL queries over everything that is remembered.
// Queries can only read; an error points at the place in the query.
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { plugins } from '../../../plugins/index.ts';
import { UsageError } from '../../base/errors.ts';
import { hint } from '../../base/nearest.ts';
import { partStores, storePaths } from '../../inquiry/store-paths.ts';
import type { BadQuery, QueryConnection, QueryResult } from '../../store/query.ts';
import type { Complaint } from '../../store/query-text.ts';
import type { View } from '../../store/query-views.ts';
import { checkColor, FORMATS, formatFrom, type ShowFlags, STYLE_HELP } from '../flags/settings.ts';
import { pageWidth, TERMINAL, writeData } from '../terminal/output.ts';
import { styleFor } from '../terminal/show.ts';

type Flags = Omit<ShowFlags, 'strict'> & { readonly cache?: string };

const EXAMPLES = `
Examples:
  vestige sql                                       what can be asked
  vestige sql "select hostname, taken, path from snapshots order by taken"
  vestige sql "select name, min(taken), max(taken) from pslist group by name"
  vestige sql --format csv - < question.sql

Addresses are texts such as '0xffff888000001000'; address(text) is the number, to reckon with. Times are ISO 8601.
`;

/** Adds `vestige sql [query]`. */
export function addSqlCommand(program: Command): void {
  program
    .command('sql')
    .description('Ask all that is remembered, of every snapshot, in SQL; nothing can be changed')
    .argument('[query]', 'one statement that reads; - takes it from stdin; without one, the views are listed')
    .option('--format <format>', `how to print: ${FORMATS.join(', ')}`)
    .option('--json', 'the same as --format json')
    .option('--vertical', 'each row as a record: a line for each column')
    .option('--style <style>', STYLE_HELP)
    .option('--no-header', 'leave out the line of column names')
    .option('--color <when>', 'auto, always or never', 'auto')
    .option('--cache <file>', 'ask this file instead of the usual one')
    .addHelpText('after', EXAMPLES)
    .action((query: string | undefined, flags: Flags) => answer(query, flags));
}

async function answer(query: string | undefined, flags: Flags): Promise<void> {
  checkColor(flags);
  const format = formatFrom(flags);
  const text = query === '-' ? fromStdin() : query;
  const { QueryConnection } = await import('../../store/query.ts');
  const [asked, beside] = await filesFrom(flags);
  const connection = QueryConnection.open(asked, plugins, beside);
  try {
    if (text === undefined && format === 'table') writeData(await viewsText(connection));
    else {
      if (text === undefined) connection.defineJoins();
      const { showResult } = await import('../terminal/sql-result.ts');
      const result = text === undefined ? viewsResult(connection.views) : connection.ask(text);
      await showResult(result, {
        format,
        header: flags.header,
        vertical: flags.vertical === true,
        box: flags.style === 'box',
        style: await styleFor(flags),
      });
    }
  } catch (error) {
    const { BadQuery } = await import('../../store/query.ts');
    throw error instanceof BadQuery ? new BadQuery(explained(error, text ?? '', connection)) : error;
  } finally {
    connection.close();
  }
}

/** The file that is asked, and one beside it: what scans recorded, and what is remembered of other snapshots. */
async function filesFrom({ cache: named }: Flags): Promise<[asked: string, beside?: string]> {
  const places = storePaths({ cache: named ?? true })!;
  await partStores(places, TERMINAL);
  const cache = resolve(places.cache);
  const { history } = places;
  if (history === undefined || !existsSync(history)) return [cache];
  return existsSync(cache) ? [history, cache] : [history];
}

/** @throws UsageError */
function fromStdin(): string {
  try {
    return readFileSync(0, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the query from stdin: ${(error as Error).message}`);
  }
}

/** The complaint with the place in the query that it is about, and what was probably meant. */
function explained({ complaint }: BadQuery, sql: string, { views, joins }: QueryConnection): Complaint {
  const { message, at, unknown } = complaint;
  const names = views.map(({ name }) => name);
  const known =
    unknown?.what === 'table'
      ? [...names, ...joins.map(({ name }) => name)]
      : unknown === undefined
        ? []
        : columnsIn(sql, views);
  const meant = unknown === undefined ? '' : hint(unknown.name, known);
  const place = at === undefined ? '' : ` at ${placeIn(sql, at)}`;
  const there = unknown?.what === 'table' ? `; there are ${names.join(', ')}` : '';
  return { ...complaint, message: `${message}${meant}${place}${there}` };
}

/** The columns that an unknown one may be a misspelling of: those of the views that the query speaks of. */
function columnsIn(sql: string, views: readonly View[]): string[] {
  const asked = views.filter(({ name }) => new RegExp(`\\b${name}\\b`, 'i').test(sql));
  return [...new Set((asked.length > 0 ? asked : views).flatMap(({ columns }) => columns))];
}

function placeIn(sql: string, at: number): string {
  const lines = sql.slice(0, at).split('\n');
  return `line ${lines.length}, column ${Array.from(lines.at(-1)!).length + 1}`;
}

/** The views for people: the columns that all have are told once. */
async function viewsText({ views, joins }: QueryConnection): Promise<string> {
  const { wrap } = await import('../../report/width.ts');
  const { COMMON_VIEWS, originColumns } = await import('../../store/query-views.ts');
  const shared = [...originColumns, 'absent'];
  const width = Math.max(...views.map(({ name }) => name.length)) + 2;
  const lines = views.flatMap(({ name, columns }) => {
    const own = COMMON_VIEWS.includes(name) ? columns : columns.filter((column) => !shared.includes(column));
    return wrap(own.join(', '), pageWidth() - width).map(
      (line, index) => (index === 0 ? name : '').padEnd(width) + line,
    );
  });
  const rule = `Before these columns each view of a question has ${originColumns.join(', ')}; after them absent, the reasons of cells that could not be read, as JSON.`;
  const names = joins.map(({ name }) => name).join(', ');
  const joined = `Where a column names a row of another question, a view VIEW_COLUMN joins both: ${names}. After the columns of its first question it has COLUMN_is_there (1 if the row is there, 0 if there is none, empty if nobody could see), and the other question's columns as COLUMN_NAME.`;
  return `${[...lines, '', ...wrap(rule, pageWidth()), '', ...wrap(joined, pageWidth())].join('\n')}\n`;
}

/** The views for programs: a row for each column. */
const viewsResult = (views: readonly View[]): QueryResult => ({
  columns: ['view', 'column'],
  rows: views.flatMap(({ name, columns }) => columns.map((column) => [name, column])),
});
