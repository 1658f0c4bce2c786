// What conditions may name besides the row: sets, other answers, rows of the same process, facts of the snapshot.
// Each is an object whose members are read when asked for.
import type { Cell, Row } from '../plugin/cell.ts';
import type { KernelFacts, SnapshotFacts } from '../plugin/document.ts';
import type { Reference } from '../plugin/references.ts';
import { NullRead } from './reading.ts';
import { ROW, type RowView } from './rows.ts';

/** A set's values, and its type in CEL: `list<int>`. */
export interface SetValue {
  readonly type: string;
  readonly values: readonly unknown[];
}

/** `sets.NAME` */
export class Sets {
  constructor(sets: ReadonlyMap<string, SetValue>) {
    for (const [name, { values }] of sets) Object.defineProperty(this, name, { value: values });
  }
}

/** The answers about one snapshot, as lists of rows. */
export interface Rows {
  /** @throws AbsentRead where the plugin gave no answer */
  all(plugin: string): readonly RowView[];
  /** @throws AbsentRead */
  ofProcess(plugin: string, pid: number): readonly RowView[];
  /** @throws AbsentRead, NullRead */
  referred(reference: Reference, cell: Cell): RowView;
}

const ROWS = Symbol('rows');
const PID = Symbol('pid');

/** `all.NAME`: a class with a property for each plugin. */
export function allRowsClass(plugins: Iterable<string>) {
  class AllRows {
    readonly [ROWS]: Rows;
    constructor(rows: Rows) {
      this[ROWS] = rows;
    }
  }
  for (const name of plugins) {
    Object.defineProperty(AllRows.prototype, name, {
      get(this: AllRows) {
        return this[ROWS].all(name);
      },
    });
  }
  return AllRows;
}

/** `its.NAME`: the same for the rows of one process. */
export function ofProcessClass(plugins: Iterable<string>) {
  class OfProcess {
    readonly [ROWS]: Rows;
    readonly [PID]: number;
    constructor(rows: Rows, pid: number) {
      this[ROWS] = rows;
      this[PID] = pid;
    }
  }
  for (const name of plugins) {
    Object.defineProperty(OfProcess.prototype, name, {
      get(this: OfProcess) {
        return this[ROWS].ofProcess(name, this[PID]);
      },
    });
  }
  return OfProcess;
}

/** `ref.COLUMN`: the rows of other questions that the columns of one row name. */
export function referredClass(references: readonly Reference[]) {
  class Referred {
    readonly [ROWS]: Rows;
    readonly [ROW]: Row;
    constructor(rows: Rows, row: Row) {
      this[ROWS] = rows;
      this[ROW] = row;
    }
  }
  for (const reference of references) {
    const { column } = reference;
    Object.defineProperty(Referred.prototype, column, {
      get(this: Referred) {
        return this[ROWS].referred(reference, this[ROW][column] ?? null);
      },
    });
  }
  return Referred;
}

/** What conditions can say of the snapshot as a whole, and the type of each in CEL. */
export const SNAPSHOT_FIELDS = {
  hostname: 'string',
  release: 'string',
  banner: 'string',
  architecture: 'string',
  machineId: 'string',
  bootId: 'string',
  cpus: 'int',
  bootTime: 'google.protobuf.Timestamp',
  takenAt: 'google.protobuf.Timestamp',
  uptimeSeconds: 'double',
  memoryBytes: 'int',
  format: 'string',
} as const;

/** `snapshot.NAME` */
export class SnapshotView {
  readonly #facts: Readonly<Record<keyof typeof SNAPSHOT_FIELDS, string | number | null>>;

  constructor(snapshot: SnapshotFacts, kernel: KernelFacts) {
    const { memoryBytes, format } = snapshot;
    this.#facts = { ...kernel, takenAt: kernel.time, memoryBytes, format };
  }

  static {
    for (const [name, type] of Object.entries(SNAPSHOT_FIELDS)) {
      Object.defineProperty(SnapshotView.prototype, name, {
        get(this: SnapshotView) {
          const value = this.#facts[name as keyof typeof SNAPSHOT_FIELDS];
          if (value === null) throw new NullRead(name);
          if (type === 'int') return BigInt(value);
          return type === 'google.protobuf.Timestamp' ? new Date(value) : value;
        },
      });
    }
  }
}
