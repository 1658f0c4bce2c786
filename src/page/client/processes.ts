// The section of the page with the process tree.
// It marks processes that deserve a look.
import { Column } from './column.ts';
import { make } from './dom.ts';
import { Forest } from './forest.ts';
import { Grid } from './grid.ts';
import type { GridColumn } from './grid-column.ts';
import { showPlace } from './links.ts';
import { notAsked, type Page, plural, reasonText, type Section, sectionOf } from './section.ts';

/** The kernel's own threads hang below this process: shut at first, since they are many and alike. */
const KTHREADD = 2;
/** Letters of a command that are drawn; all of them are shown where the process is opened. */
const MOST_COMMAND = 2_000;
/** Rows of the tree that paper has room for: all of it, on any machine that a person prints. */
const PAPER_ROWS = 5_000;

/** Which process started which, and which of them deserve a look. */
export function processes(page: Page): Section {
  const { model } = page;
  const table = model.tables.find(({ name }) => name === model.lists.processes);
  const count = `${model.counts.processes} + ${plural(model.counts.kernelThreads, 'kernel thread')}`;
  const section = { id: 'processes', title: 'Processes', count: String(model.counts.processes) };
  if (table === undefined) {
    const none = make('p', { class: 'panel warning' }, notAsked(model.lists.processes));
    return { ...section, count: '–', element: sectionOf('processes', 'Processes', '', none) };
  }
  const columns = new Map(table.columns.map((column) => [column.name, new Column(column)]));
  const rowCount = table.columns[0]?.cells.length ?? 0;
  const numbers = (name: string): (number | null)[] =>
    Array.from({ length: rowCount }, (_, row) => {
      const cell = columns.get(name)?.cell(row) ?? null;
      return typeof cell === 'number' ? cell : null;
    });
  const pids = numbers('pid');
  const parents = numbers('ppid');
  const forest = new Forest(pids, parents);
  const reasons = new Map(model.notable.processes.map((process) => [process.pid, process.reasons]));
  const added = new Set(model.newPids);
  const reasonsOf = (row: number): readonly string[] => reasons.get(pids[row] ?? -1) ?? [];
  // A process that passes for one of them hides nowhere better.
  const isNotable = (parent: number | null, row: number): boolean =>
    parent === KTHREADD && reasonsOf(row).length > 0;
  if (!parents.some(isNotable)) forest.fold(pids.indexOf(KTHREADD), false);
  const grid: Grid = new Grid({
    label: 'process tree',
    columns: treeColumns(columns, rowCount, reasonsOf, (row) => added.has(pids[row] ?? -1)),
    rowCount,
    heldBack: table.rowCount - rowCount,
    empty: 'There is no process.',
    classOf: (row) =>
      reasonsOf(row).length > 0 ? 'notable' : columns.get('kernel')?.cell(row) === true ? 'kernel' : '',
    open: (row) =>
      page.openRow({
        ...{ title: `process ${pids[row] ?? ''}`, table: table.name, row },
        ...{ columns: [...columns.values()], why: reasonsOf(row) },
        place: { section: 'processes', search: grid.search.value, ...placeOf(pids[row], row) },
      }),
    alsoSearched: [{ name: 'why', isExact: false, text: (row) => reasonsOf(row).join('; ') }],
    copied: [...columns.values()],
    onSearch: (search) => showPlace({ section: 'processes', search }),
    tree: { forest, column: 'command' },
    paperRows: PAPER_ROWS,
  });
  const foldAll = (text: string, isOpen: boolean): HTMLElement =>
    make(
      'button',
      {
        type: 'button',
        on: {
          click: () => {
            forest.foldAll(isOpen);
            grid.refresh();
          },
        },
      },
      text,
    );
  grid.tools.append(foldAll('Open all', true), foldAll('Shut all', false));
  if (reasons.size > 0) grid.tools.append(onlyNotable(grid, reasonsOf));
  return {
    ...section,
    go: ({ search, row, pid }) => {
      if (search !== undefined) grid.find(search);
      const opened = pid === undefined ? row : pids.indexOf(pid);
      if (opened !== undefined && opened >= 0 && opened < rowCount) grid.openRow(opened);
    },
    element: sectionOf('processes', 'Processes', count, grid.element),
    search: () => grid.search,
  };
}

/** What leads to a process again: its number, or its row where that could not be read. */
const placeOf = (pid: number | null | undefined, row: number): { pid: number } | { row: number } =>
  typeof pid === 'number' ? { pid } : { row };

/** A button that shows only the processes that deserve a look, and those that they descend from. */
function onlyNotable(grid: Grid, reasonsOf: (row: number) => readonly string[]): HTMLElement {
  let isNarrowed = false;
  const button: HTMLButtonElement = make(
    'button',
    {
      ...{ type: 'button', aria: { pressed: 'false' } },
      on: {
        click: () => {
          isNarrowed = !isNarrowed;
          button.setAttribute('aria-pressed', String(isNarrowed));
          grid.restrict(isNarrowed ? (row) => reasonsOf(row).length > 0 : undefined);
        },
      },
    },
    'Worth a look',
  );
  return button;
}

function treeColumns(
  columns: ReadonlyMap<string, Column>,
  rowCount: number,
  reasonsOf: (row: number) => readonly string[],
  isNew: (row: number) => boolean,
): GridColumn[] {
  const own = (name: string, title: string): GridColumn[] => {
    const column = columns.get(name);
    if (column === undefined) return [];
    return [
      {
        ...{ name, title, isRight: column.isRight, isExact: column.kind === 'int', width: column.width() },
        text: (row) => column.text(row),
        keys: () => column.keys(),
        absence: (row) => column.absence(row),
      },
    ];
  };
  const command = (row: number): string =>
    columns.get('args')?.text(row) || columns.get('name')?.text(row) || '';
  const all = Array.from({ length: rowCount }, (_, row) => row);
  return [
    ...own('pid', 'pid'),
    {
      ...{ name: 'command', title: 'command, and why it deserves a look', isRight: false, isExact: false },
      ...{ width: 36, isGrowing: true, isWrapped: true },
      text: command,
      keys: () => all.map(command),
      draw: (row) => {
        const [text, why] = [command(row), reasonsOf(row)];
        return make(
          'div',
          {},
          make(
            'span',
            { class: 'command' },
            isNew(row) ? make('span', { class: 'badge' }, 'new') : null,
            text.length > MOST_COMMAND ? `${text.slice(0, MOST_COMMAND)}…` : text,
          ),
          why.length === 0 ? null : reasonText(why),
        );
      },
    },
    ...[...own('uid', 'user'), ...own('started', 'started')].map((column) => ({
      ...column,
      isWideOnly: true,
    })),
  ];
}
