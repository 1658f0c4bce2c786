// Answers as tables for people: rows on stdout, and on stderr what was hidden, what could not be read and
// the notes.
import type { Row } from '../plugin/cell.ts';
import { type Answer, factNotes, type Piece, type Presenter } from './answer.ts';
import { ABSENT_MARK } from './cell.ts';
import { escapeText } from './escape.ts';
import { drawRecords } from './records.ts';
import { drawTable, hiddenLines, type Table, type TableOptions } from './table.ts';
import { truncate } from './width.ts';

/** What the table format must know besides the tables' own options. */
export interface TablePresenterOptions extends TableOptions {
  /** Several snapshots: each gets a title. */
  readonly titleSnapshots: boolean;
  /** Rows stand one below the other, each as a record of its columns. */
  readonly vertical?: boolean;
  /** Draws tables with rules around the cells. It is loaded late, and only by those who want it. */
  readonly box?: typeof drawTable;
  /** What shows the columns that found no room; `--columns` and `--vertical` where it is left out. */
  readonly remedy?: string;
  /** Several plugins: each gets a title. */
  readonly titlePlugins: boolean;
}

/** What shows the columns that found no room where nobody can choose others. */
export const WIDER = 'a wider terminal shows them, and --vertical';

/** Tables for people: rows on stdout; what was hidden, what `–` stands for and the notes on stderr. */
export function tablePresenter(options: TablePresenterOptions): Presenter {
  let first = true;
  const title = (text: string): string => {
    const lead = first ? '' : '\n';
    first = false;
    return `${lead}${options.style.title(truncate(escapeText(text), options.width))}\n`;
  };
  return {
    begin: () => '',
    async *snapshot(facts, answers) {
      if (options.titleSnapshots) yield title(facts.snapshot.path);
      for await (const answer of answers) {
        const rows: Row[] = [];
        for await (const row of answer.rows) rows.push(row);
        if (options.titlePlugins) yield title(`${answer.plugin.name} (${rows.length})`);
        const draw = options.vertical === true ? drawRecords : (options.box ?? drawTable);
        const table = draw(answer, rows, options);
        yield* inPieces(table.lines);
        yield { aside: asides(table, answer, options) };
      }
      yield noteAside(factNotes(facts));
    },
    failed: () => '',
    end: () => '',
  };
}

/** Many lines as few strings: a write for every line would cost more than the line. */
function* inPieces(lines: readonly string[]): Generator<string> {
  for (let at = 0; at < lines.length; at += 1000) yield `${lines.slice(at, at + 1000).join('\n')}\n`;
}

function asides(
  { hidden, absences, remark }: Table,
  { named, notes, observations }: Answer,
  { width, remedy }: TablePresenterOptions,
): string {
  const way = named ? WIDER : (remedy ?? '--columns shows them, and --vertical');
  let text = hiddenLines(hidden, way, width)
    .map((line) => `${line}\n`)
    .join('');
  if (remark !== undefined) text += `${escapeText(remark)}\n`;
  if (absences.size > 0) {
    const reasons = [...absences].map(([reason, count]) => `${escapeText(reason)} (${count})`).join(', ');
    text += `${ABSENT_MARK} could not be read: ${reasons}\n`;
  }
  return text + saidLines({ observations, notes });
}

/** Notes as lines for stderr. */
export const noteLines = (notes: readonly string[]): string => linesOf('note', notes);

const linesOf = (what: string, sentences: readonly string[]): string =>
  sentences.map((sentence) => `${what}: ${escapeText(sentence)}\n`).join('');

/** What is worth a sentence, and then what the evidence lacked, as lines for stderr. */
export const saidLines = ({ observations, notes }: Pick<Answer, 'observations' | 'notes'>): string =>
  linesOf('observed', observations) + noteLines(notes);

/** Notes as an aside. */
export const noteAside = (notes: readonly string[]): Piece => ({ aside: noteLines(notes) });
