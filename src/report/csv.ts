// Answers as CSV.
// RFC 4180; cells that could not be read are marked.
import { type Cell, isAbsent } from '../plugin/cell.ts';
import { type ColumnKind, kindOf } from '../plugin/contract.ts';
import { factNotes, type Presenter } from './answer.ts';
import { cellText } from './cell.ts';
import { csvField, csvLine, guardFormula } from './csv-text.ts';
import { escapeText } from './escape.ts';
import { noteAside, saidLines } from './table-presenter.ts';

/**
 * CSV as RFC 4180 has it: commas, CRLF, a header, quotes where they are needed. A cell that does not apply is
 * empty, an empty text is `""`, and one that could not be read is `absent:` and the reason.
 *
 * A text that a spreadsheet would run as a formula gets a `'` before it (csv-text.ts). JSON keeps every text as it is.
 */
export function csvPresenter({
  header,
  several,
}: {
  readonly header: boolean;
  readonly several: boolean;
}): Presenter {
  let headed = !header;
  return {
    begin: () => '',
    async *snapshot(facts, answers) {
      const origin = several ? [csvField(guardFormula(escapeText(facts.snapshot.path)))] : [];
      for await (const answer of answers) {
        const { plugin, columns, rows } = answer;
        if (!headed)
          yield csvLine([
            ...(several ? ['snapshot'] : []),
            ...columns.map((name) => csvField(escapeText(name))),
          ]);
        headed = true;
        const kinds = columns.map((name) => kindOf(plugin.columns[name]!));
        for await (const row of rows) {
          yield csvLine([...origin, ...columns.map((name, index) => field(kinds[index]!, row[name]!))]);
        }
        yield { aside: saidLines(answer) };
      }
      yield noteAside(factNotes(facts));
    },
    failed: () => '',
    end: () => '',
  };
}

function field(kind: ColumnKind, cell: Cell): string {
  if (cell === '') return '""';
  if (isAbsent(cell)) return csvField(`absent:${escapeText(cell.absent)}`);
  const text = cellText(kind, cell);
  return csvField(kind === 'text' ? guardFormula(text) : text);
}
