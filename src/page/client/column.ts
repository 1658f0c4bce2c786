// A column of a table in the page: its cells as text, and what they are sorted by.
// Cells that could not be read come last in any order.
import type { PageCell, PageColumn } from '../model.ts';
import type { CopiedCell } from './copied.ts';

/** What stands for a cell that could not be read, as in the program's own tables. */
export const ABSENT_MARK = '–';

/** What a cell is sorted by; `null` for cells that are empty or could not be read: they come last in any order. */
export type SortKey = string | number | null;

/** Digits of a second that are shown: the kernel's log has microseconds. */
const MOST_DECIMALS = 6;
/** Cells that the width of a column is taken from. */
const MOST_MEASURED = 2_000;
/** Letters that a column is at least and at most wide. */
const WIDTHS = { least: 4, most: 56 } as const;

/** A column of a table as it is read. */
export class Column {
  readonly name: string;
  readonly kind: PageColumn['kind'];
  readonly #cells: readonly PageCell[];
  readonly #absent: ReadonlyMap<number, string>;
  #decimals: number | undefined;
  #keys: readonly SortKey[] | undefined;

  constructor({ name, kind, cells, absent = [] }: PageColumn) {
    this.name = name;
    this.kind = kind;
    this.#cells = cells;
    this.#absent = new Map(absent);
  }

  get length(): number {
    return this.#cells.length;
  }

  /** Numbers stand to the right. */
  get isRight(): boolean {
    return this.kind === 'int' || this.kind === 'seconds' || this.kind === 'address';
  }

  /** The cell itself. */
  cell(row: number): PageCell {
    return this.#cells[row] ?? null;
  }

  /** Why the cell could not be read; undefined where it was read. */
  absence(row: number): string | undefined {
    return this.#absent.get(row);
  }

  /** The cell as people read it. Whoever puts it into the page escapes it. */
  text(row: number): string {
    const cell = this.cell(row);
    if (cell === null) return this.#absent.has(row) ? ABSENT_MARK : '';
    if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
    if (typeof cell === 'string') return cell;
    if (this.kind === 'time') return timeText(cell);
    return this.kind === 'seconds' ? cell.toFixed(this.#decimalPlaces()) : String(cell);
  }

  /** The cell as it is copied: times as ISO 8601. */
  value(row: number): CopiedCell {
    const absent = this.#absent.get(row);
    if (absent !== undefined) return { absent };
    const cell = this.cell(row);
    return this.kind === 'time' && typeof cell === 'number' ? timeText(cell) : cell;
  }

  /** What the cells are sorted by; made once. */
  keys(): readonly SortKey[] {
    this.#keys ??= this.#cells.map((cell) => {
      if (typeof cell === 'boolean') return Number(cell);
      if (typeof cell !== 'string' || this.kind === 'text') return cell;
      // Hex digits of one length are in the order of their numbers, and doubles would round addresses.
      return this.kind === 'address' ? cell.slice(2).padStart(16, '0') : Number(cell);
    });
    return this.#keys;
  }

  /** How wide the column should be, in letters. */
  width(): number {
    const step = Math.max(1, Math.floor(this.length / MOST_MEASURED));
    let widest = this.name.length + 2;
    for (let row = 0; row < this.length; row += step) widest = Math.max(widest, this.text(row).length);
    return Math.min(Math.max(widest, WIDTHS.least), WIDTHS.most);
  }

  /** As many as the cells have, so that they line up. */
  #decimalPlaces(): number {
    this.#decimals ??= this.#cells.reduce<number>((most, cell) => {
      if (typeof cell !== 'number' || most === MOST_DECIMALS) return most;
      const [, decimals = ''] = String(cell).split('.');
      return Math.min(MOST_DECIMALS, Math.max(most, decimals.length));
    }, 0);
    return this.#decimals;
  }
}

/** ISO 8601 as the program's tables have it; a moment that no calendar knows stays a number. */
export function timeText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? String(milliseconds) : date.toISOString();
}
