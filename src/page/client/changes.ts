// The section of the page that tells what changed since the snapshot before.
// The story comes first, then every differing row.
import type { PageChanges, PageEvent } from '../model.ts';
import { type Child, make } from './dom.ts';
import type { Grid } from './grid.ts';
import {
  folded,
  gridPart,
  type Page,
  plural,
  reasonText,
  type Section,
  sectionOf,
  sentences,
} from './section.ts';
import { tableGrid } from './table-grid.ts';

const HEADINGS: Readonly<Record<PageEvent['change'], readonly [title: string, mark: string]>> = {
  appeared: ['Appeared', '+'],
  vanished: ['Vanished', '−'],
  changed: ['Changed', '~'],
};

/** Events of one sort that are shown before the rest is folded away. */
const MOST_EVENTS = 40;

/** What happened since the snapshot before: the story first, then every row. */
export function changes(page: Page): Section | null {
  const { changes: told } = page.model;
  if (told === null) return null;
  const { events, before, relation, remarks, counts } = told;
  const grids = new Map<string, Grid>();
  const grave = events.some(({ why }) => why.length > 0);
  return {
    id: 'changes',
    title: 'Changes',
    count: String(events.length),
    tone: grave ? 'warning' : 'plain',
    go: ({ table = '', row }) => {
      if (row !== undefined) grids.get(table)?.openRow(row);
    },
    element: sectionOf(
      'changes',
      'Changes',
      plural(events.length, 'event'),
      make(
        'p',
        { class: 'faint' },
        `Since ${before.time ?? 'a snapshot of no known time'} (`,
        make('code', {}, before.path),
        `): ${relation}.`,
      ),
      sentences(remarks, 'panel warning sentences'),
      events.length === 0 ? make('p', { class: 'panel' }, 'Nothing that is worth a line has changed.') : null,
      ...(['appeared', 'vanished', 'changed'] as const).map((change) => eventList(change, events)),
      uncertainty(told),
      counts.length === 0 ? null : make('p', { class: 'faint counts' }, `${counts.join('; ')}.`),
      told.tables.length === 0
        ? null
        : folded(
            'Every row that differs',
            ...told.tables.map((table) => {
              const grid = tableGrid(table, {
                label: `changes of ${table.name}`,
                classOf: markOf(table),
                openRow: (columns, row) =>
                  page.openRow({
                    ...{ title: `${table.name}, changed`, table: '', columns, row },
                    place: { section: 'changes', table: table.name, row },
                  }),
              });
              grids.set(table.name, grid);
              return gridPart(table.name, plural(table.rowCount, 'row'), grid);
            }),
          ),
      told.folded.length === 0 ? null : folded('Not listed', sentences(told.folded)),
    ),
  };
}

/** The colour of a row by its sign. */
function markOf({ columns }: PageChanges['tables'][number]): (row: number) => string {
  const signs = columns[0]?.cells ?? [];
  const names: Readonly<Record<string, string>> = { '+': 'plus', '-': 'minus', '~': 'tilde' };
  return (row) => names[String(signs[row]).charAt(0)] ?? '';
}

function eventList(change: PageEvent['change'], events: readonly PageEvent[]): Child {
  const own = events.filter((event) => event.change === change);
  if (own.length === 0) return null;
  const [title, mark] = HEADINGS[change];
  const item = ({ kind, what, why }: PageEvent): HTMLElement =>
    make(
      'li',
      { class: change },
      make('span', { class: 'mark', aria: { hidden: 'true' } }, mark),
      make('span', { class: 'kind' }, kind),
      make('span', { class: 'what' }, what),
      why.length === 0 ? null : reasonText(why),
    );
  const rest = own.slice(MOST_EVENTS);
  return make(
    'div',
    { class: 'part' },
    make('h3', {}, title, make('small', {}, String(own.length))),
    make('ul', { class: 'events' }, ...own.slice(0, MOST_EVENTS).map(item)),
    rest.length === 0
      ? null
      : folded(`${rest.length} more`, make('ul', { class: 'events' }, ...rest.map(item))),
  );
}

const uncertainty = ({ uncertain }: PageChanges): Child =>
  uncertain.length === 0
    ? null
    : make(
        'div',
        { class: 'panel warning' },
        make('h3', {}, 'Not certain, or not compared'),
        sentences(uncertain),
      );
