// Turns the error messages of the CEL library into the program's own words.
// It adds the place in the expression and the nearest right word.
import { hint } from '../base/nearest.ts';
import { LINEAR_MATCHES } from './logic.ts';
import { accessOf, type Syntax } from './syntax.ts';

/** What is wrong with an expression, and at which of its characters. */
export interface Flaw {
  readonly offset: number;
  readonly message: string;
}

/** The words that an expression may use: a misspelling is near one of them. */
export interface Words {
  readonly variables: readonly string[];
  /** What can be looked into, by the name of its type, and the names in it. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** Why a variable that other expressions have is not here. */
  readonly missing: Readonly<Record<string, string>>;
}

/** An error of the library in this program's words. */
export function flawOf(error: unknown, words: Words): Flaw {
  const { code, summary, node, range, message } = error as Partial<LibraryError> & Error;
  const offset = range?.start ?? 0;
  if (code === 'no_such_key' && node !== undefined) return noSuchMember(node, offset, words);
  if (code === 'unknown_variable' && node !== undefined) {
    const name = String(node.args);
    const why = words.missing[name];
    if (why !== undefined) return { offset, message: `there is no variable ${name}; ${why}` };
    const there = `there are ${words.variables.join(', ')}`;
    return { offset, message: `there is no variable ${name}${hint(name, words.variables)}; ${there}` };
  }
  const said = (summary ?? message).replaceAll(LINEAR_MATCHES, 'matches');
  const remedy = / null\b|\bnull /.test(said) ? '; to ask whether there is a value, write has(row.x)' : '';
  return { offset, message: said.charAt(0).toLowerCase() + said.slice(1) + remedy };
}

/** What the library throws at an expression that it cannot use. */
interface LibraryError {
  readonly code: string;
  readonly summary: string;
  readonly node: Syntax;
  readonly range: { readonly start: number };
}

function noSuchMember(node: Syntax, start: number, { members }: Words): Flaw {
  const { of, name = '' } = accessOf(node) ?? { of: node };
  const type = of.checkedType?.name ?? '';
  const known = members.get(type) ?? [];
  const offset = node.op === '.' ? node.end - name.length : start;
  return { offset, message: `there is no ${memberText(type, name)}${hint(name, known)}` };
}

/** `column nmae in pslist` */
function memberText(type: string, name: string): string {
  switch (type) {
    case 'sets':
      return `set ${name}`;
    case 'its':
      return `plugin ${name} whose rows belong to processes`;
    case 'all':
      return `plugin ${name}`;
    case 'snapshot':
      return `${name} in snapshot`;
    default:
      if (type.endsWith(' references')) return `reference ${name} in ${type.replace(/ references$/, '')}`;
      return `column ${name} in ${type.replace(/ row$/, '')}`;
  }
}
