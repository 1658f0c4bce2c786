// Small tables with rules around their cells, drawn by the package cli-table3: lists that people look at, and
// answers under `--style box`. Whoever draws one loads this file late.
import CliTable from 'cli-table3';
import type { Row } from '../plugin/cell.ts';
import { escapeText } from './escape.ts';
import { shareWidth } from './fit.ts';
import type { Style } from './style.ts';
import {
  drawTable,
  type Placement,
  paintOf,
  placeTable,
  type Table,
  type TableOptions,
  type TableShape,
} from './table.ts';
import { truncate, widthOf, wrap } from './width.ts';

/**
 * Rows that are drawn in a box. cli-table3 takes 35 ms for 60 rows and 27 s for 10,000, so that larger tables are left
 * to `drawTable`, whose time grows with the rows.
 */
export const MOST_BOXED_ROWS = 300;

/** A space, a rule and a space between two columns; a rule and a space at each end of a line. */
const GAP = 3;
const EDGES = 4;

/** Colours that a style gives: no text of the evidence has such a sequence once it is escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
const COLOUR = /\x1b\[[\d;]*m/g;

/** What cli-table3 puts where it cuts a text: no escaped text has it. */
const CUT = '\0';

interface BoxColumn {
  readonly title: string;
  readonly width: number;
  readonly right: boolean;
}

interface Rules {
  /** The first row is the columns' titles. */
  readonly header: boolean;
  /** There are no rules between rows. */
  readonly compact: boolean;
}

/**
 * Lines of a box. Cells are escaped and no wider than their columns; they may have several lines.
 * @returns undefined where cli-table3 takes a letter for wider or narrower than it is: the rules would not meet
 */
function boxOf(
  columns: readonly BoxColumn[],
  rows: readonly (readonly string[])[],
  { header, compact }: Rules,
): readonly string[] | undefined {
  const table = new CliTable({
    ...(header ? { head: columns.map(({ title }) => title) } : {}),
    colWidths: columns.map(({ width }) => width + 2), // with the space on each side
    colAligns: columns.map(({ right }) => (right ? 'right' : 'left')),
    truncate: CUT,
    style: { head: [], border: [], compact },
  });
  table.push(...rows.map((cells) => [...cells]));
  const text = table.toString();
  if (text.includes(CUT)) return undefined;
  const lines = text.split('\n');
  const width = columns.reduce((sum, column) => sum + column.width + GAP, 1);
  return lines.every((line) => widthOf(line.replaceAll(COLOUR, '')) === width) ? lines : undefined;
}

/** Draws rows as `drawTable` does, with rules. Many rows, and letters of doubtful width, are drawn without them. */
export function drawBoxedTable(shape: TableShape, rows: readonly Row[], options: TableOptions): Table {
  const plain = (remark: string): Table => ({ ...drawTable(shape, rows, options), remark });
  if (rows.length > MOST_BOXED_ROWS) return plain(`no box is drawn around more than ${MOST_BOXED_ROWS} rows`);
  const placement = placeTable(shape, rows, { ...options, width: options.width - EDGES }, GAP);
  const lines = boxedLines(placement, rows, options);
  if (lines === undefined)
    return plain('no box is drawn: terminals disagree about the width of some letters');
  return { lines, hidden: placement.hidden, absences: placement.absences };
}

function boxedLines(
  { shown }: Placement,
  rows: readonly Row[],
  { style, header, width }: TableOptions,
): readonly string[] | undefined {
  const columns = shown.map((column) => ({
    ...column,
    // Where nothing is cut, a column is as wide as its widest cell.
    width:
      width === Number.POSITIVE_INFINITY
        ? Math.max(1, ...column.cells.map(widthOf), header ? widthOf(column.title) : 0)
        : column.width,
  }));
  const heads = columns.map((column) => ({
    ...column,
    title: style.heading(truncate(column.title, column.width)),
  }));
  const cells = rows.map((row, index) =>
    columns.map((column) => {
      const text = column.cells[index]!;
      return paintOf(column, row, style)?.(text) ?? text;
    }),
  );
  return boxOf(heads, cells, { header, compact: true });
}

/** Words up to this width are not broken while a column of sentences can be narrower: a time has 24 letters. */
const LONGEST_WORD = 24;

/** A list that people look at. Texts may quote the evidence; they are escaped here. */
export interface List {
  /** None where each row is a key and its value: no rules are drawn between those. */
  readonly titles?: readonly string[];
  /** Rows of cells. A cell is a text, or several that each begin a line. */
  readonly rows: readonly (readonly (string | readonly string[])[])[];
}

/** Draws a list in a box no wider than `width`: a text that is longer than its column goes on in the next line. */
export function drawList({ titles, rows }: List, style: Style, width: number): string {
  const texts = rows.map((row) => row.map((cell) => [cell].flat().map(escapeText)));
  const count = titles?.length ?? rows[0]?.length ?? 0;
  if (count === 0) return '';
  const wishes = Array.from({ length: count }, (_, index) => {
    const lines = [...texts.flatMap((row) => row[index]!), titles?.[index] ?? ''];
    const natural = Math.max(1, ...lines.map(widthOf));
    const isWord = natural <= LONGEST_WORD && lines.every((line) => !line.includes(' '));
    return { name: String(index), natural, cuttable: true, whole: isWord ? natural : 0 };
  });
  const { widths } = shareWidth(wishes, width - EDGES, { dispensable: [], kept: [], gap: GAP });
  const columns = [...widths].map(([name, own]) => ({
    ...{ index: Number(name), width: own, right: false },
    title: style.heading(truncate(titles?.[Number(name)] ?? '', own)),
  }));
  const cells = texts.map((row) =>
    columns.map((column) => row[column.index]!.flatMap((text) => wrap(text, column.width))),
  );
  const lines = boxOf(
    columns,
    cells.map((row) => row.map((cell) => cell.join('\n'))),
    { header: titles !== undefined, compact: titles === undefined },
  );
  return `${(lines ?? withoutBox(cells)).join('\n')}\n`;
}

/** Each cell below the one before, all but the first of a row to the right of it. */
const withoutBox = (rows: readonly (readonly (readonly string[])[])[]): string[] =>
  rows.flatMap(([first = [], ...more]) => [...first, ...more.flat().map((line) => `  ${line}`)]);
