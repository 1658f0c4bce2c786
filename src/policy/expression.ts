// Compiles and evaluates the expressions of a policy.
// They are CEL, checked against the columns of the questions, with three values: true, false, and not known.
import type { Environment } from '@marcbachmann/cel-js';
import { type Flaw, flawOf, type Words } from './flaw.ts';
import { govern, LINEAR_MATCHES, prepare } from './logic.ts';
import type { Problems } from './problem.ts';
import type { Meter } from './reading.ts';
import { BadPattern, patternOf } from './regex.ts';
import type { PlacedText } from './source.ts';
import { accessOf, nodesOf, type Syntax } from './syntax.ts';

/** A checked expression. */
export interface Expression {
  /** Its type in CEL: `bool`. */
  readonly type: string;
  /** @throws AbsentRead, NullRead, Exhausted, and what the library throws where a value is of no use */
  readonly evaluate: (variables: object) => unknown;
  /** The columns of `row` that it mentions, those whose rows it looks up too. */
  readonly columns: ReadonlySet<string>;
  /** The plugins whose rows it reads, besides those of the row itself. */
  readonly needs: ReadonlySet<string>;
}

/** What an expression may speak of, and to whom its steps are charged. */
export interface Frame {
  readonly environment: Environment;
  readonly meter: Meter;
  /** For messages. */
  readonly words: Words;
  /** The question that lists the processes: `process` reads its rows. */
  readonly processes: string | undefined;
  /** The question that each column of `ref` leads to. */
  readonly references: ReadonlyMap<string, string>;
}

/** What an expression has to give. */
export interface Wanted {
  readonly isFit: (type: string) => boolean;
  /** `a condition: true or false` */
  readonly what: string;
}

/**
 * Makes an expression ready. Undefined where it is flawed: the problems then say where and why.
 *
 * @param before what messages begin with: `rule "x": `
 */
export function compileExpression(
  source: PlacedText,
  frame: Frame,
  wanted: Wanted,
  problems: Problems,
  before: string,
): Expression | undefined {
  const made = compile(source.text, frame, wanted);
  if (!Array.isArray(made)) return made;
  for (const { offset, message } of made) problems.add(source.placeOf(offset), before + message);
  return undefined;
}

function compile(text: string, frame: Frame, wanted: Wanted): Expression | Flaw[] {
  const { environment, meter, words } = frame;
  try {
    const parsed = environment.parse(text);
    const nodes = nodesOf(parsed.ast as unknown as Syntax);
    prepare(nodes);
    const { valid, type = 'dyn', error } = parsed.check();
    if (!valid) return [flawOf(error, words)];
    const flaws = [...misused(nodes), ...badPatterns(nodes)];
    if (!wanted.isFit(type))
      flaws.push({ offset: 0, message: `this is of type ${type}, and must be ${wanted.what}` });
    if (flaws.length > 0) return flaws;
    govern(nodes, meter);
    return { type, evaluate: (variables) => parsed(variables as never), ...mentioned(nodes, frame) };
  } catch (error) {
    return [flawOf(error, words)];
  }
}

/** Variables that are only there to be looked into. */
const WITH_MEMBERS = ['its', 'ref', 'all', 'sets', 'snapshot'];

/** What is needed to evaluate an expression follows from it, so each part of it must be named. */
function misused(nodes: readonly Syntax[]): Flaw[] {
  const named = new Set<unknown>();
  for (const node of nodes) {
    const access = accessOf(node);
    if (access?.name !== undefined) named.add(access.of);
  }
  return nodes
    .filter((node) => node.op === 'id' && WITH_MEMBERS.includes(String(node.args)) && !named.has(node))
    .map(({ args, start }) => ({
      offset: start,
      message: `${args} must be followed by a name: ${args}.NAME`,
    }));
}

/** Patterns that are written out are made ready at once: a flawed one is known before any snapshot is. */
function badPatterns(nodes: readonly Syntax[]): Flaw[] {
  return nodes.flatMap(({ op, args }): Flaw[] => {
    const [name, , [pattern] = []] = (op === 'rcall' ? args : []) as [string?, Syntax?, Syntax[]?];
    if (name !== LINEAR_MATCHES || pattern?.op !== 'value') return [];
    try {
      patternOf(String(pattern.args));
      return [];
    } catch (error) {
      if (!(error instanceof BadPattern)) throw error;
      return [{ offset: pattern.start, message: error.message }];
    }
  });
}

function mentioned(
  nodes: readonly Syntax[],
  { processes, references }: Frame,
): Pick<Expression, 'columns' | 'needs'> {
  const columns = new Set<string>();
  const needs = new Set<string>();
  for (const node of nodes) {
    if (node.op === 'id' && node.args === 'process' && processes !== undefined) needs.add(processes);
    const access = accessOf(node);
    if (access?.of.op !== 'id' || access.name === undefined) continue;
    if (access.of.args === 'row' || access.of.args === 'ref') columns.add(access.name);
    if (access.of.args === 'its' || access.of.args === 'all') needs.add(access.name);
    const referred = access.of.args === 'ref' ? references.get(access.name) : undefined;
    if (referred !== undefined) needs.add(referred);
  }
  return { columns, needs };
}
