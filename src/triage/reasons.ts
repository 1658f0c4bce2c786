// Why processes deserve a look, gathered from what each question says of its rows (`why`).
// Facts, not verdicts: policies judge. This only decides what one screen shows first.
import type { Row } from '../plugin/cell.ts';
import { numberOf } from '../plugin/cell-text.ts';
import { type AnyPlugin, listOf, processColumn } from '../plugin/contract.ts';
import type { Joined } from '../plugin/telling.ts';

/** The rows of a question's answer; none where it was not asked. */
type RowsOf = (question: string) => readonly Row[];

/** The reasons to look at each process, by its ID: its own first, then those of what it has. */
export function reasonsByProcess(
  plugins: readonly AnyPlugin[],
  rowsOf: RowsOf,
): ReadonlyMap<number, readonly string[]> {
  const reasons = new Map<number, string[]>();
  const join = new Joins(plugins, rowsOf);
  for (const plugin of inOrder(plugins)) {
    const column = processColumn(plugin);
    if (plugin.why === undefined || column === undefined) continue;
    for (const row of rowsOf(plugin.name)) {
      const pid = numberOf(row[column]);
      if (pid === null) continue;
      const known = reasons.get(pid) ?? [];
      const more = plugin.why(row, join.with(row, column)).filter((reason) => !known.includes(reason));
      if (more.length > 0) reasons.set(pid, [...known, ...more]);
    }
  }
  return reasons;
}

/** The processes themselves come first. */
const inOrder = (plugins: readonly AnyPlugin[]): readonly AnyPlugin[] => {
  const list = listOf(plugins, 'processes');
  return list === undefined ? plugins : [list, ...plugins.filter((plugin) => plugin !== list)];
};

/** Answers joined by process. What joins is looked up when a question first asks for it. */
export class Joins {
  readonly #plugins: readonly AnyPlugin[];
  readonly #rowsOf: RowsOf;
  readonly #tables = new Map<string, ReadonlyMap<number, readonly Row[]>>();

  constructor(plugins: readonly AnyPlugin[], rowsOf: RowsOf) {
    this.#plugins = plugins;
    this.#rowsOf = rowsOf;
  }

  /** What joins a row, whose `column` names a process. */
  with(row: Row, column: string | undefined): Joined {
    const of = (question: string | undefined): readonly Row[] => {
      const pid = column === undefined ? null : numberOf(row[column]);
      return pid === null || question === undefined ? [] : (this.#table(question).get(pid) ?? []);
    };
    const list = listOf(this.#plugins, 'processes')?.name;
    return {
      get process() {
        return of(list)[0];
      },
      of,
    };
  }

  #table(question: string): ReadonlyMap<number, readonly Row[]> {
    const known = this.#tables.get(question);
    if (known !== undefined) return known;
    const plugin = this.#plugins.find(({ name }) => name === question);
    const column = plugin === undefined ? undefined : processColumn(plugin);
    const table = new Map<number, Row[]>();
    for (const row of column === undefined ? [] : this.#rowsOf(question)) {
      const pid = numberOf(row[column!]);
      if (pid === null) continue;
      const others = table.get(pid);
      if (others === undefined) table.set(pid, [row]);
      else others.push(row);
    }
    this.#tables.set(question, table);
    return table;
  }
}
