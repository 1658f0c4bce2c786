// Rows as conditions see them: `row.name` reads a cell when it is asked for.
// Reading an absent cell throws, so that the condition becomes unknown.
import { hex } from '../base/address.ts';
import { type Absent, type Cell, isAbsent, type Row } from '../plugin/cell.ts';
import { type AnyPlugin, type ColumnKind, kindOf } from '../plugin/contract.ts';
import { AbsentRead, type Meter, NullRead } from './reading.ts';

/** Where a view keeps its row: no column can be called so. */
export const ROW = Symbol('row');

/** A row as conditions see it: a property for each column, read when it is asked for. */
export interface RowView {
  readonly [ROW]: Row;
}

/** Makes the views of one plugin's rows. */
export interface RowClass {
  /** What the type is called in conditions and messages. It has a space: no plugin's name has one. */
  readonly typeName: string;
  readonly ctor: new (row: Row) => RowView;
  /** The type of each column in CEL. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The type in CEL of each kind of cell. */
const CEL_TYPES: Readonly<Record<ColumnKind, string>> = {
  int: 'int',
  text: 'string',
  flag: 'bool',
  address: 'string',
  time: 'google.protobuf.Timestamp',
  seconds: 'double',
};

/** A class whose properties are a plugin's columns: a closure for each column, made once. */
export function rowClass(plugin: AnyPlugin, meter: Meter): RowClass {
  class View implements RowView {
    readonly [ROW]: Row;
    constructor(row: Row) {
      this[ROW] = row;
    }
  }
  const fields: Record<string, string> = {};
  for (const [name, column] of Object.entries(plugin.columns)) {
    const kind = kindOf(column);
    fields[name] = CEL_TYPES[kind];
    const unread = new UnreadCells(`${plugin.name}.${name}`);
    Object.defineProperty(View.prototype, name, {
      get(this: View) {
        meter.spend(1);
        return celValue(this[ROW][name] ?? null, kind, unread);
      },
    });
  }
  return { typeName: `${plugin.name} row`, ctor: View, fields };
}

/** What reading a column's cells without a value throws: made once, since thousands of rows may lack it. */
class UnreadCells {
  readonly null: NullRead;
  readonly #column: string;
  readonly #absent = new Map<string, AbsentRead>();

  constructor(column: string) {
    this.#column = column;
    this.null = new NullRead(column);
  }

  absent({ absent }: Absent): AbsentRead {
    let made = this.#absent.get(absent);
    if (made === undefined) {
      made = new AbsentRead(`${this.#column} could not be read (${absent})`);
      this.#absent.set(absent, made);
    }
    return made;
  }
}

/** A cell as CEL has it. @throws AbsentRead, NullRead */
function celValue(cell: Cell, kind: ColumnKind, unread: UnreadCells): unknown {
  if (cell === null) throw unread.null;
  if (typeof cell === 'object' && isAbsent(cell)) throw unread.absent(cell);
  if (kind === 'int') return BigInt(cell as number | bigint);
  return kind === 'address' ? hex(cell as bigint) : cell;
}
