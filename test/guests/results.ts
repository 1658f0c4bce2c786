import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Guest } from './catalog.ts';
import type { Result } from './compare/report.ts';

/** What came of one question on one guest, over every way to ask it. */
export interface QuestionResult {
  /** Rows that were compared, and how many cells and rows had moved since the record: once, not for each way. */
  readonly rows: number;
  readonly tolerated: number;
  /** Ways that gave less than everything, with the program's reason. A way that is in neither is exact. */
  readonly partial?: Readonly<Record<string, string>>;
  /** Ways that gave something else, with the number of differences. */
  readonly not?: Readonly<Record<string, number>>;
}

/** What came of one guest. */
export interface GuestResult {
  /** `uname -r`. */
  readonly kernel: string;
  readonly architecture: string;
  readonly paging: string;
  /** CPUs and RAM: `2 CPUs, 1,024 MiB`. */
  readonly machine: string;
  /** The ways in which it was asked, in their order: formats, and ways to the kernel (`by profile`). */
  readonly ways: string;
  readonly questions: Readonly<Record<string, QuestionResult>>;
}

/** The results of every guest, by name: the support matrix as data. */
export type Results = Readonly<Record<string, GuestResult>>;

/** The checkout, from the source and from what is compiled of it. */
const checkout = import.meta.url.includes('/dist/test/') ? '../../../' : '../../';
const path = fileURLToPath(new URL(`${checkout}test/guests/results.json`, import.meta.url));

/** Where the matrix is shown. */
export const matrixPath = fileURLToPath(
  new URL(`${checkout}docs/reference/support-matrix.md`, import.meta.url),
);

/** The results that the repository holds; none yet where it has no such file. */
export async function readResults(): Promise<Results> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '{}';
    throw cause;
  });
  return JSON.parse(text) as Results;
}

/** Puts one guest's results in the place of its former ones. */
export async function keepResults(name: string, result: GuestResult): Promise<void> {
  await writeFile(path, printResults({ ...(await readResults()), [name]: result }));
}

/** The file's text: sorted, and a line for each question, so that a change of one is a change of one line. */
export function printResults(results: Results): string {
  const guests = Object.entries(results).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${block(
    guests.map(([name, { questions, ...facts }]) => {
      const told = Object.entries(facts).map(([fact, text]) => `${quote(fact)}: ${quote(text)}`);
      const asked = Object.entries(questions).map(
        ([question, result]) => `${quote(question)}: ${inLine(result)}`,
      );
      return `${quote(name)}: ${block([...told, `"questions": ${block(asked, '    ')}`], '  ')}`;
    }),
    '',
  )}\n`;
}

const quote = (text: string): string => JSON.stringify(text);
const block = (lines: readonly string[], indent: string): string =>
  `{\n${lines.map((line) => `${indent}  ${line}`).join(',\n')}\n${indent}}`;

/** `{ "rows": 3, "tolerated": 0 }`: what is not exact stands in lines of its own, which the formatter leaves alone. */
function inLine({ rows, tolerated, ...ways }: QuestionResult): string {
  const lines = [
    ...[`"rows": ${rows}`, `"tolerated": ${tolerated}`],
    ...Object.entries(ways).map(
      ([verdict, by]) =>
        `${quote(verdict)}: ${block(
          Object.entries(by).map(([way, why]) => `${quote(way)}: ${JSON.stringify(why)}`),
          '        ',
        )}`,
    ),
  ];
  return lines.length === 2 ? `{ ${lines.join(', ')} }` : block(lines, '      ');
}

/** What is kept of the comparisons of one guest. */
export function summarize(guest: Guest, kernel: string, results: readonly Result[]): GuestResult {
  const questions: Record<string, QuestionResult> = {};
  for (const { question, way, rows, tolerated, judgement } of results.map(ofResult)) {
    const before = questions[question] ?? { rows: 0, tolerated: 0 };
    questions[question] = {
      ...before,
      rows: Math.max(before.rows, rows),
      tolerated: Math.max(before.tolerated, tolerated),
      ...(judgement.is === 'partial'
        ? { partial: { ...before.partial, [way]: judgement.reasons.join('; ') } }
        : {}),
      ...(judgement.is === 'not' ? { not: { ...before.not, [way]: judgement.differences } } : {}),
    };
  }
  const { architecture, paging } = guest;
  const machine = machineText(guest);
  const ways = [...new Set(results.map(({ way }) => way))].join(', ');
  return { kernel, architecture, paging, machine, ways, questions };
}

/** `2 CPUs, 1,024 MiB in 2 nodes`. */
function machineText({ cpus, ramMiB, shape }: Guest): string {
  const { nodes, belowHoleMiB, possibleCpus, addedMiB } = shape;
  const MiB = (count: number): string => `${count.toLocaleString('en-US')} MiB`;
  return [
    `${cpus} CPU${cpus === 1 ? '' : 's'}${possibleCpus === undefined ? '' : ` of ${possibleCpus}`}, ${MiB(ramMiB)}`,
    ...(nodes === undefined ? [] : [`in ${nodes} nodes`]),
    ...(belowHoleMiB === undefined ? [] : [`with a hole at ${MiB(belowHoleMiB)}`]),
    ...(addedMiB === undefined ? [] : [`and ${MiB(addedMiB)} added`]),
  ].join(' ');
}

function ofResult({ plugin: question, way, rows, tolerated: moved, judgement }: Result) {
  const tolerated = Object.values(moved).reduce((sum, count) => sum + count, 0);
  return { question, way, rows, tolerated, judgement };
}

/** Whether an answer is no worse than the repository says that it is: what was exact must not become partial. */
export function isAsGood(result: Result, former: GuestResult | undefined): boolean {
  if (result.judgement.is === 'exact') return true;
  const known = former?.questions[result.plugin]?.partial?.[result.way];
  return result.judgement.is === 'partial' && known === result.judgement.reasons.join('; ');
}
