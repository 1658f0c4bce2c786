// Rows one after the other: which of them pass all tests, of which nobody knows, and, where none has passed, which
// test let none through and what there is instead.
import { hint } from '../../base/nearest.ts';
import { type Cell, isAbsent, type Row } from '../../plugin/cell.ts';
import type { ColumnKind } from '../../plugin/contract.ts';
import { cellText } from '../../report/cell.ts';
import type { RowTest } from './selection.ts';

/** Values of a column that are counted while no row has passed. */
const MOST_VALUES = 1_000;
/** Values that are shown. */
const SHOWN_VALUES = 8;
/** Letters of a value that are looked at and shown. */
const MOST_LETTERS = 60;

/** Lets rows through. */
export class RowFilter {
  readonly #tests: readonly Counted[];
  #rows = 0;
  #passed = 0;
  #undecided = 0;

  constructor(tests: readonly RowTest[]) {
    this.#tests = tests.map((test) => new Counted(test));
  }

  /** Whether the row passes all tests. One that nobody can decide does not, and is counted. */
  passes(row: Row): boolean {
    this.#rows++;
    let verdict: boolean | undefined = true;
    for (const test of this.#tests) {
      const held = this.#passed > 0 ? test.decide(row) : test.count(row);
      if (held === false) verdict = false;
      else if (held === undefined && verdict === true) verdict = undefined;
      if (verdict === false && this.#passed > 0) return false;
    }
    if (verdict === undefined) this.#undecided++;
    if (verdict === true) this.#passed++;
    return verdict === true;
  }

  /** What the evidence lacked, once all rows are through. */
  get notes(): string[] {
    if (this.#undecided === 0) return [];
    const reasons = this.#tests.flatMap((test) => test.reasons);
    const why = reasons.length > 0 ? reasons.join('; ') : 'the cell to filter by could not be read';
    return [`${this.#undecided} row${this.#undecided === 1 ? '' : 's'} left out: ${why}`];
  }

  /** Why no row has passed, once all are through: sentences that quote the evidence. None where one has. */
  get remarks(): string[] {
    if (this.#passed > 0 || this.#tests.length === 0) return [];
    if (this.#rows === 0) return ['there are no rows to filter'];
    const empty = this.#tests.filter(({ held }) => held === 0);
    if (empty.length > 0) return empty.map((test) => test.remark);
    const each = this.#tests.map(({ test, held }) => `${test.said} (${rowsText(held)})`);
    return [`no row passes all of ${each.join(', ')}`];
  }
}

const rowsText = (count: number): string =>
  `${count} row${count === 1 ? '' : 's'} pass${count === 1 ? 'es' : ''}`;

/** One test, what it has let through, and what there was. */
class Counted {
  readonly test: RowTest;
  held = 0;
  readonly #values = new Map<string, number>();
  #least: Cell | undefined;
  #most: Cell | undefined;

  constructor(test: RowTest) {
    this.test = test;
  }

  decide(row: Row): boolean | undefined {
    return this.test.decide(row);
  }

  /** Decides, and remembers what there is for as long as nothing has passed. */
  count(row: Row): boolean | undefined {
    const held = this.test.decide(row);
    if (held === true) this.held++;
    const { column, kind } = this.test;
    if (column !== undefined && this.held === 0) this.#see(row[column]!, kind ?? 'text');
    return held;
  }

  get reasons(): readonly string[] {
    return this.test.reasons?.() ?? [];
  }

  /** `no row has state CLOSING; there are ESTABLISHED (13), LISTEN (6)` */
  get remark(): string {
    const { said, column, words, kind } = this.test;
    if (column === undefined || words === undefined) return `no row passes ${said}`;
    const none = `no row has ${column} ${words === '' ? 'without a value' : words}`;
    const values = [...this.#values].sort(([, a], [, b]) => b - a);
    if (values.length === 0) return `${none}; it could not be read in any`;
    if (this.#least !== undefined && values.length > SHOWN_VALUES)
      return `${none}; they go from ${cellText(kind!, this.#least)} to ${cellText(kind!, this.#most!)}`;
    const shown = values.slice(0, SHOWN_VALUES).map(([value, count]) => `${value} (${count})`);
    const more = values.length > SHOWN_VALUES ? ', …' : '';
    const meant = kind === 'text' ? hint(words, [...this.#values.keys()]) : '';
    const there = kind === 'flag' ? 'it is' : values.length === 1 ? 'there is' : 'there are';
    return `${none}${meant}; ${there} ${shown.join(', ')}${more}`;
  }

  #see(cell: Cell, kind: ColumnKind): void {
    if (isAbsent(cell)) return;
    const text =
      cell === null || cell === ''
        ? 'no value'
        : shortened(typeof cell === 'string' ? cell : cellText(kind, cell));
    const count = this.#values.get(text);
    if (count !== undefined || this.#values.size < MOST_VALUES) this.#values.set(text, (count ?? 0) + 1);
    if (kind === 'text' || kind === 'flag' || cell === null) return;
    if (this.#least === undefined || cell < this.#least!) this.#least = cell;
    if (this.#most === undefined || cell > this.#most!) this.#most = cell;
  }
}

/** Enough of a value to know it again. */
const shortened = (text: string): string =>
  text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}…`;
