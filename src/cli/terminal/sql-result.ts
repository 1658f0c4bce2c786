// Prints the rows of a query, or of a list, in every format that answers have.
// Rows are taken in blocks, so that a result of any length fits into memory.
import { plugins } from '../../../plugins/index.ts';
import type { ForensicError } from '../../base/errors.ts';
import { version } from '../../files/version.ts';
import type { Cell, Row } from '../../plugin/cell.ts';
import type { AnyPlugin, ColumnKind } from '../../plugin/contract.ts';
import type { Answer, Facts, Presenter } from '../../report/answer.ts';
import { errorJson, JSON_SCHEMA, jsonText, rowWriter } from '../../report/json.ts';
import type { Style } from '../../report/style.ts';
import type { QueryCell, QueryResult } from '../../store/query.ts';
import type { FormatName } from '../flags/settings.ts';
import { terminalWidth, writeAside, writeData } from './output.ts';
import { boxed } from './show.ts';

/** How the answer to a query is shown. */
export interface ResultOptions {
  readonly format: FormatName;
  readonly header: boolean;
  /** Rows of tables as records. */
  readonly vertical?: boolean;
  /** Tables have rules around their cells. */
  readonly box?: boolean;
  readonly style: Style;
  /** Columns that a narrow terminal can do without, the most dispensable first. None of a query's. */
  readonly dispensable?: readonly string[];
}

/**
 * Rows that are shown together. No more are in memory at a time, and a table is measured anew for each such block:
 * nobody reads a table that is longer.
 */
const BLOCK_ROWS = 5_000;
/** Letters of texts that are shown together: a row may hold the whole environment of a process. */
const BLOCK_LETTERS = 1 << 22;

/** An address as the views have it. */
const ADDRESS = /^0x[0-9a-f]{1,16}$/;

/** Shows rows as they come. @throws BadQuery, StoreError */
export async function showResult(result: QueryResult, options: ResultOptions): Promise<void> {
  const columns = distinct(result.columns);
  const writer = await writerFor(options, columns);
  writer.begin?.();
  try {
    for (const rows of blocks(result, columns)) await writer.rows(answerOf(columns, rows, options), rows);
  } catch (error) {
    writer.end?.(error as ForensicError);
    throw error;
  }
  writer.end?.();
}

interface SheetWriter {
  begin?(): void;
  rows(answer: Answer, rows: readonly Row[]): void | Promise<void>;
  end?(failure?: ForensicError): void;
}

async function writerFor(options: ResultOptions, columns: readonly string[]): Promise<SheetWriter> {
  switch (options.format) {
    case 'json':
      return jsonWriter(columns);
    case 'jsonl':
      return {
        rows: (answer, rows) =>
          writeData(
            rowLines(answer, rows)
              .map((line) => `${line}\n`)
              .join(''),
          ),
      };
    case 'csv': {
      const { csvPresenter } = await import('../../report/csv.ts');
      const presenter = csvPresenter({ header: options.header, several: false });
      return { rows: (answer) => present(presenter, answer) };
    }
    case 'table': {
      const { tablePresenter, WIDER } = await import('../../report/table-presenter.ts');
      const titles = { titleSnapshots: false, titlePlugins: false };
      const presenter = tablePresenter({
        ...{ header: options.header, style: options.style, vertical: options.vertical === true },
        ...(options.box === true ? await boxed() : {}),
        ...{ width: terminalWidth(), remedy: WIDER, ...titles },
      });
      return { rows: (answer) => present(presenter, answer) };
    }
  }
}

/** One document, its rows a line each. Where the query ends with an error, so does the document. */
function jsonWriter(columns: readonly string[]): SheetWriter {
  let written = 0;
  return {
    begin: () =>
      writeData(
        `{"vestige": ${jsonText(version())}, "schema": ${JSON_SCHEMA}, "columns": ${jsonText(columns)}, "rows": [`,
      ),
    rows: (answer, rows) =>
      writeData(
        rowLines(answer, rows)
          .map((line) => `${written++ > 0 ? ',' : ''}\n${line}`)
          .join(''),
      ),
    end: (failure) => {
      const error = failure === undefined ? '' : `, "error": ${jsonText(errorJson(failure))}`;
      writeData(`${written > 0 ? '\n' : ''}]${error}}\n`);
    },
  };
}

function rowLines(answer: Answer, rows: readonly Row[]): string[] {
  const write = rowWriter(answer);
  return rows.map((row) => jsonText(write(row)));
}

/** Shows a block in the way of the tables of questions: escaped and, in tables, fitted to the terminal. */
async function present(presenter: Presenter, answer: Answer): Promise<void> {
  for await (const piece of presenter.snapshot(NO_FACTS, each([answer]))) {
    if (typeof piece === 'string') writeData(piece);
    else writeAside(piece.aside);
  }
}

/** No snapshot stands behind a query: what presenters ask of one is its path and its notes. */
const NO_FACTS = { snapshot: { path: '', notes: [] }, kernel: { notes: [] } } as unknown as Facts;

function answerOf(columns: readonly string[], rows: readonly Row[], { dispensable }: ResultOptions): Answer {
  const kinds = columns.map((name) => [name, { [kindIn(rows, name)]: () => null }]);
  return {
    plugin: {
      name: 'sql',
      columns: Object.fromEntries(kinds),
      dispensable,
      ...MANNERS,
    } as unknown as AnyPlugin,
    columns,
    named: dispensable === undefined,
    sorted: true,
    notes: [],
    observations: [],
    failure: undefined,
    rows: each(rows),
  };
}

/** What says nothing when it is cut, in views of no question and in lists of rules. */
const OF_OTHER_VIEWS = ['rule', 'id', 'severity', 'outcome', 'fingerprint', 'taken', 'seen'];

/** A column of a view is cut as that of the question is. */
const MANNERS = {
  uncut: [...new Set([...OF_OTHER_VIEWS, ...plugins.flatMap(({ uncut = [] }) => uncut)])],
  paths: [...new Set(plugins.flatMap(({ paths = [] }) => paths))],
};

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

/** Numbers stand to the right, and neither they nor addresses are ever cut. */
function kindIn(rows: readonly Row[], name: string): ColumnKind {
  const cells = rows.map((row) => row[name]!).filter((cell) => cell !== null);
  if (cells.length === 0) return 'text';
  if (cells.every((cell) => typeof cell !== 'string')) return 'int';
  return cells.every((cell) => typeof cell === 'string' && ADDRESS.test(cell)) ? 'address' : 'text';
}

function* blocks({ rows }: QueryResult, columns: readonly string[]): Generator<readonly Row[]> {
  let block: Row[] = [];
  let letters = 0;
  let count = 0;
  for (const cells of rows) {
    for (const cell of cells) if (typeof cell === 'string') letters += cell.length;
    block.push(Object.fromEntries(columns.map((name, index) => [name, cellOf(cells[index]!)])));
    if (block.length < BLOCK_ROWS && letters < BLOCK_LETTERS) continue;
    count++;
    yield block;
    [block, letters] = [[], 0];
  }
  if (block.length > 0 || count === 0) yield block; // no rows at all still have a header
}

/** A number past 2^53 as a text of its decimals, as JSON has it everywhere; bytes as SQL writes them. */
function cellOf(cell: QueryCell): Cell {
  if (typeof cell === 'bigint') {
    const narrow = Number(cell);
    return Number.isSafeInteger(narrow) ? narrow : cell;
  }
  return cell instanceof Uint8Array ? `x'${Buffer.from(cell).toString('hex')}'` : cell;
}

/** Names that are all different: what a row is an object of. */
function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let other = name;
    for (let count = 2; taken.has(other); count++) other = `${name}_${count}`;
    taken.add(other);
    return other;
  });
}
