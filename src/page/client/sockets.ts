// The section of the page with listeners and connections.
// Its rows come from the question that declares `lists.connections`.
import type { PageSocket } from '../model.ts';
import { make } from './dom.ts';
import { Grid } from './grid.ts';
import type { GridColumn } from './grid-column.ts';
import { showPlace } from './links.ts';
import { gridPart, notAsked, type Page, type Section, sectionOf } from './section.ts';

/** Who listens, and who talks to whom. */
export function sockets({ model: { listening, established, lists, tables } }: Page): Section {
  const isAsked = tables.some(({ name }) => name === lists.connections);
  const count = `${listening.length + established.length}`;
  const grids = [
    { title: 'Listening', list: listening, empty: 'Nobody listens.' },
    { title: 'Established', list: established, empty: 'Nobody is connected.' },
  ].map(({ title, list, empty }) => ({ title, list, grid: socketGrid(title, list, empty) }));
  return {
    id: 'sockets',
    title: 'Sockets',
    count: isAsked ? count : '–',
    element: sectionOf(
      'sockets',
      'Sockets',
      '',
      ...(isAsked
        ? grids.map(({ title, list, grid }) => gridPart(title, String(list.length), grid))
        : [make('p', { class: 'panel warning' }, notAsked(lists.connections))]),
    ),
    search: () => grids[0]!.grid.search,
    go: ({ table, search = '' }) =>
      grids.find(({ title }) => title.toLowerCase() === table)?.grid.find(search),
  };
}

function socketGrid(title: string, list: readonly PageSocket[], empty: string): Grid {
  const column = (
    name: string,
    most: number,
    textOf: (socket: PageSocket) => string | null,
    more: Partial<GridColumn> = {},
  ): GridColumn => {
    const texts = list.map((socket) => textOf(socket) ?? '');
    const longest = texts.reduce((width, text) => Math.max(width, text.length), name.length + 2);
    return {
      ...{ name, title: name, isRight: false, isExact: false, width: Math.min(longest, most) },
      text: (row) => texts[row] ?? '',
      keys: () => texts.map((text) => text || null),
      ...more,
    };
  };
  const hasRemotes = list.some(({ remote }) => remote !== null);
  return new Grid({
    label: title.toLowerCase(),
    rowCount: list.length,
    empty,
    onSearch: (search) => showPlace({ section: 'sockets', table: title.toLowerCase(), search }),
    classOf: (row) => (list[row]?.holders === null ? 'notable' : ''),
    columns: [
      column('protocol', 10, ({ protocol }) => protocol),
      column('local', 48, ({ local }) => local),
      ...(hasRemotes ? [column('remote', 48, ({ remote }) => remote)] : []),
      column('holders', 40, ({ holders }) => holders ?? 'no process', {
        isGrowing: true,
        draw: (row) => {
          const { holders, isNew } = list[row]!;
          return make(
            'span',
            holders === null ? { class: 'why' } : {},
            isNew ? make('span', { class: 'badge' }, 'new') : null,
            holders ?? 'no process',
          );
        },
      }),
    ],
  });
}
