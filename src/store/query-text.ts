// Checks the text of a SQL query before SQLite sees it, and finds the place of an error.
// Pragmas and statements that write are refused.

/** A word, sign, string or comment of an SQL text, and where it begins. */
interface Token {
  readonly text: string;
  readonly at: number;
}

/** What SQLite says of a query, and where in it. */
export interface Complaint {
  readonly message: string;
  /** Index of the first letter it is about; undefined where nothing tells. */
  readonly at?: number;
  /** The table, view or column that is not there. */
  readonly unknown?: { readonly what: 'table' | 'column'; readonly name: string };
}

/** Spaces and comments; strings and quoted names; words and numbers; anything else, letter by letter (sqlite.org/lang.html). */
const TOKEN =
  /(?<gap>\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`[^`]*(?:`|$)|\[[^\]]*(?:\]|$)|[\p{L}\p{N}_$]+|[\s\S]/gu;

/** Words that a statement which only reads begins with. */
const READING = ['SELECT', 'WITH', 'VALUES'];

function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(TOKEN))
    if (match.groups?.['gap'] === undefined) tokens.push({ text: match[0], at: match.index });
  return tokens;
}

/**
 * What speaks against giving a text to SQLite at all. A pragma is obeyed as soon as it is compiled, behind EXPLAIN
 * too, so that asking SQLite first whether a statement only reads would come too late.
 */
export function objectionTo(sql: string): Complaint | undefined {
  const [first, ...rest] = tokensOf(sql);
  if (first === undefined) return { message: 'the query is empty' };
  const words = rest.slice(0, 3).map(({ text }) => text.toUpperCase());
  const word = first.text.toUpperCase();
  if (READING.includes(word)) return undefined;
  const explained = words[0] === 'QUERY' && words[1] === 'PLAN' ? words[2] : words[0];
  if (word === 'EXPLAIN' && explained !== undefined && READING.includes(explained)) return undefined;
  const known = /^\w+$/.test(word) ? word : first.text;
  return {
    message: `the store is only read here: a query begins with SELECT, WITH or VALUES, not with ${known}`,
    at: first.at,
  };
}

/**
 * Finds the place that a message of SQLite is about. The bindings do not hand it on, so it is looked for: a syntax
 * error by compiling the text up to each place where the word stands, a name where it stands first.
 */
export function complaintOf(
  sql: string,
  message: string,
  compile: (start: string) => string | undefined,
): Complaint {
  const tokens = tokensOf(sql);
  const near = /^near "(.*)": syntax error$/s.exec(message)?.[1];
  if (near !== undefined) {
    const met = tokens.find(
      ({ text, at }) => text === near && compile(sql.slice(0, at + text.length)) === message,
    );
    return { message, ...(met === undefined ? {} : { at: met.at }) };
  }
  if (message === 'incomplete input')
    return { message: 'the query ends too early', at: sql.trimEnd().length };
  const [, what, name] =
    /^(no such table|no such column|no such function|ambiguous column name|unrecognized token): (.+?)(?: - should .*)?$/s.exec(
      message,
    ) ??
    /^(wrong number of arguments to function|misuse of \w+(?: function)?):? (.+?)\(\)$/s.exec(message) ??
    [];
  if (what === undefined || name === undefined) return { message };
  const at = placeOfName(tokens, name);
  const unknown =
    what === 'no such table' || what === 'no such column'
      ? { what: what === 'no such table' ? ('table' as const) : ('column' as const), name: lastPart(name) }
      : undefined;
  return { message, ...(at === undefined ? {} : { at }), ...(unknown === undefined ? {} : { unknown }) };
}

function placeOfName(tokens: readonly Token[], name: string): number | undefined {
  const parts = name.startsWith('"') ? [name] : name.split('.');
  const wanted = parts.flatMap((part, index) => (index === 0 ? [part] : ['.', part])).map(lower);
  const found = tokens.findIndex((_, start) =>
    wanted.every((part, index) => lower(tokens[start + index]?.text ?? '') === part),
  );
  return tokens[found]?.at;
}

const lastPart = (name: string): string => unquoted(name).split('.').at(-1)!;
const unquoted = (text: string): string => text.replace(/^["`[](.*)["`\]]$/s, '$1');
const lower = (text: string): string => unquoted(text).toLowerCase();
