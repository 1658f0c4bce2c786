// What a user writes after a column's flag, made into a test of cells: `--pid 1,100..200`, `--name 'ssh*,!sshd'`.
// Words that no cell of the column can hold are refused, with the nearest that one can.
import { UsageError } from '../../base/errors.ts';
import { type Glob, globOf } from '../../base/glob.ts';
import { hint } from '../../base/nearest.ts';
import type { Absent, Cell } from '../../plugin/cell.ts';
import type { ColumnKind } from '../../plugin/contract.ts';
import { escapeText } from '../../report/escape.ts';
import { decimalNumber, rangeOf, time, wholeNumber } from './span.ts';

/** The column whose cells are tested. */
export interface FilteredColumn {
  /** The flag, for messages: `--local-port`. */
  readonly flag: string;
  readonly kind: ColumnKind;
  /** All words that its cells can hold besides numbers, where they are known. */
  readonly words?: readonly string[] | undefined;
}

/** Whether a cell passes. */
export type CellTest = (cell: Exclude<Cell, Absent>) => boolean;

/** The words between commas, without those that are empty. */
export const splitWords = (list: string): string[] =>
  list
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

/**
 * A test of cells: one of the words, and none of those after a `!`. No word at all means no value, so `!` alone means
 * any value; otherwise a cell that does not apply is none of the words. @throws UsageError
 */
export function cellTest(column: FilteredColumn, list: string): CellTest {
  const words = splitWords(list);
  if (words.length === 0) return hasNoValue;
  const wanted = words.filter((word) => !word.startsWith('!')).map((word) => wordTest(column, word));
  const unwanted = words
    .filter((word) => word.startsWith('!'))
    .map((word) => (word === '!' ? hasNoValue : wordTest(column, word.slice(1).trim())));
  return (cell) =>
    (wanted.length === 0 || wanted.some((passes) => passes(cell))) &&
    !unwanted.some((passes) => passes(cell));
}

const hasNoValue: CellTest = (cell) => cell === null || cell === '';

function wordTest(column: FilteredColumn, word: string): CellTest {
  switch (column.kind) {
    case 'text':
      return textTest(column, word);
    case 'flag': {
      const wanted = flagFrom(word, column);
      return (cell) => cell === wanted;
    }
    case 'int':
    case 'address': {
      const isIn = rangeOf(word, wholeNumber) ?? refuse(column, 'numbers such as 7, 100..200 or >1000', word);
      return (cell) => (typeof cell === 'number' || typeof cell === 'bigint') && isIn(BigInt(cell));
    }
    case 'seconds': {
      const isIn = rangeOf(word, decimalNumber) ?? refuse(column, 'seconds such as 1.5, 10..20 or >60', word);
      return (cell) => typeof cell === 'number' && isIn(cell);
    }
    case 'time': {
      const isIn =
        rangeOf(word, time) ??
        refuse(column, 'times such as 2026-01-02, 2026-01-02T10:00..2026-01-03 or >2026-01-02', word);
      return (cell) => cell instanceof Date && isIn(cell.getTime());
    }
  }
}

/** A number stands for a value that has no name here. */
const NUMBER = /^(\d+|0x[0-9a-f]+)$/i;

function textTest({ flag, words }: FilteredColumn, word: string): CellTest {
  if (words?.includes(word)) return (cell) => cell === word; // T and t are two states of a process
  const matches: Glob = globOf(word);
  if (words !== undefined && !NUMBER.test(word) && !words.some(matches))
    throw new UsageError(`${flag} wants one of ${words.join(', ')}, not ${word}${hint(word, words)}`);
  // A word with a backslash may be one that was copied from a table.
  const isShown = word.includes('\\') ? (cell: string) => matches(escapeText(cell)) : () => false;
  return (cell) => typeof cell === 'string' && (matches(cell) || isShown(cell));
}

function flagFrom(word: string, column: FilteredColumn): boolean {
  if (/^(yes|true|1)$/i.test(word)) return true;
  if (/^(no|false|0)$/i.test(word)) return false;
  return refuse(column, 'yes or no', word);
}

function refuse({ flag }: FilteredColumn, what: string, word: string): never {
  throw new UsageError(`${flag} wants ${what}, not ${word}`);
}
