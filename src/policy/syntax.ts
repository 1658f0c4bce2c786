// The part of cel-js's syntax tree that this program reads and rewrites.
// Tests pin what is assumed about it.

/**
 * The part of cel-js's syntax tree that is looked at and changed. Its types say less than its code does; what is
 * assumed here is pinned by the tests of conditions.
 */
export interface Syntax {
  /** `.`, `[]`, `id`, `value`, `rcall`, `call`, `&&`, `comprehension`, … */
  readonly op: string;
  args: unknown;
  readonly start: number;
  readonly end: number;
  /** Known after the check. */
  readonly checkedType?: { readonly name: string };
  readonly meta: {
    /** What a macro became: `exists` is a comprehension. */
    readonly alternate?: Syntax;
    /** What a macro does that became nothing else: `has`. */
    readonly macro?: Macro;
  };
  evaluate: Evaluate;
  /** What an operator does with the values of its operands; known after the check. */
  handle?: (...values: unknown[]) => unknown;
}

type Evaluate = (evaluator: Evaluator, syntax: Syntax, context: Context) => unknown;

export interface Evaluator {
  run(syntax: Syntax, context: Context): unknown;
}

/** Where variables have their values; opaque. */
export interface Context {
  readonly context: never;
}

interface Macro {
  readonly args: readonly Syntax[];
  evaluate: (evaluator: Evaluator, macro: Macro, context: Context) => unknown;
  typeCheck: (checker: Checker, macro: Macro, context: Context) => unknown;
}

interface Checker {
  check(syntax: Syntax, context: Context): unknown;
}

/** What a comprehension is made of. */
export interface Comprehension {
  readonly step: Syntax;
  /** Asked before each element whether to go on. */
  condition?: ((accumulated: unknown) => boolean) | undefined;
}

/** Every node of a tree, the outer before the inner. */
export function nodesOf(syntax: Syntax): readonly Syntax[] {
  const nodes: Syntax[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) collect(one);
    else if (isSyntax(value)) {
      nodes.push(value);
      collect(value.args);
    }
  };
  collect(syntax);
  return nodes;
}

const isSyntax = (value: unknown): value is Syntax =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value;

/** `row.name` and `row["name"]`: what is looked into, and for what; undefined where the name is not written out. */
export function accessOf({ op, args }: Syntax): { of: Syntax; name: string | undefined } | undefined {
  if (op !== '.' && op !== '[]') return undefined;
  const [of, key] = args as [Syntax, unknown];
  if (op === '.') return { of, name: key as string };
  const written = isSyntax(key) && key.op === 'value' ? key.args : undefined;
  return { of, name: typeof written === 'string' ? written : undefined };
}
