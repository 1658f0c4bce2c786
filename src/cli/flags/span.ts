// Ranges of numbers and times as users write them after a flag: `100`, `100..200`, `1000..`, `>=5`.
// A time that is not told to the millisecond stands for all that it leaves open: `2026-01-02` for that day.

/** All values from the first to the last, both included. */
interface Span<T> {
  readonly first: T;
  readonly last: T;
}

/** Understands one literal; undefined where it is none. */
type Literal<T> = (word: string) => Span<T> | undefined;

/** Whether a value is in the range that a word tells; undefined where the word tells none. */
export function rangeOf<T extends number | bigint>(
  word: string,
  literal: Literal<T>,
): ((value: T) => boolean) | undefined {
  const [, sign, bound] = /^(>=|<=|>|<)(.*)$/s.exec(word) ?? [];
  if (sign !== undefined) return compared(sign, literal(bound!.trim()));
  const [, from, to] = /^(.*?)\.\.(.*)$/s.exec(word) ?? [];
  if (from === undefined) {
    const span = literal(word);
    return span && ((value) => value >= span.first && value <= span.last);
  }
  const first = from === '' ? undefined : literal(from);
  const last = to === '' ? undefined : literal(to!);
  const isFlawed = (from !== '' && first === undefined) || (to !== '' && last === undefined);
  if (isFlawed || (first ?? last) === undefined) return undefined;
  if (first !== undefined && last !== undefined && first.first > last.last) return undefined;
  return (value) =>
    (first === undefined || value >= first.first) && (last === undefined || value <= last.last);
}

function compared<T extends number | bigint>(
  sign: string,
  span: Span<T> | undefined,
): ((value: T) => boolean) | undefined {
  if (span === undefined) return undefined;
  switch (sign) {
    case '>':
      return (value) => value > span.last;
    case '>=':
      return (value) => value >= span.first;
    case '<':
      return (value) => value < span.first;
    default:
      return (value) => value <= span.last;
  }
}

/** A whole number, decimal or `0x…`. */
export const wholeNumber: Literal<bigint> = (word) => {
  if (!/^(-?\d{1,20}|0x[0-9a-f]{1,16})$/i.test(word)) return undefined;
  const value = BigInt(word);
  return { first: value, last: value };
};

/** A number of seconds, with decimals where there are any. */
export const decimalNumber: Literal<number> = (word) => {
  if (!/^-?\d{1,15}(\.\d{1,9})?$/.test(word)) return undefined;
  const value = Number(word);
  return { first: value, last: value };
};

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?(Z|[+-]\d\d:\d\d)?$/i;

/** A date, or a date and a time of day, of ISO 8601: in UTC where no zone is told. Milliseconds since 1970. */
export const time: Literal<number> = (word) => {
  const [, date, minute, second, fraction, zone = 'Z'] = TIME.exec(word) ?? [];
  if (date === undefined) return undefined;
  const first = Date.parse(
    `${date}T${minute ?? '00:00'}:${second ?? '00'}.${(fraction ?? '').padEnd(3, '0')}${zone.toUpperCase()}`,
  );
  if (Number.isNaN(first)) return undefined;
  return { first, last: first + openMilliseconds(minute, second, fraction) - 1 };
};

/** How long the stretch is that a time leaves open. */
function openMilliseconds(minute?: string, second?: string, fraction?: string): number {
  if (minute === undefined) return 86_400_000;
  if (second === undefined) return 60_000;
  return 10 ** (3 - (fraction?.length ?? 0));
}
