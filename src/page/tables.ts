// The rows of a question as data of the HTML page, column by column.
// Rows, and letters of a text, are bounded.
import { hex } from '../base/address.ts';
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { cellText, hexText } from '../report/cell.ts';
import type { PageCell, PageColumn, PageField, PageTable } from './model.ts';

/** Rows of one table that a page holds: past this a browser has no room left, and `vestige` shows them all. */
export const MOST_ROWS = 200_000;
/** UTF-16 units of one text that a page holds: more is cut, and how much was cut is said. */
const MOST_UNITS = 20_000;

/** What a table is made of. */
export interface TableParts extends Pick<AnyPlugin, 'columns'> {
  readonly name: string;
  readonly summary: string;
  readonly dispensable?: readonly string[];
  readonly rows: readonly Row[];
  readonly notes?: readonly string[];
}

/** Rows as the page holds them, column by column. */
export function pageTable({ name, summary, columns, dispensable, rows, notes }: TableParts): PageTable {
  const held = rows.slice(0, MOST_ROWS);
  return {
    name,
    summary,
    columns: Object.entries(columns).map(([column, reader]) =>
      'hex' in reader ? hexColumn(column, held) : pageColumn(column, kindOf(reader), held),
    ),
    rowCount: rows.length,
    notes: notes ?? [],
    dispensable: dispensable ?? [],
  };
}

/** Offsets and masks, which are read in hex as addresses are. */
const hexColumn = (name: string, rows: readonly Row[]): PageColumn =>
  pageColumn(
    name,
    'address',
    rows.map((row) => ({ [name]: toBigInt(row[name] ?? null) })),
  );

const toBigInt = (cell: Cell): Cell => (typeof cell === 'number' ? BigInt(cell) : cell);

function pageColumn(name: string, kind: ColumnKind, rows: readonly Row[]): PageColumn {
  const absent: (readonly [number, string])[] = [];
  const cells = rows.map((row, index) => {
    const cell = row[name] ?? null;
    if (isAbsent(cell)) absent.push([index, cell.absent]);
    return pageCell(kind, cell);
  });
  return absent.length === 0 ? { name, kind, cells } : { name, kind, cells, absent };
}

function pageCell(kind: ColumnKind, cell: Cell): PageCell {
  if (cell === null || isAbsent(cell)) return null;
  if (cell instanceof Date) return cell.getTime();
  if (kind === 'address') return hex(cell as bigint);
  if (typeof cell === 'bigint') return String(cell);
  return typeof cell === 'string' ? cutText(cell) : cell;
}

/** A text that is longer than any reader is patient. */
export function cutText(text: string): string {
  const more = text.length - MOST_UNITS;
  return more <= 0 ? text : `${text.slice(0, MOST_UNITS)}… (${more} letters more)`;
}

/** One row as fields that people read, in the order of the question's columns where the question is known. */
export function fieldsOf(plugin: AnyPlugin | undefined, row: Row): readonly PageField[] {
  const names = plugin === undefined ? Object.keys(row) : Object.keys(plugin.columns);
  return names.map((name) => {
    const cell = row[name] ?? null;
    const column = plugin?.columns[name];
    const kind = column === undefined ? (typeof cell === 'bigint' ? 'address' : 'text') : kindOf(column);
    const text = cutText(column !== undefined && 'hex' in column ? hexText(cell) : cellText(kind, cell));
    return isAbsent(cell) ? { name, text, absent: cell.absent } : { name, text };
  });
}
