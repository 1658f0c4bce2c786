// Rows one below the other, each a record of its columns: the form for rows that are too wide for any terminal.
// Nothing is hidden or cut here: a long text goes on below itself.
import { isAbsent, type Row } from '../plugin/cell.ts';
import { kindOf } from '../plugin/contract.ts';
import { cellText, hexText } from './cell.ts';
import { escapeText } from './escape.ts';
import { countAbsences, type Table, type TableOptions, type TableShape } from './table.ts';
import { padEnd, widthOf, wrap } from './width.ts';

/** Columns that a value has at least, however long the names of the columns are. */
const LEAST_ROOM = 10;

/** Draws each row as lines of a column's name and its value, after a line with the row's number. */
export function drawRecords(
  { plugin, columns }: TableShape,
  rows: readonly Row[],
  { width, style, header }: TableOptions,
): Table {
  const titles = columns.map(escapeText);
  const titleWidth = header ? Math.max(0, ...titles.map(widthOf)) + 2 : 0;
  const room = Math.max(LEAST_ROOM, width - titleWidth);
  const lines = rows.flatMap((row, nth) => [
    style.faint(`── ${nth + 1} ──`),
    ...columns.flatMap((name, index) => {
      const column = plugin.columns[name]!;
      const cell = row[name]!;
      const text = 'hex' in column ? hexText(cell) : cellText(kindOf(column), cell);
      const [first, ...more] = widthOf(text) <= room ? [text] : wrap(text, room);
      const paint = isAbsent(cell) ? style.faint : (whole: string) => whole;
      const why = isAbsent(cell) ? ` (${escapeText(cell.absent)})` : '';
      const title = header
        ? style.heading(titles[index]!) + ' '.repeat(titleWidth - widthOf(titles[index]!))
        : '';
      return [
        `${title}${paint(`${first}${why}`)}`.trimEnd(),
        ...more.map((line) => padEnd('', titleWidth) + line),
      ];
    }),
  ]);
  return { lines, hidden: [], absences: countAbsences(columns, rows) };
}
