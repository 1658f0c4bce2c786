import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';

/** Which of a plugin's cells are wanted, and in which order. */
export interface Selection {
  /** The columns to show; `named` where the user chose them. */
  readonly columns: readonly string[];
  readonly named: boolean;
  readonly filters: ReadonlyMap<string, (cell: Cell) => boolean>;
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

/** Understands the words for one plugin. @throws UsageError that names the nearest right word */
export function selectFor(plugin: AnyPlugin, words: SelectionWords): Selection {
  const all = Object.keys(plugin.columns);
  const known = (name: string): string => {
    if (all.includes(name)) return name;
    throw new UsageError(`${plugin.name} has no column ${name}${hint(name, all)}; it has ${all.join(', ')}`);
  };
  const filters = new Map<string, (cell: Cell) => boolean>();
  for (const [column, word] of words.filters)
    filters.set(column, filterBy(kindOf(plugin.columns[column]!), word, column));
  return {
    columns: words.columns === undefined ? all : splitWords(words.columns).map(known),
    named: words.columns !== undefined,
    filters,
    order: splitWords(words.sort ?? '').map((word) => ({
      column: known(word.replace(/^[-+]/, '')),
      descending: word.startsWith('-'),
    })),
    limit: limitFrom(words.limit),
  };
}

const splitWords = (list: string): string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

function limitFrom(word: string | undefined): number {
  if (word === undefined) return Number.POSITIVE_INFINITY;
  if (!/^\d{1,9}$/.test(word)) throw new UsageError(`--limit wants a whole number, not ${word}`);
  return Number(word);
}

/** A test of cells: one of the words, which for text may hold `*` and `?`. Commas separate; none of them matches null but an empty word. */
function filterBy(kind: ColumnKind, list: string, column: string): (cell: Cell) => boolean {
  const words = splitWords(list);
  if (words.length === 0) return (cell) => cell === null || cell === '';
  switch (kind) {
    case 'text': {
      const patterns = words.map(globPattern);
      return (cell) => typeof cell === 'string' && patterns.some((pattern) => pattern.test(cell));
    }
    case 'flag': {
      const wanted = new Set(words.map((word) => flagFrom(word, column)));
      return (cell) => wanted.has(cell as boolean);
    }
    case 'int':
    case 'address': {
      const wanted = new Set(words.map((word) => numberFrom(word, column)));
      return (cell) => (typeof cell === 'number' || typeof cell === 'bigint') && wanted.has(BigInt(cell));
    }
    default:
      return (cell) => words.includes(cell instanceof Date ? cell.toISOString() : String(cell));
  }
}

function numberFrom(word: string, column: string): bigint {
  if (!/^(-?\d{1,20}|0x[0-9a-f]{1,16})$/i.test(word))
    throw new UsageError(`--${column} wants numbers, not ${word}`);
  return BigInt(word);
}

function flagFrom(word: string, column: string): boolean {
  if (/^(yes|true|1)$/i.test(word)) return true;
  if (/^(no|false|0)$/i.test(word)) return false;
  throw new UsageError(`--${column} wants yes or no, not ${word}`);
}

function globPattern(word: string): RegExp {
  const source = word
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`);
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
