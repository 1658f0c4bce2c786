// Messages of rules with expressions in braces: `{row.name}`.
// A message whose expression fails says so in its place.
import { compileExpression, type Expression, type Frame, type Wanted } from './expression.ts';
import type { Problems } from './problem.ts';
import { AbsentRead, Exhausted, NullRead } from './reading.ts';
import type { PlacedText } from './source.ts';

/** A message with expressions in it. */
export interface Template {
  /** @throws Exhausted */
  readonly fill: (variables: object) => string;
  readonly needs: ReadonlySet<string>;
}

/** Characters that one expression may add to a message: arguments of a process can be a page. */
const LONGEST_VALUE = 200;

const SHOWABLE: Wanted = {
  isFit: (type) => !/ row| references|^(its|all|sets|snapshot|map.*|type)$/.test(type),
  what: 'something that can be shown: a text, a number, a time, true or false, or a list of these',
};

/** Makes a message ready: `{row.name}` is filled in, `{{` and `}}` are braces. */
export function compileTemplate(
  source: PlacedText,
  frame: Frame,
  problems: Problems,
  before: string,
): Template | undefined {
  const count = problems.list.length;
  const parts: (string | Expression | undefined)[] = [];
  for (const { offset, text, isExpression } of piecesOf(source.text)) {
    if (isExpression === undefined) problems.add(source.placeOf(offset), `${before}a brace is open: ${text}`);
    else if (!isExpression) parts.push(text);
    else {
      const placeOf = (at: number) => source.placeOf(offset + at);
      parts.push(
        compileExpression({ text, at: placeOf(0), placeOf }, frame, SHOWABLE, problems, `${before}message: `),
      );
    }
  }
  if (problems.list.length > count) return undefined;
  return {
    fill: (variables) => parts.map((part) => partText(part, variables)).join(''),
    needs: new Set(parts.flatMap((part) => (typeof part === 'object' ? [...part.needs] : []))),
  };
}

/** A message that is always the same. */
export const plainTemplate = (text: string): Template => ({ fill: () => text, needs: new Set() });

function partText(part: string | Expression | undefined, variables: object): string {
  if (typeof part !== 'object') return part ?? '';
  try {
    return valueText(part.evaluate(variables));
  } catch (error) {
    if (error instanceof NullRead) return 'none';
    if (error instanceof AbsentRead) return '–';
    if (error instanceof Exhausted) throw error;
    return '?'; // a value that the expression can do nothing with: the row has it
  }
}

/** A value of CEL as people read it. */
export function valueText(value: unknown): string {
  const text =
    value instanceof Date
      ? value.toISOString()
      : typeof value === 'boolean'
        ? value
          ? 'yes'
          : 'no'
        : Array.isArray(value)
          ? value.map(valueText).join(', ')
          : String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

interface Piece {
  readonly offset: number;
  readonly text: string;
  /** Undefined for a brace that nothing closes. */
  readonly isExpression: boolean | undefined;
}

/** A message in pieces. Braces within an expression, and those in its texts, are its own. */
function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  for (let at = 0; at < message.length; at++) {
    const char = message[at]!;
    if ((char === '{' || char === '}') && message[at + 1] === char) {
      plain += char;
      at++;
    } else if (char === '{') {
      const end = endOf(message, at + 1);
      if (end === undefined) {
        return [...pieces, { offset: at, text: message.slice(at, at + 40), isExpression: undefined }];
      }
      pieces.push({ offset: at, text: plain, isExpression: false });
      pieces.push({ offset: at + 1, text: message.slice(at + 1, end), isExpression: true });
      plain = '';
      at = end;
    } else plain += char;
  }
  return [...pieces, { offset: 0, text: plain, isExpression: false }];
}

/** Where the expression that begins at `start` ends: at the brace that closes it. */
function endOf(message: string, start: number): number | undefined {
  let depth = 0;
  let quote = '';
  for (let at = start; at < message.length; at++) {
    const char = message[at]!;
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '{') depth++;
    else if (char === '}' && depth-- === 0) return at;
  }
  return undefined;
}
