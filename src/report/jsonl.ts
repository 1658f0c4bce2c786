// Answers as JSON Lines: an object for each row.
// Notes, observations and errors are lines of their own.
import { factNotes, type Presenter } from './answer.ts';
import { errorJson, jsonText, rowWriter } from './json.ts';

/**
 * One JSON object per line: each row with its `snapshot` and `plugin` before the columns. Notes, observations and
 * errors are lines of their own, with `note`, `observation` or `error` in place of columns.
 */
export function jsonlPresenter(): Presenter {
  return {
    begin: () => '',
    async *snapshot(facts, answers) {
      const { path } = facts.snapshot;
      for await (const answer of answers) {
        const origin = { snapshot: path, plugin: answer.plugin.name };
        const write = rowWriter(answer);
        for await (const row of answer.rows) yield `${jsonText({ ...origin, ...write(row) })}\n`;
        for (const note of answer.notes) yield `${jsonText({ ...origin, note })}\n`;
        for (const observation of answer.observations) yield `${jsonText({ ...origin, observation })}\n`;
        if (answer.failure !== undefined)
          yield `${jsonText({ ...origin, error: errorJson(answer.failure) })}\n`;
      }
      for (const note of factNotes(facts)) yield `${jsonText({ snapshot: path, note })}\n`;
    },
    failed: (path, error) => `${jsonText({ snapshot: path, error: errorJson(error) })}\n`,
    end: () => '',
  };
}
