// Gives checked expressions a logic of three values, and counts their steps.
// A cell that could not be read makes a condition unknown, never false.
import { AbsentRead, Exhausted, type Meter, NullRead } from './reading.ts';
import type { Comprehension, Context, Evaluator, Syntax } from './syntax.ts';

/** The name under which `matches` is called, so that no pattern meets the engine that goes back and forth. */
export const LINEAR_MATCHES = 'linearMatches';

/** What has to be changed in a tree before it is checked: which functions are called, and what `has` asks. */
export function prepare(nodes: readonly Syntax[]): void {
  for (const node of nodes) {
    if (node.op === 'rcall') {
      const args = node.args as unknown[];
      if (args[0] === 'matches') args[0] = LINEAR_MATCHES;
    }
    const { macro } = node.meta;
    if (macro === undefined || node.op !== 'call' || (node.args as unknown[])[0] !== 'has') continue;
    const { typeCheck, evaluate } = macro;
    macro.typeCheck = (checker, self, context) => {
      checker.check(self.args[0]!, context); // the library lets `has` of a field pass that there cannot be
      return typeCheck(checker, self, context);
    };
    macro.evaluate = (evaluator, self, context) => {
      try {
        return evaluate(evaluator, self, context);
      } catch (error) {
        if (error instanceof NullRead) return false;
        throw error;
      }
    };
  }
}

/**
 * Gives a checked tree the logic of three values, and counts its steps. Without this, `absent || null` would tell of
 * the one that is read last, and the rule would take what it does not know for what does not hold.
 */
export function govern(nodes: readonly Syntax[], meter: Meter): void {
  for (const node of nodes) {
    if (node.op === '&&') node.evaluate = logical(false);
    else if (node.op === '||') node.evaluate = logical(true);
    else if (node.op === '+' || node.op === 'in') countLengths(node, meter);
    const { alternate } = node.meta;
    if (alternate?.op === 'comprehension') governLoop(alternate.args as Comprehension, meter);
  }
}

/** `&&` is decided by a false, `||` by a true; of two operands without a value the one that is not known counts. */
const logical =
  (decisive: boolean): Syntax['evaluate'] =>
  (evaluator, { args }, context) => {
    const [one, other] = args as [Syntax, Syntax];
    const left = attempt(evaluator, one, context);
    if (left === decisive) return decisive;
    if (left === !decisive) return mustBeBoolean(evaluator.run(other, context));
    const right = attempt(evaluator, other, context);
    if (right === decisive) return decisive;
    throw graver(left, right);
  };

function attempt(evaluator: Evaluator, syntax: Syntax, context: Context): unknown {
  try {
    return mustBeBoolean(evaluator.run(syntax, context));
  } catch (error) {
    if (error instanceof Exhausted) throw error;
    return error;
  }
}

function mustBeBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError('a condition is neither true nor false');
}

/** What is unknown before what is wrong, and both before what does not apply. */
function graver(one: unknown, other: unknown): unknown {
  if (one instanceof AbsentRead) return one;
  if (other instanceof AbsentRead) return other;
  return one instanceof Error && !(one instanceof NullRead) ? one : other instanceof Error ? other : one;
}

/** An element whose condition reads what does not apply does not match, as a row does not. */
function governLoop(loop: Comprehension, meter: Meter): void {
  const { condition, step } = loop;
  loop.condition = (accumulated) => {
    meter.spend(1);
    return condition === undefined || condition(accumulated);
  };
  if (step.op !== '?:') return;
  const [predicate] = step.args as [Syntax];
  const { handle } = step;
  step.evaluate = (evaluator, node, context) => {
    let holds: unknown;
    try {
      holds = evaluator.run(predicate, context);
    } catch (error) {
      if (!(error instanceof NullRead)) throw error;
      holds = false;
    }
    return handle!(holds, evaluator, node, context);
  };
}

/** Lists and texts that are joined or searched cost what they are long. */
function countLengths(node: Syntax, meter: Meter): void {
  const { handle } = node;
  if (handle === undefined) return;
  node.handle = (...values) => {
    meter.spend(costOf(values[0]) + costOf(values[1]));
    return handle(...values);
  };
}

function costOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'string' ? value.length >> 6 : 0;
}
