// Sorts and searches the rows of a table in the page.
// Rows with equal keys stay in their order.
import { escapeText } from '../../report/escape.ts';
import type { SortKey } from './column.ts';

/** What rows are searched by. */
export interface Searched {
  readonly name: string;
  /** A word for this column must be the whole cell: a process ID is no part of another. */
  readonly isExact: boolean;
  /** The cell as people read it, but for what is escaped where it is shown. */
  text(row: number): string;
}

/** What a search meets: the cell as it is seen, in lower case. */
const seen = (column: Searched, row: number): string => escapeText(column.text(row)).toLowerCase();

/** All rows, in their order. */
export const allRows = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, row) => row);

/** Rows by their keys; rows alike stay in their order, and those without a key come last whichever way it goes. */
export function sortRows(rows: Uint32Array, keys: readonly SortKey[], descending: boolean): Uint32Array {
  const way = descending ? -1 : 1;
  return rows.slice().sort((a, b) => {
    const [left, right] = [keys[a] ?? null, keys[b] ?? null];
    if (left === right) return a - b;
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right ? -way : way;
  });
}

/** Searches rows. What is seen of a row is put together once, when it is first asked for. */
export class Search {
  readonly #columns: readonly Searched[];
  readonly #seen: (string | undefined)[] = [];

  constructor(columns: readonly Searched[]) {
    this.#columns = columns;
  }

  /**
   * A test of rows: every word must be in what is seen of the row, whatever the case; `column:word` in that column
   * alone, and `"two words"` as they stand. Undefined where nothing is sought.
   */
  test(query: string): ((row: number) => boolean) | undefined {
    const tests = wordsOf(query).map((word) => this.#testOf(word));
    return tests.length === 0 ? undefined : (row) => tests.every((test) => test(row));
  }

  #testOf(word: string): (row: number) => boolean {
    const colon = word.indexOf(':');
    const named = colon < 1 ? undefined : this.#columnOf(word.slice(0, colon));
    if (named === undefined) return (row) => this.#textOf(row).includes(word);
    const value = word.slice(colon + 1);
    return named.isExact ? (row) => seen(named, row) === value : (row) => seen(named, row).includes(value);
  }

  #columnOf(name: string): Searched | undefined {
    return this.#columns.find((column) => column.name.toLowerCase() === name);
  }

  #textOf(row: number): string {
    // A line feed, which no escaped text has, keeps words from reaching over two cells.
    this.#seen[row] ??= this.#columns.map((column) => seen(column, row)).join('\n');
    return this.#seen[row];
  }
}

/** The words of a query in lower case; what stands between quotes is one. */
const wordsOf = (query: string): string[] =>
  (query.toLowerCase().match(/(?:[^\s":]+:)?"[^"]*"?|\S+/g) ?? [])
    .map((word) => word.replaceAll('"', ''))
    .filter((word) => word !== '');
