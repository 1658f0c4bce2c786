// Single cells as text for tables and as values for JSON.
// Everything that comes out is safe to print.
import { hex } from '../base/address.ts';
import { type Cell, isAbsent } from '../plugin/cell.ts';
import type { ColumnKind } from '../plugin/contract.ts';
import { escapeText } from './escape.ts';

/** What stands in a table for a cell that could not be read. A legend below the table tells why. */
export const ABSENT_MARK = '–';
/** A text that is the mark, and no absence. */
const SPELLED_MARK = '\\u2013';

/** A cell as people read it, safe to print. `null` is empty. */
export function cellText(kind: ColumnKind, cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return cell === ABSENT_MARK ? SPELLED_MARK : escapeText(cell);
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (cell instanceof Date) return cell.toISOString();
  if (typeof cell === 'object') return ABSENT_MARK;
  return kind === 'address' ? hex(cell) : String(cell);
}

/** A whole number as people read offsets and masks. */
export const hexText = (cell: Cell): string =>
  typeof cell === 'number' || typeof cell === 'bigint' ? numberHex(cell) : cellText('int', cell);

const numberHex = (value: number | bigint): string =>
  value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;

/**
 * A cell as JSON holds it: addresses as hex strings, times as ISO 8601, absences with their reason. A whole
 * number past 2^53, which JSON's doubles would round, becomes a string of decimals.
 */
export function cellJson(kind: ColumnKind, cell: Cell): unknown {
  if (cell === null || typeof cell === 'string' || typeof cell === 'boolean' || isAbsent(cell)) return cell;
  if (cell instanceof Date) return cell.toISOString();
  if (kind === 'address') return hex(cell as bigint);
  if (typeof cell === 'number') return cell;
  return isSafe(cell as bigint) ? Number(cell) : String(cell);
}

/** Numbers line up at their last digit; words at their first letter. */
export const isRightAligned = (kind: ColumnKind): boolean =>
  kind === 'int' || kind === 'seconds' || kind === 'address';

const isSafe = (value: bigint): boolean =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
