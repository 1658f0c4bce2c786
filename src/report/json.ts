// Answers as JSON documents.
// docs/reference/json.md describes them; `schema/` has their schemas.
import type { ForensicError } from '../base/errors.ts';
import type { Row } from '../plugin/cell.ts';
import { type ColumnKind, kindOf } from '../plugin/contract.ts';
import type { Answer, Facts, Presenter } from './answer.ts';
import { cellJson } from './cell.ts';
import { escapeJson } from './escape.ts';

/** The number of the JSON document's form. It grows when a key changes its meaning or goes. */
export const JSON_SCHEMA = 1;

/**
 * One JSON document for one snapshot; for several, an array with one document each, in the order asked. A snapshot that
 * could not be read has `error` in place of `kernel` and `results`. Rows are written as they
 * come, a line each, so that a document may be larger than memory.
 */
export function jsonPresenter(version: string, several: boolean): Presenter {
  let documents = 0;
  const separator = (): string => (several && documents++ > 0 ? ',\n' : '');
  return {
    begin: () => (several ? '[\n' : ''),
    async *snapshot(facts, answers) {
      yield `${separator()}{\n${headOf(version, facts)}"results": [`;
      let results = 0;
      for await (const answer of answers) {
        yield results++ > 0 ? ',\n' : '\n';
        yield* result(answer);
      }
      yield `${results > 0 ? '\n' : ''}]}${several ? '' : '\n'}`;
    },
    failed: (path, error) =>
      separator() +
      jsonText({ vestige: version, schema: JSON_SCHEMA, snapshot: { path }, error: errorJson(error) }) +
      (several ? '' : '\n'),
    end: () => (several ? '\n]\n' : ''),
  };
}

/** A document with data of another kind than rows: `info`, `explain`, `triage`. */
export const jsonDocument = (version: string, data: Readonly<Record<string, unknown>>): string =>
  `${escapeJson(JSON.stringify({ vestige: version, schema: JSON_SCHEMA, ...data }, null, 2))}\n`;

/** Several such documents as an array. */
export const jsonDocuments = (
  version: string,
  documents: readonly Readonly<Record<string, unknown>>[],
): string =>
  `${escapeJson(
    JSON.stringify(
      documents.map((data) => ({ vestige: version, schema: JSON_SCHEMA, ...data })),
      null,
      2,
    ),
  )}\n`;

/** Turns rows into what JSON holds. Built once for a plugin's columns. */
export function rowWriter(answer: Pick<Answer, 'plugin' | 'columns'>): (row: Row) => Record<string, unknown> {
  const kinds = answer.columns.map((name): [string, ColumnKind] => [
    name,
    kindOf(answer.plugin.columns[name]!),
  ]);
  return (row) => {
    const out: Record<string, unknown> = {};
    for (const [name, kind] of kinds) out[name] = cellJson(kind, row[name]!);
    return out;
  };
}

/** JSON on one line, safe to print. */
export const jsonText = (value: unknown): string => escapeJson(JSON.stringify(value));

/** An error as JSON tells it. */
export const errorJson = ({ code, message }: ForensicError): { code: string; message: string } => ({
  code,
  message,
});

function headOf(version: string, { snapshot, kernel }: Facts): string {
  const head = { vestige: version, schema: JSON_SCHEMA, snapshot, kernel };
  return Object.entries(head)
    .map(([key, value]) => `${jsonText(key)}: ${jsonText(value)},\n`)
    .join('');
}

async function* result(answer: Answer): AsyncGenerator<string> {
  const { name, version } = answer.plugin;
  const write = rowWriter(answer);
  yield `{"plugin": ${jsonText(name)}, "version": ${version}, "rows": [`;
  let rows = 0;
  for await (const row of answer.rows) yield `${rows++ > 0 ? ',\n' : '\n'}${jsonText(write(row))}`;
  const failure = answer.failure === undefined ? '' : `, "error": ${jsonText(errorJson(answer.failure))}`;
  yield `${rows > 0 ? '\n' : ''}], "notes": ${jsonText(answer.notes)}, "observations": ${jsonText(answer.observations)}${failure}}`;
}
