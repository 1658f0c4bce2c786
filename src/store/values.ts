// Cells as SQLite's values and back.
// What no column can hold, such as an absent cell's reason, is JSON in one more column.
import { type Absent, type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import type { ColumnKind } from '../plugin/contract.ts';

/** What SQLite holds of one cell. */
export type SqlValue = number | bigint | string | null;

/** SQLite's type of a column, by the kind of its cells. */
export const sqlTypes: Readonly<Record<ColumnKind, string>> = {
  int: 'INTEGER',
  text: 'TEXT',
  flag: 'INTEGER',
  address: 'INTEGER', // two's complement: printf('%x', …) shows it right
  time: 'TEXT',
  seconds: 'REAL',
};

/** What does not fit a column: why a cell is absent, a whole number past 63 bits in decimal, or a text that is no UTF-8. */
type Aside = string | { readonly int: string } | { readonly text: string };

const MOST = (1n << 63n) - 1n;
const LEAST = -(1n << 63n);

/** Two's complement of 64 bits, and back. Most addresses are the same in both, and that is sooner seen than made. */
const signed = (address: bigint): bigint =>
  address >= 0n && address <= MOST ? address : BigInt.asIntN(64, address);
const unsigned = (value: bigint): bigint => (value >= 0n ? value : BigInt.asUintN(64, value));

/**
 * Makes of a row what SQLite keeps of it, behind what stands in front: a value for each column, and last JSON of what
 * no column can hold (null: nothing).
 */
export function rowWriter(
  kinds: ReadonlyMap<string, ColumnKind>,
): (row: Row, ...front: SqlValue[]) => SqlValue[] {
  const columns = [...kinds];
  return (row, ...values) => {
    let asides: Record<string, Aside> | null = null;
    for (const [name, kind] of columns) {
      const cell = row[name] ?? null;
      const aside = asideOf(cell, kind);
      if (aside === undefined) values.push(sqlValue(cell as Exclude<Cell, Absent>, kind));
      else {
        values.push(null);
        asides ??= {};
        asides[name] = aside;
      }
    }
    values.push(asides === null ? null : JSON.stringify(asides));
    return values;
  };
}

/** What of a cell its column cannot hold; undefined where it can. */
function asideOf(cell: Cell, kind: ColumnKind): Aside | undefined {
  switch (typeof cell) {
    case 'string':
      return cell.isWellFormed() ? undefined : { text: cell }; // JSON spells lone surrogates, SQLite would lose them
    case 'bigint':
      return kind === 'int' && (cell > MOST || cell < LEAST) ? { int: String(cell) } : undefined;
    default:
      return cell !== null && isAbsent(cell) ? cell.absent : undefined;
  }
}

function sqlValue(cell: Exclude<Cell, Absent>, kind: ColumnKind): SqlValue {
  if (cell === null) return null;
  if (cell instanceof Date) return cell.toISOString();
  switch (kind) {
    case 'flag':
      return cell ? 1 : 0;
    case 'address':
      return signed(BigInt(cell as bigint));
    case 'int':
      // A number goes to SQLite as a REAL, which the column makes an INTEGER where none of its digits can be lost.
      return Number.isSafeInteger(cell) ? (cell as number) : BigInt(cell as number | bigint);
    default:
      return cell as string | number;
  }
}

/** Makes the row again that `rowWriter` was given. The values are to be read with safe integers. */
export function rowReader(kinds: ReadonlyMap<string, ColumnKind>): (values: readonly SqlValue[]) => Row {
  const columns = [...kinds];
  return (values) => {
    const asides = values[columns.length] as string | null;
    const beside = asides === null ? NOTHING : readAsides(asides);
    const row: Record<string, Cell> = {};
    let index = 0;
    for (const [name, kind] of columns) {
      const aside = beside[name];
      const value = values[index++]!;
      row[name] = aside === undefined ? cellOf(value, kind) : besideCell(aside);
    }
    return row;
  };
}

/** Whether a cell of these columns is absent, by the JSON of what the columns cannot hold. */
export const hasAbsent = (asides: string, columns: readonly string[]): boolean => {
  const beside = readAsides(asides);
  return columns.some((name) => typeof beside[name] === 'string');
};

const readAsides = (asides: string): Readonly<Record<string, Aside>> =>
  JSON.parse(asides) as Record<string, Aside>;

const NOTHING: Readonly<Record<string, Aside>> = {};

function besideCell(aside: Aside): Cell {
  if (typeof aside === 'string') return { absent: aside };
  return 'int' in aside ? BigInt(aside.int) : aside.text;
}

function cellOf(value: SqlValue, kind: ColumnKind): Cell {
  if (value === null) return null;
  switch (kind) {
    case 'int': {
      const narrow = Number(value);
      return Number.isSafeInteger(narrow) ? narrow : BigInt(value);
    }
    case 'flag':
      return Number(value) !== 0;
    case 'address':
      return unsigned(BigInt(value));
    case 'time':
      return new Date(String(value));
    case 'seconds':
      return Number(value);
    case 'text':
      return String(value);
  }
}
