// A column of a grid: how its cells are drawn, sorted, searched and copied.
// `table-grid.ts` makes such columns of a question's.
import { escapeText } from '../../report/escape.ts';
import type { SortKey } from './column.ts';
import { make, put } from './dom.ts';
import type { Searched } from './order.ts';

/** A column of a grid. */
export interface GridColumn extends Searched {
  readonly title: string;
  readonly isRight: boolean;
  /** In letters. */
  readonly width: number;
  /** It takes the room that the others leave. */
  readonly isGrowing?: boolean;
  /** Its cells have as many lines as they need. */
  readonly isWrapped?: boolean;
  /** A narrow screen has no room for it. */
  readonly isWideOnly?: boolean;
  /** What rows are sorted by; a column without cannot be sorted by. */
  readonly keys?: () => readonly SortKey[];
  /** What stands in the cell, where that is more than its text. */
  readonly draw?: (row: number) => Node;
  /** Why the cell is empty, where it could not be read. */
  readonly absence?: (row: number) => string | undefined;
  /** What stands in the head of the column beside its title. */
  readonly head?: Node;
}

/** Letters of one cell that are drawn; all of them are shown where a row is opened. */
const MOST_LETTERS = 300;
/** Letters between columns. */
const GAP = 2;

/** Letters that columns are wide together. */
export const lettersOf = (columns: readonly GridColumn[]): number =>
  columns.reduce((sum, { width }) => sum + width + GAP, 0);

/** The width of a column, as an element. */
export function columnElement({ width, isGrowing, isWideOnly }: GridColumn): HTMLElement {
  const element = make('col', isWideOnly === true ? { class: 'wide-only' } : {});
  if (isGrowing !== true) element.style.width = `${width + GAP}ch`;
  return element;
}

/** The words that a column's cells are drawn by. */
export const classesOf = ({ isRight, isWrapped, isWideOnly }: GridColumn): string =>
  [isRight ? 'right' : '', isWrapped === true ? 'wrapped' : '', isWideOnly === true ? 'wide-only' : '']
    .filter((word) => word !== '')
    .join(' ');

/** A cell, behind what a tree puts before it. */
export function cellElement(column: GridColumn, row: number, handle: Node | null): HTMLElement {
  const cell = make('td', { class: classesOf(column) });
  const reason = column.absence?.(row);
  if (reason !== undefined) {
    cell.classList.add('absent');
    cell.title = escapeText(`could not be read: ${reason}`);
  }
  const content = column.draw?.(row);
  if (content !== undefined && handle !== null && column.isWrapped === true) {
    cell.append(make('div', { class: 'branch' }, handle, content));
    return cell;
  }
  put(cell, handle);
  if (content !== undefined) {
    cell.append(content);
    return cell;
  }
  const text = column.text(row);
  if (text.length > column.width && reason === undefined)
    cell.title = escapeText(text.slice(0, MOST_LETTERS * 3));
  put(cell, text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text);
  return cell;
}

/** Letters of a row that a sheet of paper has room for. */
const PAPER_WIDTH = 165;

/** The columns that paper has no room for, by place; the most dispensable go first. */
export function tooWideForPaper(columns: readonly GridColumn[], dispensable: readonly string[]): Set<number> {
  const hidden = new Set<number>();
  let letters = lettersOf(columns);
  for (const name of dispensable) {
    if (letters <= PAPER_WIDTH) break;
    const index = columns.findIndex((column) => column.name === name);
    if (index < 0) continue;
    hidden.add(index);
    letters -= columns[index]!.width + GAP;
  }
  return hidden;
}
