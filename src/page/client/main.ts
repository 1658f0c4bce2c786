// The script of the HTML page starts here.
// It reads the data, builds the sections, and follows links within the page.
import { changes } from './changes.ts';
import { readModel } from './data.ts';
import { fieldsOf, type Lead, showDetail } from './detail.ts';
import { make } from './dom.ts';
import { findings } from './findings.ts';
import { placeIn } from './links.ts';
import { notes } from './notes.ts';
import { overview } from './overview.ts';
import { watchForPrinting } from './printing.ts';
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
      showDetail({
        ...{ title: opened.title, why: opened.why ?? [], place: opened.place },
        ...{ fields: fieldsOf(opened.columns, opened.row), leads: leadsFrom(page, opened) },
      }),
    openProcess: (pid) => tree.go?.({ section: 'processes', pid }),
  };
  const all = tables(page);
  const tree = processes(page);
  const sections = [
    overview(page),
    findings(page),
    changes(page),
    tree,
    sockets(page),
    all,
    timeline(page),
    notes(page),
  ].filter((section): section is Section => section !== null);
  buildShell(model, sections);
  watchForPrinting();
  followLinks(sections);
  document.documentElement.dataset['ready'] = '';
}

/** Goes where the page's address says, now and whenever somebody follows a link. */
function followLinks(sections: readonly Section[]): void {
  const follow = (): void => {
    const place = placeIn(location.hash);
    const section = sections.find(({ id }) => id === place?.section);
    if (place === undefined || section === undefined) return;
    section.element.scrollIntoView({ behavior: 'instant' });
    section.go?.(place);
  };
  addEventListener('hashchange', follow);
  follow();
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
