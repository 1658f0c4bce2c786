// Cells and rows: what a question's answer is made of, whatever the question.
// A cell is a value, null where it does not apply, or absent with the reason.
import type { VirtualAddress } from '../base/address.ts';

/** The kinds of cell, each the key of a `Column`. */
export type ColumnKind = 'int' | 'text' | 'flag' | 'address' | 'time' | 'seconds';

/** Why a cell is empty: the code of the fault that kept us from reading it. */
export interface Absent {
  readonly absent: string;
}

/** One settled cell. `null` means "does not apply"; its column's kind says how to print the rest. */
export type Cell = number | bigint | VirtualAddress | string | boolean | Date | null | Absent;

/** One row: a cell for each column asked for, in the plugin's order. */
export type Row = Readonly<Record<string, Cell>>;

/** True for a cell that could not be read. */
export const isAbsent = (cell: Cell): cell is Absent =>
  typeof cell === 'object' && cell !== null && !(cell instanceof Date);

/**
 * A cell in the one form that its kind has, so that a row read again from the cache equals the row first read: a
 * whole number is a `bigint` only past what a `number` holds exactly, and where damaged evidence gave a time or
 * a number that is none, the cell is absent.
 */
export function soundCell(cell: Cell, kind: ColumnKind): Cell {
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : NONSENSE;
  if (typeof cell === 'bigint') return kind === 'int' && isExact(cell) ? Number(cell) : cell;
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? NONSENSE : cell;
  return cell ?? null;
}

const isExact = (value: bigint): boolean =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;

const NONSENSE: Absent = { absent: 'corrupt-structure' };
