import type { GuestResult, QuestionResult, Results } from './results.ts';

const BEGINS = '<!-- support matrix -->';
const ENDS = '<!-- /support matrix -->';

/**
 * The support matrix as Markdown: what each kernel was asked, and how. `exact` stands only where every row and
 * column agreed; a partial cell names a reason that is printed below.
 */
export function matrixOf(results: Results): string {
  const guests = Object.entries(results);
  const reasons = new Reasons();
  const questions = columns(guests.flatMap(([, { questions: asked }]) => Object.keys(asked)));
  const ways = columns(guests.flatMap(([, { ways: taken }]) => taken.split(', ')));
  const byQuestion = table(
    ['guest', 'kernel and its tables', 'machine', ...questions, 'rows', 'tolerated'],
    guests.map(([name, guest]) => {
      const asked = Object.values(guest.questions);
      const cells = questions.map((question) => cellOf(pick(guest, question), reasons));
      const sum = (of: (result: QuestionResult) => number) =>
        asked.reduce((total, one) => total + of(one), 0);
      const counts = [sum(({ rows }) => rows), sum(({ tolerated }) => tolerated)].map((count) =>
        count.toLocaleString('en-US'),
      );
      return [name, `${guest.kernel}: ${guest.paging}`, guest.machine, ...cells, ...counts];
    }),
    3,
  );
  const byWay = table(
    ['guest', ...ways.map((way) => way.replace(/^by /, 'bound by '))],
    guests.map(([name, guest]) => [
      name,
      ...ways.map((way) =>
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
  return [byQuestion, byWay, reasons.list()].filter((part) => part !== '').join('\n');
}

/** A text with the matrix between its two markers; an error where it has none. */
export function withMatrix(text: string, matrix: string): string {
  const [begins, ends] = [text.indexOf(BEGINS), text.indexOf(ENDS)];
  if (begins < 0 || ends < begins) throw new Error(`no place for the matrix: ${BEGINS} … ${ENDS}`);
  return `${text.slice(0, begins + BEGINS.length)}\n${matrix}${text.slice(ends)}`;
}

/** In the order of the guest that has most of them, then what others have besides. */
const columns = (names: readonly string[]): string[] => [...new Set(names)];

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
  if (why.length === 0) return 'exact';
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
