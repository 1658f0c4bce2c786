// Asks a question of an open snapshot, and gives its rows with each cell typed by its column.
// `library-session.ts` offers it as `session.ask`.
import { UsageError } from '../base/errors.ts';
import { hint } from '../base/nearest.ts';
import type { Linux } from '../kernel/linux/linux.ts';
import type { Row } from '../plugin/cell.ts';
import type { AnyPlugin, CellOf, Progress } from '../plugin/contract.ts';
import { completedOptions, optionsOf } from '../plugin/options.ts';
import { type Request, runPlugin } from '../plugin/run.ts';
import { SharedSweep } from '../plugin/shared-sweep.ts';
import type { Snapshot } from '../snapshot/open.ts';

/** A question whose columns are known to the compiler; any other is one too, with rows of cells. */
export type Question<C> = AnyPlugin & { readonly columns: C };

/** A row whose cells are typed by their columns. */
export type TypedRow<C> = { readonly [N in keyof C]: CellOf<C[N]> };

/** What of an answer is wanted. */
export interface AskOptions<C = unknown> {
  /** The question's own options, as its declaration parses them. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Columns to read, in this order; all where it is left out. Rows then lack the others. */
  readonly columns?: readonly (keyof C & string)[];
  readonly progress?: Progress;
}

/** All rows of an answer. */
export interface Answer<C> {
  readonly question: AnyPlugin;
  readonly rows: readonly TypedRow<C>[];
  /** What the evidence lacked, as sentences: where there is any, what is not in the rows may be in the snapshot. */
  readonly notes: readonly string[];
}

/** What is asked: an open snapshot. */
interface Asked {
  readonly kernel: Linux;
  readonly snapshot: Snapshot;
}

/** The last question that was put to each kernel: notes and limits are of one question at a time. */
const waiting = new WeakMap<Linux, Promise<unknown>>();
/** One pass over memory for all that wait for it. */
const sweeps = new WeakMap<Linux, SharedSweep>();

/**
 * Asks, once what was asked of the same snapshot before is answered. Questions that look for something in all of memory
 * and are asked without waiting for each other (`Promise.all`) share one pass over it.
 *
 * @throws UsageError where it has no such option or column
 */
export async function ask<C>(
  asked: Asked,
  question: Question<C>,
  options: AskOptions<C> = {},
): Promise<Answer<C>> {
  const { kernel } = asked;
  const sweep = sweeps.get(kernel) ?? new SharedSweep();
  sweeps.set(kernel, sweep);
  const request = { ...requestOf(question, options), sweep };
  sweep.expect([question]);
  const before = waiting.get(kernel) ?? Promise.resolve();
  const answer = before.then(() => answerOf(asked, question, request));
  waiting.set(
    kernel,
    answer.catch(() => undefined), // whoever asked hears of it
  );
  return answer;
}

async function answerOf<C>(
  { kernel, snapshot }: Asked,
  question: Question<C>,
  request: Request,
): Promise<Answer<C>> {
  kernel.notes.drain(); // what others noted is theirs
  const rows: Row[] = [];
  for await (const row of runPlugin(question, kernel, request)) rows.push(row);
  const notes = [...kernel.notes.drain(), ...snapshot.file.troubles];
  return { question, rows: rows as unknown as TypedRow<C>[], notes };
}

/** @throws UsageError */
const requestOf = <C>(
  question: Question<C>,
  { options = {}, columns, progress }: AskOptions<C>,
): Request => ({
  options: completed(question, options),
  ...(columns === undefined ? {} : { columns: checked(question, columns) }),
  ...(progress === undefined ? {} : { progress }),
});

/** The options as the command line leaves them where nothing is said. @throws UsageError */
function completed(
  question: AnyPlugin,
  given: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const known = optionsOf(question);
  const unknown = Object.keys(given).find((option) => !Object.hasOwn(known, option));
  if (unknown !== undefined)
    throw new UsageError(`${question.name} has no option ${unknown}${hint(unknown, Object.keys(known))}`);
  return completedOptions(question, given);
}

/** @throws UsageError */
function checked({ name, columns }: AnyPlugin, wanted: readonly string[]): readonly string[] {
  const unknown = wanted.find((column) => !Object.hasOwn(columns, column));
  if (unknown !== undefined)
    throw new UsageError(`${name} has no column ${unknown}${hint(unknown, Object.keys(columns))}`);
  return wanted;
}
