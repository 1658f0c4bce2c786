// The tables that questions are answered with: which cells stand in which column, and the drawer without rules,
// which takes one pass over the rows however many there are.
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { cellText, hexText, isRightAligned } from './cell.ts';
import { type Ends, endsText } from './ends.ts';
import { escapeText } from './escape.ts';
import { GAP, isCrowded, shareWidth, type Wish } from './fit.ts';
import type { Style } from './style.ts';
import { truncate, truncatePath, widthOf, wrap } from './width.ts';

/** A tree deeper than this is drawn no further to the right: damaged evidence may claim any depth. */
const DEEPEST = 32;
/** Digits of a second that are shown: the kernel's log has microseconds. */
const MOST_DECIMALS = 6;

/** What the columns of a table are and how they are drawn. */
export interface TableShape {
  readonly plugin: Pick<AnyPlugin, 'columns' | 'dispensable' | 'tree' | 'uncut' | 'paths' | 'ends'>;
  /** In this order. */
  readonly columns: readonly string[];
  /** The user named the columns: none is dispensable then. */
  readonly named: boolean;
  /** Columns that the user asked for besides the usual ones: none of them is dispensable. */
  readonly kept?: readonly string[];
  /** The rows are in an order of the user's own: a tree is drawn flat. */
  readonly sorted: boolean;
}

/** How a table may be drawn. */
export interface TableOptions {
  /** Columns of the terminal; `Infinity` where nobody looks. */
  readonly width: number;
  readonly header: boolean;
  readonly style: Style;
}

/** A table, drawn. */
export interface Table {
  /** Without line feeds. */
  readonly lines: readonly string[];
  /** Columns that found no room. */
  readonly hidden: readonly string[];
  /** Why cells are absent → how many are, of the columns shown. */
  readonly absences: ReadonlyMap<string, number>;
  /** Why it is drawn otherwise than it was asked for. */
  readonly remark?: string;
}

interface Drawn {
  readonly name: string;
  /** The columns of the question that it shows. */
  readonly of: readonly string[];
  readonly title: string;
  readonly right: boolean;
  readonly kind: ColumnKind;
  readonly cells: readonly string[];
}

/** A column that found room: its cells are cut to its width. */
export interface Placed extends Drawn {
  readonly width: number;
}

/** A table before it is drawn. */
export interface Placement extends Pick<Table, 'hidden' | 'absences'> {
  readonly shown: readonly Placed[];
}

/** Puts rows into columns of a terminal. @param gap columns of the terminal between two columns of the table */
export function placeTable(
  shape: TableShape,
  rows: readonly Row[],
  options: Pick<TableOptions, 'width' | 'header'>,
  gap: number = GAP,
): Placement {
  const { columns, tree, dispensable = [], ends } = shape.plugin;
  const treeBy =
    tree !== undefined && !shape.sorted && shape.columns.includes(tree.column) ? tree.by : undefined;
  const all = shape.columns
    .filter((name) => shape.named || name !== treeBy)
    .map((name) => drawColumn(name, columns[name]!, rows, name === tree?.column ? treeBy : undefined));
  const wish = (column: Drawn): Wish => wishOf(column, shape.plugin, options.header);
  const isJoined = ends !== undefined && !shape.named && isCrowded(all.map(wish), options.width, gap);
  const drawn = isJoined ? withJoined(all, ends, rows) : all;
  const wishes = drawn.map(wish);
  const kept = shape.kept ?? [];
  const { widths, hidden } = shareWidth(wishes, options.width, {
    dispensable: shape.named ? [] : dispensable.filter((name) => !kept.includes(name)),
    kept,
    gap,
  });
  const shown = drawn.flatMap((column, index): Placed[] => {
    const width = widths.get(column.name);
    if (width === undefined) return [];
    const isCut = wishes[index]!.natural > width && options.width !== Number.POSITIVE_INFINITY;
    const isPath = column.name === ENDS || shape.plugin.paths?.includes(column.name) === true;
    const shorten = isPath ? truncatePath : truncate;
    return [
      { ...column, width, cells: isCut ? column.cells.map((cell) => shorten(cell, width)) : column.cells },
    ];
  });
  const absences = countAbsences(
    shown.flatMap(({ of }) => of),
    rows,
  );
  return { shown, hidden, absences };
}

/** How a cell looks: an absent one is faint. */
export const paintOf = (
  { of }: Placed,
  row: Row,
  { faint }: Style,
): ((text: string) => string) | undefined => (of.every((name) => isAbsent(row[name]!)) ? faint : undefined);

/** Draws rows as a table without rules: a header, numbers to the right, no line wider than the terminal. */
export function drawTable(shape: TableShape, rows: readonly Row[], options: TableOptions): Table {
  const { shown, hidden, absences } = placeTable(shape, rows, options);
  const lines: string[] = [];
  if (options.header)
    lines.push(
      drawLine(
        shown,
        ({ title, width }) => truncate(title, width),
        () => options.style.heading,
      ),
    );
  rows.forEach((row, index) => {
    lines.push(
      drawLine(
        shown,
        ({ cells }) => cells[index]!,
        (column) => paintOf(column, row, options.style),
      ),
    );
  });
  return { lines, hidden, absences };
}

function drawColumn(
  name: string,
  column: AnyPlugin['columns'][string],
  rows: readonly Row[],
  treeBy: string | undefined,
): Drawn {
  const kind = kindOf(column);
  const shared = { name, of: [name], title: escapeText(name), right: isRightAligned(kind), kind };
  if (kind === 'seconds') return { ...shared, cells: drawSeconds(rows.map((row) => row[name]!)) };
  const textOf = 'hex' in column ? hexText : (cell: Cell) => cellText(kind, cell);
  if (treeBy === undefined) return { ...shared, cells: rows.map((row) => textOf(row[name]!)) };
  return { ...shared, cells: rows.map((row) => indent(row[treeBy]!) + cellText(kind, row[name]!)) };
}

function indent(depth: Cell): string {
  return typeof depth === 'number' && depth > 0 ? '  '.repeat(Math.min(depth, DEEPEST)) : '';
}

/** One number of decimals for the whole column, so that the points stand below each other. */
function drawSeconds(cells: readonly Cell[]): string[] {
  let decimals = 0;
  for (const cell of cells) {
    if (typeof cell !== 'number') continue;
    const fraction = cell.toFixed(MOST_DECIMALS).split('.')[1]!.replace(/0+$/, '');
    decimals = Math.max(decimals, fraction.length);
  }
  return cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(decimals) : cellText('seconds', cell)));
}

/** The columns with the two ends of each connection as one, where all four of them are shown. */
function withJoined(drawn: readonly Drawn[], ends: Ends, rows: readonly Row[]): readonly Drawn[] {
  const four: readonly string[] = [...ends.local, ...ends.remote];
  const of = ends.device === undefined ? four : [...four, ends.device];
  if (!four.every((name) => drawn.some((column) => column.name === name))) return drawn;
  const joined: Drawn = {
    ...{ name: ENDS, of, title: ENDS, right: false, kind: 'text' },
    cells: rows.map((row) => endsText(ends, row)),
  };
  return drawn.flatMap((column) =>
    column.name === of[0] ? [joined] : of.includes(column.name) ? [] : [column],
  );
}

/** The name and title of the column that stands for both ends. */
const ENDS = 'local → remote';

function wishOf(
  { name, title, cells, kind }: Drawn,
  { uncut = [] }: TableShape['plugin'],
  header: boolean,
): Wish {
  const isUncut = kind === 'address' || (kind === 'text' && (name === ENDS || uncut.includes(name)));
  let natural = header ? widthOf(title) : 0;
  let whole = isUncut ? natural : 0;
  for (const cell of cells) {
    const width = widthOf(cell);
    if (width > natural) natural = width;
    if (isUncut && width > whole && !PATH.test(cell)) whole = width;
  }
  return { name, natural, cuttable: kind === 'text', whole };
}

/** A path or the name of an abstract Unix socket among addresses. */
const PATH = /^[/@]/;

function drawLine(
  shown: readonly Placed[],
  textOf: (column: Placed) => string,
  styleOf: (column: Placed) => ((text: string) => string) | undefined,
): string {
  let line = '';
  let owed = '';
  for (const column of shown) {
    const text = textOf(column);
    const padding = ' '.repeat(Math.max(0, column.width - widthOf(text)));
    if (text !== '') {
      line += owed + (column.right ? padding : '') + (styleOf(column)?.(text) ?? text);
      owed = '';
    }
    // Spaces are written only when something follows: no line ends in them.
    owed += (text === '' || !column.right ? padding : '') + ' '.repeat(GAP);
  }
  return line;
}

/** Which columns found no room, and what shows them: lines, none where all are shown. */
export const hiddenLines = (hidden: readonly string[], remedy: string, width: number): string[] =>
  hidden.length === 0 ? [] : wrap(escapeText(`hidden at this width: ${hidden.join(', ')}; ${remedy}`), width);

/** Why cells of these columns are absent, and how many for each reason. */
export function countAbsences(columns: readonly string[], rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of columns) {
    for (const row of rows) {
      const cell = row[name]!;
      if (isAbsent(cell)) counts.set(cell.absent, (counts.get(cell.absent) ?? 0) + 1);
    }
  }
  return counts;
}
