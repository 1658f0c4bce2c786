// Cells and rows as keys: texts that are equal if the values are.
// A cell that could not be read has no key, and is equal to nothing.
import { type Cell, isAbsent, type Row } from '../plugin/cell.ts';

/** A cell as text that is the same for the same value; undefined for one that could not be read. */
export function cellKey(cell: Cell | undefined): string | undefined {
  if (cell === undefined || cell === null) return '';
  if (typeof cell === 'object') {
    if (isAbsent(cell)) return undefined;
    return (cell as Date).toISOString();
  }
  return `${typeof cell === 'string' ? 's' : 'v'}${cell}`;
}

/** Several cells as one text; undefined where one of them could not be read. */
export function keyOf(cells: readonly (Cell | undefined)[]): string | undefined {
  let key = '';
  for (const cell of cells) {
    const part = cellKey(cell);
    if (part === undefined) return undefined;
    key += `${part.length}:${part}`;
  }
  return key;
}

/** Whether two cells say the same; nothing can be said of one that could not be read. */
export function sameCell(before: Cell | undefined, after: Cell | undefined): boolean | undefined {
  // Nearly all cells are the same primitive: no text is made for them.
  if (before === after && typeof before !== 'object') return true;
  const one = cellKey(before);
  const other = cellKey(after);
  return one === undefined || other === undefined ? undefined : one === other;
}

/** Rows by key, in their order; those without a key apart. */
export function groupBy(
  rows: readonly Row[],
  key: (row: Row) => string | undefined,
): { readonly groups: Map<string, Row[]>; readonly unknown: Row[] } {
  const groups = new Map<string, Row[]>();
  const unknown: Row[] = [];
  for (const row of rows) {
    const name = key(row);
    if (name === undefined) {
      unknown.push(row);
      continue;
    }
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  return { groups, unknown };
}
