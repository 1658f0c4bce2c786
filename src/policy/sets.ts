// Evaluates the sets of a policy: named lists that rules look things up in.
// A set may be a list of values or an expression over rows.
import { parse } from '@marcbachmann/cel-js';
import { Sets, type SetValue } from './condition-variables.ts';
import { compileExpression, type Wanted } from './expression.ts';
import { type Problems, placeText } from './problem.ts';
import { Exhausted, type Meter } from './reading.ts';
import type { PlacedText, SetSource } from './source.ts';
import { accessOf, nodesOf, type Syntax } from './syntax.ts';
import { emptyEnvironment, withSets } from './vocabulary.ts';
import type { ScalarTree } from './yaml-tree.ts';

/** Elements of the largest set. */
const LARGEST_SET = 100_000;

const A_LIST: Wanted = { isFit: (type) => type.startsWith('list'), what: 'a list' };

/** The values of a policy's sets: of those that are expressions too. A set that is flawed is left out. */
export function evaluateSets(
  sources: ReadonlyMap<string, SetSource>,
  meter: Meter,
  problems: Problems,
): ReadonlyMap<string, SetValue> {
  const evaluation = new Evaluation(sources, meter, problems);
  for (const name of sources.keys()) evaluation.evaluate(name);
  return evaluation.values;
}

/** Evaluates sets in the order in which they are made of each other. */
class Evaluation {
  readonly values = new Map<string, SetValue>();
  readonly #sources: ReadonlyMap<string, SetSource>;
  readonly #meter: Meter;
  readonly #problems: Problems;
  readonly #done = new Set<string>();

  constructor(sources: ReadonlyMap<string, SetSource>, meter: Meter, problems: Problems) {
    this.#sources = sources;
    this.#meter = meter;
    this.#problems = problems;
  }

  /** @param road the sets that are made of this one, the outermost first */
  evaluate(name: string, road: readonly string[] = []): void {
    const source = this.#sources.get(name);
    if (source === undefined || this.#done.has(name)) return;
    if (road.includes(name)) {
      const circle = [...road.slice(road.indexOf(name)), name].join(' → ');
      this.#problems.add(source.at, `set ${name} is made of itself: ${circle}`);
      this.#done.add(name);
      return;
    }
    const { value } = source;
    const made = 'text' in value ? this.#expression(name, value, road) : this.#list(source, value);
    this.#done.add(name);
    if (made !== undefined) this.values.set(name, this.#likeReplaced(source, made));
  }

  #expression(name: string, text: PlacedText, road: readonly string[]): SetValue | undefined {
    const parts = setsIn(text.text);
    for (const part of parts) this.evaluate(part, [...road, name]);
    // What is wrong with a part has been told there.
    if (parts.some((part) => this.#sources.has(part) && !this.values.has(part))) return undefined;
    const frame = {
      environment: withSets(emptyEnvironment(this.#meter), this.values),
      meter: this.#meter,
      words: { variables: ['sets'], members: new Map([['sets', [...this.#sources.keys()]]]), missing: {} },
      processes: undefined,
      references: new Map(),
    };
    const before = `set ${name}: `;
    const expression = compileExpression(text, frame, A_LIST, this.#problems, before);
    if (expression === undefined) return undefined;
    try {
      const values = expression.evaluate({ sets: new Sets(this.values) }) as readonly unknown[];
      if (values.length <= LARGEST_SET) return { type: expression.type, values };
      this.#problems.add(text.at, `${before}it has ${values.length} elements, and may have ${LARGEST_SET}`);
    } catch (error) {
      const why = error instanceof Exhausted ? 'it takes too long' : (error as Error).message.split('\n')[0];
      this.#problems.add(text.at, `${before}${why}`);
    }
    return undefined;
  }

  /** A set that replaces another must be of its type, or rules elsewhere would not know what to do with it. */
  #likeReplaced({ name, at, replaces }: SetSource, made: SetValue): SetValue {
    if (replaces === undefined || 'text' in replaces.value) return made;
    const first = replaces.value[0];
    const type = first === undefined ? made.type : `list<${TYPES[typeof first.value]}>`;
    if (made.values.length > 0 && made.type !== type)
      this.#problems.add(
        at,
        `set ${name} is of type ${made.type}, and the set that it replaces (${placeText(replaces.at)}) of type ${type}`,
      );
    return { ...made, type };
  }

  #list({ name }: SetSource, items: readonly ScalarTree[]): SetValue | undefined {
    const types = items.map(({ value }) => TYPES[typeof value]);
    const odd = types.findIndex((type) => type !== types[0]);
    if (odd < 0) return { type: `list<${types[0] ?? 'dyn'}>`, values: items.map(({ value }) => value) };
    this.#problems.add(
      items[odd]!.at,
      `set ${name}: ${JSON.stringify(String(items[odd]!.value))} is of type ${types[odd]}, and the first is of type ${types[0]}`,
    );
    return undefined;
  }
}

/** The types in CEL of what YAML has. */
const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  bigint: 'int',
  number: 'double',
  boolean: 'bool',
};

/** The sets that an expression mentions; none where it cannot be parsed. */
function setsIn(text: string): string[] {
  try {
    const syntax = parse(text).ast as unknown as Syntax;
    return nodesOf(syntax).flatMap((node) => {
      const access = accessOf(node);
      return access?.of.args === 'sets' && access.name !== undefined ? [access.name] : [];
    });
  } catch {
    return [];
  }
}
