// What changed since the snapshot before, as data of the HTML page.
// `src/diff` compares; this prepares it for display.
import type { Comparison } from '../diff/comparison.ts';
import type { AnyPlugin } from '../plugin/contract.ts';
import type { Facts } from '../report/answer.ts';
import { diffColumns, foldedTexts, relationText, uncertainTexts } from '../report/diff.ts';
import type { PageChanges } from './model.ts';
import { pageTable } from './tables.ts';

/** What differs from the snapshot before, as the page shows it. */
export function pageChanges(
  before: Facts,
  { relation, story, tables }: Comparison,
  plugins: readonly AnyPlugin[],
): PageChanges {
  const { kernel, snapshot } = before;
  return {
    before: { path: snapshot.path, time: kernel.time, release: kernel.release },
    relation: relationText(relation),
    remarks: relation.remarks,
    events: story.events,
    counts: story.counts,
    folded: foldedTexts(tables),
    uncertain: [
      ...uncertainTexts(tables),
      ...plugins
        .filter(({ name }) => !tables.some((diff) => diff.plugin === name))
        .map(({ name }) => `${name}: not compared, since nobody has asked this of the snapshot before`),
    ],
    tables: tables.flatMap((diff) => {
      const plugin = plugins.find(({ name }) => name === diff.plugin);
      if (plugin === undefined) return [];
      const table = pageTable({
        ...diffColumns(plugin, diff),
        name: plugin.name,
        summary: plugin.summary,
        notes: diff.notes,
      });
      return table.rowCount === 0 ? [] : [table];
    }),
  };
}
