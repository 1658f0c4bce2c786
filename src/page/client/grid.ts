// A table of any length, of which only the rows in sight are in the page.
// Rows can be sorted, searched, walked through with the arrow keys, opened and copied.
import type { Copied } from './copied.ts';
import { copyButtons } from './copy.ts';
import { make, newId, put, replace } from './dom.ts';
import type { Branch, Forest } from './forest.ts';
import {
  cellElement,
  classesOf,
  columnElement,
  type GridColumn,
  lettersOf,
  tooWideForPaper,
} from './grid-column.ts';
import { allRows, Search, type Searched, sortRows } from './order.ts';
import { whenPrinted } from './printing.ts';
import { RowHeights } from './row-heights.ts';

/** What a grid shows. */
export interface GridParts {
  /** What it is, for those who hear the page. */
  readonly label: string;
  readonly columns: readonly GridColumn[];
  readonly rowCount: number;
  /** Rows that the page does not hold. */
  readonly heldBack?: number;
  /** Said where there are no rows. */
  readonly empty: string;
  /** Words that a row is drawn by. */
  readonly classOf?: (row: number) => string;
  /** Shows all of a row. */
  readonly open?: (row: number) => void;
  /** The rows are a tree as long as they are not sorted; the column of this name is indented. */
  readonly tree?: { readonly forest: Forest; readonly column: string };
  /** Columns that paper can do without, the most dispensable first. */
  readonly dispensable?: readonly string[];
  /** Rows that paper has room for. */
  readonly paperRows?: number;
  /** What a search looks at besides the columns. */
  readonly alsoSearched?: readonly Searched[];
  /** What is copied of a row: the columns as they are seen, where nothing else is said. */
  readonly copied?: readonly Copied[];
  /** Is told what is searched for, whenever that changes. */
  readonly onSearch?: (query: string) => void;
}

/** Rows beyond the edges that are drawn all the same, so that scrolling meets no gap. */
const OVERSCAN = 12;
/** So many rows are searched by looking at them. */
const FEW_ROWS = 8;
/** Rows of a table that paper has room for, where nothing else is said. */
const PAPER_ROWS = 200;

/** A table that is drawn as far as it is in sight. */
export class Grid {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  /** Where buttons of the table's own may stand. */
  readonly tools: HTMLElement;
  readonly #parts: GridParts;
  readonly #table: HTMLTableElement;
  readonly #scroller: HTMLElement;
  readonly #head: readonly HTMLElement[];
  readonly #body: HTMLTableSectionElement;
  readonly #status: HTMLElement;
  readonly #seeker: Search;
  readonly #id = newId('grid');
  #restriction: ((row: number) => boolean) | undefined;
  #sorting: { readonly column: number; readonly descending: boolean } | undefined;
  #rows: Uint32Array;
  #branches: readonly Branch[] | undefined;
  /** The place in `#rows` of the row that keys act on; -1 for none. */
  #active = -1;
  readonly #heights: RowHeights;
  #drawn = { first: -1, last: -1 };
  #awaited = false;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.#seeker = new Search([...parts.columns, ...(parts.alsoSearched ?? [])]);
    this.#rows = allRows(parts.rowCount);
    this.#heights = new RowHeights(parts.columns.every(({ isWrapped }) => isWrapped !== true));
    this.#head = parts.columns.map((column, index) => this.#headCell(column, index));
    this.#body = make('tbody');
    this.#table = make(
      'table',
      {
        role: parts.tree === undefined ? 'grid' : 'treegrid',
        tabIndex: 0,
        aria: { label: parts.label, colcount: String(parts.columns.length), readonly: 'true' },
        on: { keydown: (event) => this.#onKey(event), click: (event) => this.#onClick(event) },
      },
      make('colgroup', {}, ...parts.columns.map(columnElement)),
      make('thead', {}, make('tr', {}, ...this.#head)),
      this.#body,
    );
    this.#table.style.setProperty('--letters', `${lettersOf(parts.columns)}ch`);
    const narrow = parts.columns.filter(({ isWideOnly }) => isWideOnly !== true);
    this.#table.style.setProperty('--narrow-letters', `${lettersOf(narrow)}ch`);
    this.#scroller = make('div', { class: 'scroller', on: { scroll: () => this.#soon() } }, this.#table);
    this.#status = make('span', { class: 'status', role: 'status' });
    this.search = make('input', {
      type: 'search',
      class: 'search',
      aria: { label: `Search ${parts.label}` },
      on: { input: () => this.#search(), keydown: (event) => this.#onSearchKey(event) },
    });
    this.search.placeholder = 'Search, or column:word';
    this.search.spellcheck = false;
    this.tools = make('div', { class: 'tools' }, this.search, this.#status);
    const copied = parts.copied ?? parts.columns.map(({ title, text }) => ({ name: title, value: text }));
    if (parts.rowCount > 0) put(this.tools, ...copyButtons(parts.label, copied, () => this.#rows));
    this.element = make(
      'div',
      { class: parts.rowCount > FEW_ROWS ? 'grid' : 'grid few' },
      this.tools,
      this.#scroller,
    );
    new ResizeObserver(() => this.measure()).observe(this.#scroller);
    whenPrinted(
      () => this.element.isConnected && this.#toPaper(),
      () => this.element.isConnected && this.#toScreen(),
    );
    this.#arrange();
  }

  /** The rows that are shown, in their order. */
  get rows(): Uint32Array {
    return this.#rows;
  }

  /** Shows what a search finds. */
  find(query: string): void {
    if (this.search.value === query) return;
    this.search.value = query;
    this.#search();
  }

  #search(): void {
    this.#arrange();
    this.#parts.onSearch?.(this.search.value);
  }

  /** Shows rows of one sort only, whatever is searched for. */
  restrict(isShown: ((row: number) => boolean) | undefined): void {
    this.#restriction = isShown;
    this.#arrange();
  }

  /** Sorts by a column, or not at all. */
  sort(name: string | undefined, descending = false): void {
    const column = this.#parts.columns.findIndex((candidate) => candidate.name === name);
    this.#sorting = column < 0 ? undefined : { column, descending };
    this.#arrange();
  }

  /** Draws anew what is in sight, where something besides rows has changed. */
  refresh(): void {
    this.#arrange();
  }

  /** Draws as many rows as find room, after that has changed. */
  measure(): void {
    this.#heights.forget();
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }

  focus(): void {
    this.#table.focus({ preventScroll: true });
  }

  #headCell(column: GridColumn, index: number): HTMLElement {
    const { title, keys, head } = column;
    const content =
      keys === undefined
        ? make('span', {}, title)
        : make(
            'button',
            {
              type: 'button',
              class: 'sort',
              title: `Sort by ${title}`,
              on: { click: () => this.#sortNext(index) },
            },
            title,
          );
    const cell = make('th', { class: classesOf(column), aria: { colindex: String(index + 1) } }, content);
    cell.scope = 'col';
    if (head !== undefined) put(cell, head);
    return cell;
  }

  /** Upwards, downwards, and as the rows came. */
  #sortNext(column: number): void {
    const now = this.#sorting?.column === column ? this.#sorting : undefined;
    this.#sorting = now?.descending === true ? undefined : { column, descending: now !== undefined };
    this.#arrange();
  }

  /** Finds out which rows are shown in which order, and draws those in sight. */
  #arrange(): void {
    const { rowCount, columns, tree, empty, heldBack = 0 } = this.#parts;
    const activeRow = this.#rows[this.#active];
    const sought = this.#seeker.test(this.search.value);
    const isShown = bothOf(sought, this.#restriction);
    this.#branches = undefined;
    if (tree !== undefined && this.#sorting === undefined) {
      this.#branches = tree.forest.branches(isShown);
      this.#rows = Uint32Array.from(this.#branches, ({ row }) => row);
    } else {
      const shown = isShown === undefined ? allRows(rowCount) : allRows(rowCount).filter(isShown);
      const keys = this.#sorting === undefined ? undefined : columns[this.#sorting.column]?.keys?.();
      this.#rows = keys === undefined ? shown : sortRows(shown, keys, this.#sorting!.descending);
    }
    this.#heights.arrange(this.#rows);
    this.#active = activeRow === undefined ? -1 : this.#rows.indexOf(activeRow);
    for (const [index, cell] of this.#head.entries()) this.#markSorted(cell, index);
    this.#table.setAttribute('aria-rowcount', String(this.#rows.length + 1));
    const all = `${counted(rowCount)}${heldBack > 0 ? ` held of ${(rowCount + heldBack).toLocaleString('en')}` : ''}`;
    const isNarrowed = isShown !== undefined;
    replace(this.#status, isNarrowed ? `${this.#rows.length.toLocaleString('en')} of ${all}` : all);
    this.element.classList.toggle('is-empty', this.#rows.length === 0);
    if (this.#rows.length === 0) {
      const text = isNarrowed && rowCount > 0 ? 'Nothing is like that.' : empty;
      const cell = make('td', { class: 'nothing' }, text);
      cell.colSpan = columns.length;
      replace(this.#body, make('tr', {}, cell));
      this.#drawn = { first: 0, last: 0 };
      return;
    }
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }

  #markSorted(cell: HTMLElement, index: number): void {
    const isSorted = this.#sorting?.column === index;
    if (isSorted) cell.setAttribute('aria-sort', this.#sorting!.descending ? 'descending' : 'ascending');
    else cell.removeAttribute('aria-sort');
  }

  /** Draws with the next frame, however often it is asked for until then. */
  #soon(): void {
    if (this.#awaited) return;
    this.#awaited = true;
    requestAnimationFrame(() => {
      this.#awaited = false;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#rows.length === 0 || this.element.classList.contains('on-paper')) return;
    if (this.#heights.isUnmeasured) this.#measureFirst();
    const { scrollTop, clientHeight } = this.#scroller;
    const from = this.#heights.placeAt(scrollTop);
    const to = Math.min(this.#rows.length, this.#heights.placeAt(scrollTop + clientHeight) + 2);
    if (this.#drawn.first >= 0 && this.#drawn.first <= from && this.#drawn.last >= to) return;
    const first = Math.max(0, from - OVERSCAN);
    const last = Math.min(this.#rows.length, to + OVERSCAN);
    this.#drawn = { first, last };
    const rows = Array.from({ length: last - first }, (_, index) => this.#row(first + index));
    const [above, below] = [spacer(), spacer()];
    const place = (): void => {
      above.style.height = `${this.#heights.top(first)}px`;
      below.style.height = `${this.#heights.top(this.#rows.length) - this.#heights.top(last)}px`;
    };
    place();
    this.#body.replaceChildren(above, ...rows, below);
    this.#learn(rows, first, from, place);
    this.#markActive();
  }

  /** Takes the heights of rows that are drawn. What the reader looks at stays where it is on the screen. */
  #learn(rows: readonly HTMLElement[], first: number, from: number, place: () => void): void {
    if (this.#heights.areAlike) return;
    const top = this.#heights.top(from);
    const heights = rows.map((row) => row.getBoundingClientRect().height);
    const moved = heights.filter((height, index) => this.#heights.learn(this.#rows[first + index]!, height));
    if (moved.length === 0) return;
    place();
    this.#scroller.scrollTop += this.#heights.top(from) - top;
    this.#soon();
  }

  /** The first row tells how high rows usually are. */
  #measureFirst(): void {
    const [probe, below] = [this.#row(0), spacer()];
    // With the room of all rows below it, so that the box keeps its height, and its place.
    below.style.height = `${this.#heights.top(this.#rows.length) - this.#heights.usual}px`;
    this.#body.replaceChildren(probe, below);
    this.#heights.learn(this.#rows[0]!, probe.getBoundingClientRect().height);
  }

  #row(place: number): HTMLTableRowElement {
    const row = this.#rows[place]!;
    const branch = this.#branches?.[place];
    const { columns, classOf, tree } = this.#parts;
    const element = make('tr', {
      id: `${this.#id}-${row}`,
      class: `${place % 2 === 1 ? 'odd ' : ''}${classOf?.(row) ?? ''}`,
      aria: {
        rowindex: String(place + 2), // the head is the first
        ...(branch === undefined ? {} : { level: String(branch.level) }),
        ...(branch === undefined || branch.isOpen === null ? {} : { expanded: String(branch.isOpen) }),
      },
    });
    element.dataset['place'] = String(place);
    for (const column of columns) {
      const isTree = branch !== undefined && column.name === tree?.column;
      element.append(cellElement(column, row, isTree ? this.#handle(branch) : null));
    }
    return element;
  }

  /** What a branch is opened and shut by, indented by its level. */
  #handle({ row, level, isOpen }: Branch): HTMLElement {
    const handle =
      isOpen === null
        ? make('span', { class: 'handle' })
        : make(
            'button',
            {
              type: 'button',
              class: 'handle',
              tabIndex: -1,
              aria: { label: isOpen ? 'Shut' : 'Open' },
              on: { click: () => this.#fold(row, !isOpen) },
            },
            isOpen ? '▾' : '▸',
          );
    handle.style.marginInlineStart = `${(level - 1) * 1.1}em`;
    return handle;
  }

  #fold(row: number, isOpen: boolean): void {
    this.#parts.tree?.forest.fold(row, isOpen);
    this.#arrange();
  }

  #onClick(event: MouseEvent): void {
    const target = event.target instanceof Element ? event.target : null;
    const place = Number(target?.closest<HTMLElement>('tr[data-place]')?.dataset['place'] ?? -1);
    if (place < 0 || target?.closest('button, a') !== null) return;
    if (getSelection()?.isCollapsed === false) return; // somebody marks a text to copy it
    this.#moveTo(place);
    this.#openActive();
  }

  #onSearchKey(event: KeyboardEvent): void {
    if (event.key === 'Escape' && this.search.value !== '') {
      this.find('');
      event.preventDefault();
    } else if (event.key === 'ArrowDown' || event.key === 'Enter') {
      this.focus();
      if (this.#active < 0) this.#moveTo(0);
      event.preventDefault();
    }
  }

  #onKey(event: KeyboardEvent): void {
    if (event.target !== this.#table || event.ctrlKey || event.altKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#heights.usual) - 2);
    const last = this.#rows.length - 1;
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: this.#active + 1,
      ArrowUp: this.#active - 1,
      PageDown: this.#active + page,
      PageUp: this.#active - page,
      Home: 0,
      End: last,
    };
    const step = steps[event.key];
    if (step !== undefined) this.#moveTo(Math.max(0, Math.min(step, last)));
    else if (event.key === 'Enter') this.#openActive();
    else if (!(event.key === 'ArrowRight' || event.key === 'ArrowLeft') || !this.#step(event.key)) return;
    event.preventDefault();
  }

  /** In a tree the arrows open and shut branches, and lead into and out of them. @returns whether they did */
  #step(key: 'ArrowRight' | 'ArrowLeft'): boolean {
    const branch = this.#branches?.[this.#active];
    if (branch === undefined) return false;
    if (key === 'ArrowRight') {
      if (branch.isOpen === false) this.#fold(branch.row, true);
      else if (branch.isOpen === true) this.#moveTo(this.#active + 1);
      return true;
    }
    if (branch.isOpen === true) this.#fold(branch.row, false);
    else {
      const above = this.#branches!.slice(0, this.#active).findLastIndex(({ level }) => level < branch.level);
      if (above >= 0) this.#moveTo(above);
    }
    return true;
  }

  /** Shows a row by its number, whatever is searched for. */
  openRow(row: number): void {
    this.#parts.open?.(row);
  }

  #openActive(): void {
    const row = this.#rows[this.#active];
    if (row !== undefined) this.#parts.open?.(row);
  }

  #moveTo(place: number): void {
    if (this.#rows.length === 0) return;
    this.#active = place;
    const head = this.#head[0]!.offsetHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    const [top, end] = [this.#heights.top(place), this.#heights.top(place + 1)];
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (end > scrollTop + clientHeight - head) this.#scroller.scrollTop = end - clientHeight + head;
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }

  #markActive(): void {
    const row = this.#rows[this.#active];
    const element = row === undefined ? null : this.#body.querySelector(`#${this.#id}-${row}`);
    if (element === null) this.#table.removeAttribute('aria-activedescendant');
    else this.#table.setAttribute('aria-activedescendant', element.id);
    element?.classList.add('active');
    element?.setAttribute('aria-selected', 'true');
  }

  /** On paper nothing scrolls: all rows that it has room for, and how many there are besides. */
  #toPaper(): void {
    this.element.classList.add('on-paper');
    const { columns, paperRows = PAPER_ROWS, heldBack = 0 } = this.#parts;
    const count = Math.min(this.#rows.length, paperRows);
    const rows: Node[] = Array.from({ length: count }, (_, place) => this.#row(place));
    const more = this.#rows.length - count + heldBack;
    if (more > 0) {
      const cell = make('td', { class: 'more' }, `… and ${counted(more)} more, in the page itself`);
      cell.colSpan = columns.length;
      rows.push(make('tr', {}, cell));
    }
    if (this.#rows.length > 0) this.#body.replaceChildren(...rows);
    const hidden = tooWideForPaper(columns, this.#parts.dispensable ?? []);
    for (const line of this.#table.rows) {
      if (line.cells.length !== columns.length) continue;
      for (const [index, cell] of [...line.cells].entries())
        cell.classList.toggle('off-paper', hidden.has(index));
    }
    for (const [index, column] of [...this.#table.querySelectorAll('col')].entries())
      column.classList.toggle('off-paper', hidden.has(index));
  }

  #toScreen(): void {
    this.element.classList.remove('on-paper');
    for (const element of this.#table.querySelectorAll('.off-paper')) element.classList.remove('off-paper');
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }
}

const spacer = (): HTMLElement => make('tr', { class: 'spacer', aria: { hidden: 'true' } });

const counted = (count: number): string => `${count.toLocaleString('en')} row${count === 1 ? '' : 's'}`;

function bothOf<T>(
  one: ((value: T) => boolean) | undefined,
  other: ((value: T) => boolean) | undefined,
): ((value: T) => boolean) | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (value) => one(value) && other(value);
}
