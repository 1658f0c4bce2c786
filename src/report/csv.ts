import { type Cell, isAbsent } from '../plugin/cell.ts';
import { type ColumnKind, kindOf } from '../plugin/contract.ts';
import { factNotes, type Presenter } from './answer.ts';
import { cellText } from './cell.ts';
import { escapeText } from './escape.ts';
import { noteAside } from './table-presenter.ts';

/**
 * CSV as RFC 4180 has it: commas, CRLF, a header, quotes where they are needed. A cell that does not apply is
 * empty, an empty text is `""`, and one that could not be read is `absent:` and the reason.
 *
 * A text that begins with `=`, `+`, `-` or `@` gets a `'` before it: a spreadsheet would otherwise run it as a
 * formula, and texts of the evidence are chosen by whoever was on the machine. So does one that passes for an absent cell,
 * and one that is such a text with `'` before it already. JSON keeps every text as it is.
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
      const origin = several ? [quote(guard(escapeText(facts.snapshot.path)))] : [];
      for await (const { plugin, columns, rows, notes } of answers) {
        if (!headed)
          yield line([...(several ? ['snapshot'] : []), ...columns.map((name) => quote(escapeText(name)))]);
        headed = true;
        const kinds = columns.map((name) => kindOf(plugin.columns[name]!));
        for await (const row of rows) {
          yield line([...origin, ...columns.map((name, index) => field(kinds[index]!, row[name]!))]);
        }
        yield noteAside(notes);
      }
      yield noteAside(factNotes(facts));
    },
    failed: () => '',
    end: () => '',
  };
}

function field(kind: ColumnKind, cell: Cell): string {
  if (cell === '') return '""';
  if (isAbsent(cell)) return quote(`absent:${escapeText(cell.absent)}`);
  const text = cellText(kind, cell);
  return quote(kind === 'text' ? guard(text) : text);
}

const line = (fields: readonly string[]): string => `${fields.join(',')}\r\n`;

const guard = (text: string): string => (/^'*(?:[=+\-@]|absent:)/.test(text) ? `'${text}` : text);

const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
