// The section of the page with all tables.
// Each question has a tab.
import { make } from './dom.ts';
import type { Grid } from './grid.ts';
import { showPlace } from './links.ts';
import { whenPrinted } from './printing.ts';
import { type Page, type Section, sectionOf, sentences } from './section.ts';
import { tableGrid } from './table-grid.ts';
import { Tabs } from './tabs.ts';

/** The section of all tables, and how to get to one of them. */
export interface Tables extends Section {
  /** Shows a table, searched for something. */
  show(name: string, query: string): void;
}

/** Every question's answer in whole. */
export function tables(page: Page): Tables {
  const grids = new Map<string, Grid>();
  const tabs = new Tabs(
    'tables',
    page.model.tables.map((table) => ({
      name: table.name,
      title: table.name,
      count: table.rowCount.toLocaleString('en'),
      shown: () => grids.get(table.name)?.measure(),
      chosen: () => showPlace({ section: 'tables', table: table.name }),
      make: () => {
        const grid: Grid = tableGrid(table, {
          openRow: (columns, row) =>
            page.openRow({
              ...{ title: table.name, table: table.name, columns, row },
              place: { section: 'tables', table: table.name, search: grid.search.value, row },
            }),
          onSearch: (search) => showPlace({ section: 'tables', table: table.name, search }),
        });
        grids.set(table.name, grid);
        return make(
          'div',
          {},
          make('p', { class: 'faint' }, `${table.summary}.`),
          table.notes.length === 0 ? null : make('div', { class: 'panel warning' }, sentences(table.notes)),
          grid.element,
        );
      },
    })),
  );
  whenPrinted(
    () => tabs.fillAll(),
    () => undefined,
  );
  const total = page.model.tables.reduce((sum, { rowCount }) => sum + rowCount, 0);
  const section = sectionOf('tables', 'Tables', `${total.toLocaleString('en')} rows`, tabs.element);
  return {
    id: 'tables',
    title: 'Tables',
    count: String(page.model.tables.length),
    element: section,
    search: () => grids.get(tabs.chosen ?? '')?.search,
    go({ table = '', search = '', row }) {
      if (!tabs.choose(table)) return;
      const grid = grids.get(table);
      grid?.find(search);
      if (row !== undefined) grid?.openRow(row);
    },
    show(name, query) {
      tabs.choose(name);
      const grid = grids.get(name);
      grid?.find(query);
      section.scrollIntoView();
      grid?.focus();
    },
  };
}
