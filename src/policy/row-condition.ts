// One condition of a policy's language over the rows of one question, without a policy: what `--where` says.
// A row is `row`, and its columns may be named without it; other rows are not seen.

import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import { compileExpression } from './expression.ts';
import { type Place, Problems } from './problem.ts';
import { AbsentRead, Exhausted, Meter, NullRead } from './reading.ts';
import { rowClass } from './rows.ts';
import { emptyEnvironment } from './vocabulary.ts';

/** Steps for one row: a tenth of a second. */
const STEPS_OF_A_ROW = 200_000;
/** Reasons for undecided rows that are told apart. */
const MOST_REASONS = 5;
const LONGEST_REASON = 200;

/** A condition over the rows of one question. */
export class RowCondition {
  readonly #evaluate: (row: Row) => unknown;
  readonly #meter: Meter;
  readonly #reasons = new Map<string, number>();

  private constructor(evaluate: (row: Row) => unknown, meter: Meter) {
    this.#evaluate = evaluate;
    this.#meter = meter;
  }

  /** @param source what the text is called in messages: `--where` @throws BadPolicy with each flaw and its place */
  static of(text: string, plugin: AnyPlugin, source: string): RowCondition {
    const meter = new Meter();
    const { ctor: View, fields, typeName } = rowClass(plugin, meter);
    /** What a condition sees: the columns, and the row that has them. */
    class Scope extends View {
      get row(): this {
        return this;
      }
    }
    const environment = emptyEnvironment(meter)
      .registerType(typeName, { ctor: Scope, fields })
      .registerVariable('row', typeName);
    const names = ['row'];
    for (const [name, type] of Object.entries(fields)) {
      if (NAMES_OF_THE_LANGUAGE.includes(name)) continue;
      environment.registerVariable(name, type);
      names.push(name);
    }
    const words = { variables: names, members: new Map([[typeName, Object.keys(fields)]]), missing: MISSING };
    const problems = new Problems();
    const placed = { text, at: placeIn(text, source, 0), placeOf: (at: number) => placeIn(text, source, at) };
    const wanted = { isFit: (type: string) => type === 'bool', what: 'a condition: true or false' };
    const frame = { environment, meter, words, processes: undefined, references: new Map() };
    const expression = compileExpression(placed, frame, wanted, problems, '');
    problems.throwIfAny();
    return new RowCondition((row) => expression!.evaluate(new Scope(row)), meter);
  }

  /** Whether the row fulfils it; undefined where nobody knows. A cell that does not apply fulfils nothing. */
  decide(row: Row): boolean | undefined {
    this.#meter.refill(STEPS_OF_A_ROW);
    try {
      return this.#evaluate(row) === true;
    } catch (error) {
      if (error instanceof NullRead) return false;
      if (!(error instanceof Error)) throw error;
      this.#remember(error);
      return undefined;
    }
  }

  /** Why rows are undecided, as sentences that may quote the evidence. */
  get reasons(): string[] {
    return [...this.#reasons].map(([reason, count]) => `${reason} (${count})`);
  }

  #remember(error: Error & { readonly summary?: string }): void {
    const said =
      error instanceof Exhausted
        ? 'the condition takes too many steps'
        : error instanceof AbsentRead
          ? error.message
          : (error.summary ?? error.message);
    const short = said.length > LONGEST_REASON ? `${said.slice(0, LONGEST_REASON)}…` : said;
    const reason =
      this.#reasons.size < MOST_REASONS || this.#reasons.has(short) ? short : 'for other reasons';
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
  }
}

/** Columns of these names are only seen as `row.type`: the language has taken the word. */
const NAMES_OF_THE_LANGUAGE = [
  ...['row', 'type', 'int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'dyn', 'optional'],
  ...['null_type', 'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for'],
  ...['function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var', 'void', 'while'],
];

const ONE_ROW = 'each row is judged by itself here; rules of a policy see others';
const MISSING = Object.fromEntries(
  ['process', 'its', 'ref', 'all', 'sets', 'snapshot', 'before', 'changed', 'count', 'group'].map((name) => [
    name,
    ONE_ROW,
  ]),
);

function placeIn(text: string, file: string, offset: number): Place {
  const lines = text.slice(0, offset).split('\n');
  return { file, line: lines.length, column: [...lines.at(-1)!].length + 1 };
}
