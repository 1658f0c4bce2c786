import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';
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

/** A row as SQLite keeps it: a value for each column, and JSON of what no column can hold (null: nothing). */
export function toSql(
  row: Row,
  kinds: ReadonlyMap<string, ColumnKind>,
): { values: SqlValue[]; asides: string | null } {
  const asides: Record<string, Aside> = {};
  const values = [...kinds].map(([name, kind]) => {
    const cell = row[name] ?? null;
    if (isAbsent(cell)) {
      asides[name] = cell.absent;
      return null;
    }
    if (kind === 'int' && typeof cell === 'bigint' && (cell > MOST || cell < LEAST)) {
      asides[name] = { int: String(cell) };
      return null;
    }
    if (typeof cell === 'string' && !isWellFormed(cell)) {
      asides[name] = { text: cell }; // JSON spells lone surrogates, SQLite would lose them
      return null;
    }
    return sqlValue(cell, kind);
  });
  return { values, asides: Object.keys(asides).length === 0 ? null : JSON.stringify(asides) };
}

function sqlValue(cell: Exclude<Cell, { absent: string }>, kind: ColumnKind): SqlValue {
  if (cell === null) return null;
  if (cell instanceof Date) return cell.toISOString();
  switch (kind) {
    case 'flag':
      return cell ? 1 : 0;
    case 'address':
      return BigInt.asIntN(64, BigInt(cell as bigint));
    case 'int':
      return BigInt(cell as number | bigint); // as bigint, so that SQLite never takes it for a REAL
    default:
      return cell as string | number;
  }
}

/** The row that `toSql` was given. `values` are read with safe integers. */
export function fromSql(
  values: readonly SqlValue[],
  asides: string | null,
  kinds: ReadonlyMap<string, ColumnKind>,
): Row {
  const beside = asides === null ? {} : (JSON.parse(asides) as Record<string, Aside>);
  const row: Record<string, Cell> = {};
  let index = 0;
  for (const [name, kind] of kinds) {
    const aside = beside[name];
    const value = values[index++]!;
    if (aside === undefined) row[name] = cellOf(value, kind);
    else row[name] = besideCell(aside);
  }
  return row;
}

function besideCell(aside: Aside): Cell {
  if (typeof aside === 'string') return { absent: aside };
  return 'int' in aside ? BigInt(aside.int) : aside.text;
}

const isWellFormed = (text: string): boolean => !/\p{Surrogate}/u.test(text);

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
      return BigInt.asUintN(64, BigInt(value));
    case 'time':
      return new Date(String(value));
    case 'seconds':
      return Number(value);
    case 'text':
      return String(value);
  }
}
