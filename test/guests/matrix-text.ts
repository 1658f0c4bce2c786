import type { GuestResult, QuestionResult, Results } from './results.ts';

const BEGINS = '<!-- support matrix -->';
const ENDS = '<!-- /support matrix -->';

/**
 * The support matrix as Markdown: the guests, what each was asked, and how. A tick stands only where every row and
 * column agreed; a partial cell names a reason that is printed below. Questions are rows, so that a further one is a line.
 */
export function matrixOf(results: Results): string {
  const guests = Object.entries(results);
  const reasons = new Reasons();
  const numbers = guests.map((_, nth) => `${nth + 1}`);
  const list = table(
    ['', 'guest', 'kernel and its tables', 'machine', 'rows', 'tolerated'],
    guests.map(([name, { kernel, paging, machine, questions }], nth) => {
      const sum = (of: (result: QuestionResult) => number): string =>
        Object.values(questions)
          .reduce((total, one) => total + of(one), 0)
          .toLocaleString('en-US');
      return [
        ...[numbers[nth]!, name, `${kernel}: ${paging}`, machine],
        ...[sum(({ rows }) => rows), sum(({ tolerated }) => tolerated)],
      ];
    }),
    4,
  );
  const questions = namesIn(guests.flatMap(([, { questions: asked }]) => Object.keys(asked)));
  const byQuestion = table(
    ['question', ...numbers],
    questions.map((question) => [
      question,
      ...guests.map(([, guest]) => cellOf(pick(guest, question), reasons)),
    ]),
    1,
  );
  const ways = namesIn(guests.flatMap(([, { ways: taken }]) => taken.split(', ')));
  const byWay = table(
    ['format, or what the kernel was bound by', ...numbers],
    ways.map((way) => [
      way,
      ...guests.map(([, guest]) =>
        guest.ways.split(', ').includes(way)
          ? cellOf(
              Object.values(guest.questions).map((result) => only(result, way)),
              reasons,
            )
          : '',
      ),
    ]),
    1,
  );
  return [list, byQuestion, byWay, reasons.list()].filter((part) => part !== '').join('\n');
}

/** A text with the matrix between its two markers; an error where it has none. */
export function withMatrix(text: string, matrix: string): string {
  const [begins, ends] = [text.indexOf(BEGINS), text.indexOf(ENDS)];
  if (begins < 0 || ends < begins) throw new Error(`no place for the matrix: ${BEGINS} … ${ENDS}`);
  return `${text.slice(0, begins + BEGINS.length)}\n${matrix}${text.slice(ends)}`;
}

/** In the order of the guest that has most of them, then what others have besides. */
const namesIn = (names: readonly string[]): string[] => [...new Set(names)];

const pick = ({ questions }: GuestResult, question: string): QuestionResult[] => {
  const result = questions[question];
  return result === undefined ? [] : [result];
};

/** A question's result as if it had been asked in one way alone. */
function only({ partial, not, ...counts }: QuestionResult, way: string): QuestionResult {
  const [reason, differences] = [partial?.[way], not?.[way]];
  return {
    ...counts,
    ...(reason === undefined ? {} : { partial: { [way]: reason } }),
    ...(differences === undefined ? {} : { not: { [way]: differences } }),
  };
}

function cellOf(results: readonly QuestionResult[], reasons: Reasons): string {
  if (results.length === 0) return '';
  if (results.some(({ not }) => not !== undefined)) return 'not';
  const why = results.flatMap(({ partial }) => Object.values(partial ?? {}));
  if (why.length === 0) return '✓';
  return `partial (${[...new Set(why.map((reason) => reasons.numberOf(reason)))].join(', ')})`;
}

/** `left` columns stand at the left, the others in the middle. */
function table(head: readonly string[], rows: readonly (readonly string[])[], left: number): string {
  const rule = head.map((_, nth) => (nth < left ? '---' : ':-:'));
  return [head, rule, ...rows].map((cells) => `| ${cells.map(escaped).join(' | ')} |\n`).join('');
}

const escaped = (cell: string): string => cell.replaceAll('|', '\\|');

/** The reasons why something is partial, in the order in which they are first named. */
class Reasons {
  readonly #known: string[] = [];

  numberOf(reason: string): number {
    if (!this.#known.includes(reason)) this.#known.push(reason);
    return this.#known.indexOf(reason) + 1;
  }

  list(): string {
    return this.#known.map((reason, nth) => `${nth + 1}. ${reason}\n`).join('');
  }
}
