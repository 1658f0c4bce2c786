import type { VirtualAddress } from '../base/address.ts';

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
