// An answer as the command line shows it: what flags select of all rows, in their order, with the bytes behind them saved.
// Asking knows none of that: whole answers are remembered, so that every other selection finds them.
import { ForensicError } from '../../base/errors.ts';
import type { Inquiry } from '../../inquiry/inquiry.ts';
import { type Cell, isAbsent, type Row } from '../../plugin/cell.ts';
import type { AnyPlugin } from '../../plugin/contract.ts';
import { Observer } from '../../plugin/observation.ts';
import type { Answer } from '../../report/answer.ts';
import type { Saving } from '../commands/saving.ts';
import { RowFilter } from '../flags/row-filter.ts';
import { type Selection, sortRows } from '../flags/selection.ts';
import { clearProgress } from './output.ts';

/** One plugin to be run, as the command line wants it. */
export interface Question {
  readonly plugin: AnyPlugin;
  readonly options: Readonly<Record<string, unknown>>;
  readonly selection: Selection;
  /** Where the bytes behind the rows that are shown are written, where they are. */
  readonly saving?: Saving;
}

/** An answer that knows what filters and `--limit` kept back. */
export interface SelectedAnswer extends Answer {
  /** Why no row has passed the filters, as sentences that quote the evidence: whole after the last row. */
  readonly remarks: readonly string[];
  /** Rows that were found and not shown: known after the last row. */
  readonly withheld: number;
  /** Whether a cell that is shown could not be read: known after the last row, and only if it was asked for. */
  readonly hasUnread: boolean;
}

/** What is said of an answer. */
type Said = Record<'notes' | 'remarks' | 'observations', string[]>;

/**
 * What a snapshot answers to a question; rows are found when they are asked for.
 *
 * @param isStrict looks at each cell that is shown: whether it could be read
 */
export function selectedAnswer(inquiry: Inquiry, question: Question, isStrict: boolean): SelectedAnswer {
  const { plugin, selection } = question;
  const said: Said = { notes: [], remarks: [], observations: [] };
  const answer: { -readonly [K in keyof SelectedAnswer]: SelectedAnswer[K] } = {
    plugin,
    columns: selection.columns,
    named: selection.named,
    kept: selection.kept,
    sorted: selection.order.length > 0,
    ...said,
    failure: undefined,
    withheld: 0,
    hasUnread: false,
    rows: {
      [Symbol.asyncIterator]: () =>
        isStrict
          ? seen(rowsOf(inquiry, question, said, answer), answer)
          : rowsOf(inquiry, question, said, answer),
    },
  };
  return answer;
}

/** The rows, and whether any cell of a column that is shown could not be read. */
async function* seen(
  rows: AsyncGenerator<Row>,
  answer: { readonly columns: readonly string[]; hasUnread: boolean },
): AsyncGenerator<Row> {
  for await (const row of rows) {
    answer.hasUnread ||= answer.columns.some((column) => isUnread(row[column] ?? null));
    yield row;
  }
}

/** What a kernel does not have is no loss: `NotInKernel`. */
const isUnread = (cell: Cell): boolean => isAbsent(cell) && cell.absent !== 'not-in-kernel';

/** Rows are given on as they are found, but where they are to be sorted. */
async function* rowsOf(
  inquiry: Inquiry,
  question: Question,
  said: Said,
  outcome: { failure: ForensicError | undefined; withheld: number },
): AsyncGenerator<Row> {
  const { plugin, options, selection, saving } = question;
  const { order, limit } = selection;
  const subjects = saving === undefined ? undefined : new WeakMap<Row, unknown>();
  const shown: Row[] = [];
  const rowFilter = new RowFilter(selection.tests());
  const observer = new Observer(plugin.observations);
  const gathered: Row[] = [];
  let given = 0;
  const isGiven = (row: Row): boolean => {
    observer.see(row);
    if (!rowFilter.passes(row)) return false;
    if (order.length === 0) {
      if (subjects !== undefined && given < limit) shown.push(row);
      return given++ < limit;
    }
    gathered.push(row);
    return false;
  };
  try {
    // What is remembered has no bytes.
    const remembered = saving === undefined ? inquiry.remembered(plugin, options) : undefined;
    if (remembered === undefined) {
      for await (const row of inquiry.ask(plugin, options, said.notes, subjects)) if (isGiven(row)) yield row;
    } else {
      // Each row that is waited for costs more than it does to read it.
      for (const row of remembered.rows) if (isGiven(row)) yield row;
      said.notes.push(...remembered.notes);
    }
    said.notes.push(...rowFilter.notes);
    said.remarks.push(...rowFilter.remarks);
    said.observations.push(...observer.sentences());
    outcome.withheld = Math.max(0, given + gathered.length - limit);
    const sorted = sortRows(gathered, order).slice(0, limit);
    yield* sorted;
    if (subjects !== undefined)
      said.notes.push(
        ...(await saving!.save(plugin, await inquiry.session(), [...shown, ...sorted], subjects)),
      );
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
    outcome.failure = error;
  } finally {
    clearProgress();
  }
}
