// What of a table is copied, and in which form: CSV and JSON.
// `copy.ts` puts it into the clipboard.
import { csvField, csvLine, guardFormula } from '../../report/csv-text.ts';
import { escapeJson, escapeText } from '../../report/escape.ts';

/** A cell as it is copied; `absent` is the code of the fault where it could not be read. */
export type CopiedCell = string | number | boolean | null | { readonly absent: string };

/** A column as it is copied. */
export interface Copied {
  readonly name: string;
  value(row: number): CopiedCell;
}

/** RFC 4180 with a header, as the program writes it. */
export const csvOf = (columns: readonly Copied[], rows: Uint32Array): string =>
  csvLine(columns.map(({ name }) => csvField(name))) +
  [...rows].map((row) => csvLine(columns.map((column) => csvCell(column.value(row))))).join('');

function csvCell(cell: CopiedCell): string {
  if (cell === null) return '';
  if (cell === '') return '""';
  if (typeof cell === 'object') return csvField(`absent:${cell.absent}`);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  return typeof cell === 'number' ? String(cell) : csvField(guardFormula(escapeText(cell)));
}

/** An array with an object for each row. */
export function jsonOf(columns: readonly Copied[], rows: Uint32Array): string {
  const objects = [...rows].map((row) =>
    Object.fromEntries(columns.map((column) => [column.name, column.value(row)])),
  );
  return `${escapeJson(JSON.stringify(objects, null, 2))}\n`;
}
