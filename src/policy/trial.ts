// Tries one rule's condition on all its rows, or on groups of them.
// It records rows for which nobody knows.
import type { Expression } from './expression.ts';
import type { Rule } from './policy.ts';
import { AbsentRead, Exhausted, NullRead } from './reading.ts';
import type { RowView } from './rows.ts';
import { valueText } from './template.ts';
import type { Variables } from './world.ts';

/** A row that a rule is to look at. */
export interface Candidate {
  readonly view: RowView;
  /** The row as it was, for a rule over changed rows. */
  readonly before: RowView | undefined;
  readonly changed: readonly string[] | undefined;
  /** False for a row that is perhaps new or gone: the other answer was not whole. */
  readonly isSure: boolean;
}

/** Rows that are counted together. */
export interface Group {
  /** The value of `per`; null where it does not apply, or where nothing is grouped. */
  readonly value: unknown;
  readonly text: string;
  readonly matches: Candidate[];
  /** Rows that may match: of those nobody knows. */
  unknown: number;
}

/** Reasons of which more than so many are only counted: messages may quote the evidence. */
const MOST_REASONS = 10;
const LONGEST_REASON = 200;

/** One rule's condition over all its rows. */
export class Trial {
  readonly matches: Candidate[] = [];
  readonly perhaps: Candidate[] = [];
  readonly groups = new Map<string, Group>();
  /** The condition took too long: what was not looked at is unknown. */
  isExhausted = false;
  readonly #rule: Rule;
  readonly #variables: Variables;
  readonly #reasons = new Map<string, number>();
  #others = 0;

  constructor(rule: Rule, variables: Variables) {
    this.#rule = rule;
    this.#variables = variables;
  }

  run(candidates: readonly Candidate[]): void {
    if (this.#rule.count !== undefined && this.#rule.count.per === undefined) this.#group(null, null);
    try {
      for (const candidate of candidates) this.#look(candidate);
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error;
      this.isExhausted = true;
    }
  }

  /** What could not be decided, as sentences. */
  get undecided(): string[] {
    const { plugin } = this.#rule;
    const told = [...this.#reasons].map(
      ([reason, rows]) =>
        `${rows} row${rows === 1 ? '' : 's'} of ${plugin.name} could not be judged: ${reason}`,
    );
    if (this.#others > 0) told.push(`${this.#others} more rows of ${plugin.name} could not be judged`);
    if (this.isExhausted) told.push('the rule takes too many steps on this snapshot, and was given up');
    return told;
  }

  #look(candidate: Candidate): void {
    const variables = this.#variables;
    variables.row = candidate.view;
    variables.before = candidate.before;
    variables.changed = candidate.changed;
    const { where, count } = this.#rule;
    const holds = where === undefined ? true : this.#holds(where);
    if (count !== undefined) this.#count(candidate, holds);
    else if (holds === true) (candidate.isSure ? this.matches : this.perhaps).push(candidate);
  }

  #count(candidate: Candidate, holds: boolean | undefined): void {
    const { per, min } = this.#rule.count!;
    // A group in which nothing matches is of interest only where something must.
    if (holds === false && (per === undefined || min === 0)) return;
    let value: unknown = null;
    if (per !== undefined) {
      try {
        value = per.evaluate(this.#variables);
      } catch (error) {
        if (this.#unknown(error)) return;
      }
    }
    const group = this.#group(value, per === undefined ? null : value);
    if (holds === undefined || (holds && !candidate.isSure)) group.unknown++;
    else if (holds) group.matches.push(candidate);
  }

  #group(value: unknown, shown: unknown): Group {
    const text = shown === null ? 'none' : valueText(shown);
    const key = `${typeof value} ${value instanceof Date ? value.toISOString() : String(value)}`;
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const group: Group = { value, text, matches: [], unknown: 0 };
    this.groups.set(key, group);
    return group;
  }

  /** Undefined where nobody knows: the reason is then kept. */
  #holds(where: Expression): boolean | undefined {
    try {
      return where.evaluate(this.#variables) === true;
    } catch (error) {
      return this.#unknown(error) ? undefined : false;
    }
  }

  /** Whether what was thrown tells of something that nobody knows, and not of what does not apply. */
  #unknown(error: unknown): boolean {
    if (error instanceof NullRead) return false;
    if (error instanceof Exhausted || !(error instanceof Error)) throw error;
    this.#remember(error);
    return true;
  }

  #remember(error: Error & { summary?: string }): void {
    const said = error instanceof AbsentRead ? error.message : (error.summary ?? error.message);
    const reason = said.length > LONGEST_REASON ? `${said.slice(0, LONGEST_REASON)}…` : said;
    const count = this.#reasons.get(reason);
    if (count === undefined && this.#reasons.size >= MOST_REASONS) this.#others++;
    else this.#reasons.set(reason, (count ?? 0) + 1);
  }
}
