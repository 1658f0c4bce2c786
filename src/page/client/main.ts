import { changes } from './changes.ts';
import { readModel } from './data.ts';
import { fieldsOf, type Lead, showDetail } from './detail.ts';
import { make } from './dom.ts';
import { findings } from './findings.ts';
import { notes } from './notes.ts';
import { overview } from './overview.ts';
import { watchForPaper } from './paper.ts';
import { processes } from './processes.ts';
import type { OpenedRow, Page, Section } from './section.ts';
import { buildShell } from './shell.ts';
import { sockets } from './sockets.ts';
import { tables } from './tables.ts';
import { timeline } from './timeline.ts';

async function main(): Promise<void> {
  const model = await readModel();
  const page: Page = {
    model,
    showTable: (name, query) => all.show(name, query),
    openRow: (opened) =>
      showDetail(
        opened.title,
        opened.why ?? [],
        fieldsOf(opened.columns, opened.row),
        leadsFrom(page, opened),
      ),
  };
  const all = tables(page);
  const sections = [
    overview(page),
    findings(page),
    changes(page),
    processes(page),
    sockets(page),
    all,
    timeline(page),
    notes(page),
  ].filter((section): section is Section => section !== null);
  buildShell(model, sections);
  watchForPaper();
  document.documentElement.dataset['ready'] = '';
}

/** Tables that have rows of the same process. */
function leadsFrom(page: Page, { table: own, columns, row }: OpenedRow): Lead[] {
  const pid = columns.find(({ name }) => name === 'pid')?.cell(row) ?? null;
  if (typeof pid !== 'number') return [];
  return page.model.tables.flatMap((table): Lead[] => {
    const cells = table.name === own ? [] : (table.columns.find(({ name }) => name === 'pid')?.cells ?? []);
    const count = cells.filter((cell) => cell === pid).length;
    if (count === 0) return [];
    return [
      {
        text: `${table.name} of ${pid} (${count})`,
        follow: () => page.showTable(table.name, `pid:${pid}`),
      },
    ];
  });
}

main().catch((error: unknown) => {
  document.body.append(
    make(
      'p',
      { class: 'panel warning', role: 'alert' },
      `This browser cannot show the page: ${String(error)}`,
    ),
  );
});
