// Filters, columns, sorting and limits: which cells of an answer are shown, and in which order.
// Words of the command line become tests of rows here.
import { UsageError } from '../../base/errors.ts';
import { type Cell, isAbsent, type Row } from '../../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../../plugin/contract.ts';
import { cellTest, splitWords } from './cell-filter.ts';
import { columnNamed, flagOf } from './column-names.ts';

/** One thing that rows must fulfil. */
export interface RowTest {
  /** As the user said it: `--state LISTEN`. */
  readonly said: string;
  /** Undefined where a cell that could not be read leaves it open. */
  readonly decide: (row: Row) => boolean | undefined;
  /** The column that is looked at, its kind and the words after its flag, where it is one column's. */
  readonly column?: string;
  readonly kind?: ColumnKind;
  readonly words?: string;
  /** What left rows open, as sentences: known after the last row. */
  readonly reasons?: () => readonly string[];
}

/** Which of a plugin's cells are wanted, and in which order. */
export interface Selection {
  /** The columns to show, in this order. */
  readonly columns: readonly string[];
  /** The user named them: none is dispensable. */
  readonly named: boolean;
  /** Columns that the user asked for besides the usual ones. */
  readonly kept: readonly string[];
  /** What rows must fulfil, all of it. Made anew for each answer: a test counts what it leaves open. */
  readonly tests: () => readonly RowTest[];
  readonly order: readonly SortKey[];
  readonly limit: number;
}

interface SortKey {
  readonly column: string;
  readonly descending: boolean;
}

/** What the command line says about it, as typed. */
export interface SelectionWords {
  readonly columns?: string;
  readonly sort?: string;
  readonly limit?: string;
  /** Filter column → the words after its flag. */
  readonly filters: ReadonlyMap<string, string>;
}

/**
 * Understands the words for one plugin.
 *
 * @param where makes the test of `--where`, where there is one
 * @throws UsageError that names the nearest right word
 */
export function selectFor(plugin: AnyPlugin, words: SelectionWords, where?: () => RowTest): Selection {
  const filters = [...words.filters].map(([column, list]) => filterTest(plugin, column, list));
  return {
    ...columnsFrom(plugin, words.columns),
    tests: () => (where === undefined ? filters : [...filters, where()]),
    order: splitWords(words.sort ?? '').map((word) => ({
      column: columnNamed(word.replace(/^[-+]/, ''), plugin),
      descending: word.startsWith('-'),
    })),
    limit: limitFrom(words.limit),
  };
}

function filterTest(plugin: AnyPlugin, column: string, list: string): RowTest {
  const kind = kindOf(plugin.columns[column]!);
  const flag = flagOf(column);
  const passes = cellTest({ flag, kind, words: plugin.words?.[column] }, list);
  const decide = (row: Row): boolean | undefined => {
    const cell = row[column]!;
    return isAbsent(cell) ? undefined : passes(cell);
  };
  return { said: `${flag} ${list}`, decide, column, kind, words: list };
}

/**
 * The columns of `--columns`: those named, in this order, `all` for every one. `+column` and `-column` alone are
 * relative to the usual ones: one is shown however narrow the terminal, the other is not. @throws UsageError
 */
function columnsFrom(
  plugin: AnyPlugin,
  list: string | undefined,
): Pick<Selection, 'columns' | 'named' | 'kept'> {
  const all = Object.keys(plugin.columns);
  const words = splitWords(list ?? '');
  const signed = (sign: string): string[] =>
    words.filter((word) => word.startsWith(sign)).map((word) => columnNamed(word.slice(1), plugin));
  const plain = words
    .filter((word) => !/^[-+]/.test(word))
    .flatMap((word) => (word === 'all' ? all : columnNamed(word, plugin)));
  const [added, removed] = [signed('+'), signed('-')];
  const both = added.find((name) => removed.includes(name));
  if (both !== undefined) throw new UsageError(`--columns has both +${both} and -${both}`);
  const named = plain.length > 0;
  const columns = [...new Set(named ? [...plain, ...added] : all)].filter((name) => !removed.includes(name));
  if (columns.length === 0 || (list !== undefined && words.length === 0))
    throw new UsageError(`--columns ${list} leaves no column to show`);
  return { columns, named, kept: added };
}

function limitFrom(word: string | undefined): number {
  if (word === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(word)) throw new UsageError(`--limit wants a whole number, not ${word}`);
  return Number(word);
}

/** Rows in the order asked for, absent cells last; the given order where none was asked for. */
export function sortRows(rows: readonly Row[], order: readonly SortKey[]): readonly Row[] {
  if (order.length === 0) return rows;
  return rows.toSorted((a, b) => {
    for (const { column, descending } of order) {
      const difference = compareCells(a[column]!, b[column]!, descending);
      if (difference !== 0) return difference;
    }
    return 0;
  });
}

function compareCells(a: Cell, b: Cell, descending: boolean): number {
  const [emptyA, emptyB] = [a === null || isAbsent(a), b === null || isAbsent(b)];
  if (emptyA || emptyB) return Number(emptyA) - Number(emptyB);
  const [left, right] = [a as string, b as string]; // of one kind, and each kind knows `<`
  const difference = left < right ? -1 : left > right ? 1 : 0;
  return descending ? -difference : difference;
}
