import { type Cell, isAbsent, type Row } from '../../../src/plugin/cell.ts';
import {
  type Comparison,
  type Context,
  type Expectation,
  type Expected,
  isJudge,
  showCell,
  type Verdict,
} from './expect.ts';
import { allowedNotes, type ToleranceName, tolerances } from './tolerances.ts';

/** How one plugin's answer compares. */
export interface Outcome {
  readonly plugin: string;
  readonly rows: number;
  /** One readable line each. */
  readonly differences: readonly string[];
  /** What moved between record and dump, counted by its reason. */
  readonly tolerated: Readonly<Partial<Record<ToleranceName, number>>>;
  /** Why there are differences, in the program's own words, where it has a word for every one of them. */
  readonly explained?: readonly string[];
}

/** An answer as `runPlugin` gives it. */
export interface Answer {
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Compares in both directions: nothing missing, nothing invented, every column of every row. */
export function compareAnswer(comparison: Comparison, context: Context, { rows, notes }: Answer): Outcome {
  const findings = new Findings(comparison.plugin);
  const waiting = new Map<string, number[]>();
  for (const [at, row] of rows.entries()) {
    const key = comparison.keyOf(row);
    const group = waiting.get(key);
    if (group === undefined) waiting.set(key, [at]);
    else group.push(at);
  }
  let last = -1;
  for (const expected of comparison.expected(context)) {
    const at = takeBest(expected, waiting.get(expected.key) ?? [], rows);
    if (at === undefined) {
      findings.add(expected.mayBeMissing ?? false, `missing ${expected.label}`, 'no row');
      continue;
    }
    for (const { column, cell, expectation, verdict } of judged(expected, rows[at]!)) {
      const said = isJudge(expectation) ? expectation.says : showCell(expectation);
      const line = `${expected.label}: ${column} is ${showCell(cell)}, the guest says ${said}`;
      findings.add(verdict, line, isAbsent(cell) ? { absentCell: cell.absent } : undefined);
    }
    if (comparison.ordered === true && at < last) findings.add(false, `${expected.label}: out of order`);
    last = at;
  }
  for (const at of [...waiting.values()].flat().sort((a, b) => a - b)) {
    const row = rows[at]!;
    const excuse = comparison.mayBeInvented?.(row, context);
    findings.add(excuse ?? false, `invented ${comparison.labelOf(row)}`);
  }
  for (const line of comparison.whole?.(rows, context) ?? []) findings.add(false, line);
  for (const note of notes) {
    if (!allowedNotes.some((allowed) => allowed.note.test(note))) {
      findings.add(false, `note: ${note}`, { note });
    }
  }
  return findings.outcome(rows.length);
}

interface Judged {
  readonly column: string;
  readonly cell: Cell;
  readonly expectation: Expectation;
  readonly verdict: Verdict;
}

/** Every column is judged; one that the record says nothing of is a mistake of the comparison. */
function judged({ cells, mayDiffer }: Expected, row: Row): Judged[] {
  const columns = new Set([...Object.keys(row), ...Object.keys(cells)]);
  return [...columns].map((column) => {
    const cell = row[column] ?? null;
    const expectation = cells[column];
    if (expectation === undefined) {
      return { column, cell, expectation: 'nothing: the comparison lacks this column', verdict: false };
    }
    if (!(column in row)) return { column, cell: 'no such column', expectation, verdict: false };
    const verdict = isJudge(expectation) ? expectation.judge(cell) : cell === expectation;
    const excused = mayDiffer !== undefined && (mayDiffer.only?.includes(column) ?? true);
    return { column, cell, expectation, verdict: verdict === false && excused ? mayDiffer.as : verdict };
  });
}

/** Takes the row that differs in the fewest columns out of the group. */
function takeBest(expected: Expected, group: number[], rows: readonly Row[]): number | undefined {
  let best: number | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const [nth, at] of group.entries()) {
    if (fewest === 0) break;
    const wrong = judged(expected, rows[at]!).filter(({ verdict }) => verdict !== true).length;
    if (wrong < fewest) [best, fewest] = [nth, wrong];
  }
  return best === undefined ? undefined : group.splice(best, 1)[0];
}

/** What the program says of a difference; nothing where it claims what is wrong. */
type Explanation =
  | { readonly absentCell: string }
  | { readonly note: string }
  /** Only a note can tell why a row is not there. */
  | 'no row'
  | undefined;

class Findings {
  readonly #plugin: string;
  readonly #differences: string[] = [];
  readonly #tolerated: Partial<Record<ToleranceName, number>> = {};
  readonly #reasons = new Set<string>();
  #missing = 0;
  #notes = 0;
  #wrong = 0;

  constructor(plugin: string) {
    this.#plugin = plugin;
  }

  add(verdict: Verdict, line: string, explanation?: Explanation): void {
    if (verdict === true) return;
    if (verdict !== false) {
      this.#tolerated[verdict] = (this.#tolerated[verdict] ?? 0) + 1;
      return;
    }
    this.#differences.push(`${this.#plugin} ${line}`);
    if (explanation === undefined) this.#wrong++;
    else if (explanation === 'no row') this.#missing++;
    else if ('note' in explanation) this.#notes++;
    if (typeof explanation !== 'object') return;
    this.#reasons.add('note' in explanation ? explanation.note : explanation.absentCell);
  }

  outcome(rows: number): Outcome {
    for (const [name, count] of Object.entries(this.#tolerated)) {
      const { limit, reason } = tolerances[name as ToleranceName];
      if (count > limit) this.add(false, `${count} times "${reason}", and at most ${limit} are believed`);
    }
    const isExplained =
      this.#wrong === 0 && (this.#missing === 0 || this.#notes > 0) && this.#reasons.size > 0;
    return {
      plugin: this.#plugin,
      rows,
      differences: this.#differences,
      tolerated: this.#tolerated,
      ...(isExplained ? { explained: [...this.#reasons].sort() } : {}),
    };
  }
}
