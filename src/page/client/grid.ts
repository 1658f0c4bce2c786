import { escapeText } from '../../report/escape.ts';
import type { SortKey } from './column.ts';
import { make, newId, put, replace } from './dom.ts';
import type { Branch, Forest } from './forest.ts';
import { allRows, Search, type Searched, sortRows } from './order.ts';
import { onPaper } from './paper.ts';

/** A column of a grid. */
export interface GridColumn extends Searched {
  readonly title: string;
  readonly isRight: boolean;
  /** In letters. */
  readonly width: number;
  /** It takes the room that the others leave. */
  readonly isGrowing?: boolean;
  /** What rows are sorted by; a column without cannot be sorted by. */
  readonly keys?: () => readonly SortKey[];
  /** What stands in the cell, where that is more than its text. */
  readonly draw?: (row: number) => Node;
  /** Why the cell is empty, where it could not be read. */
  readonly absence?: (row: number) => string | undefined;
  /** What stands in the head of the column beside its title. */
  readonly head?: Node;
}

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
}

/** Rows beyond the edges that are drawn all the same, so that scrolling meets no gap. */
const OVERSCAN = 12;
/** How high a row is taken to be until one is measured, in pixels. */
const USUAL_HEIGHT = 26;
/** So many rows are searched by looking at them. */
const FEW_ROWS = 8;
/** Letters of one cell that are drawn; all of them are shown where a row is opened. */
const MOST_LETTERS = 300;
/** Letters of a row that a sheet of paper has room for. */
const PAPER_WIDTH = 165;
const PAPER_ROWS = 200;

/**
 * A table of any length: only the rows in sight are in the page. Rows can be sorted, searched, walked through with the
 * arrow keys and opened.
 */
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
  #rowHeight = 0;
  #drawn = { first: -1, last: -1 };
  #awaited = false;

  constructor(parts: GridParts) {
    this.#parts = parts;
    this.#seeker = new Search(parts.columns);
    this.#rows = allRows(parts.rowCount);
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
      make('colgroup', {}, ...parts.columns.map(widthOf)),
      make('thead', {}, make('tr', {}, ...this.#head)),
      this.#body,
    );
    const letters = parts.columns.reduce((sum, { width }) => sum + width + 2, 0);
    this.#table.style.minWidth = `${letters}ch`;
    this.#scroller = make('div', { class: 'scroller', on: { scroll: () => this.#soon() } }, this.#table);
    this.#status = make('span', { class: 'status', role: 'status' });
    this.search = make('input', {
      type: 'search',
      class: 'search',
      aria: { label: `Search ${parts.label}` },
      on: { input: () => this.#arrange(), keydown: (event) => this.#onSearchKey(event) },
    });
    this.search.placeholder = 'Search, or column:word';
    this.search.spellcheck = false;
    this.tools = make('div', { class: 'tools' }, this.search, this.#status);
    this.element = make(
      'div',
      { class: parts.rowCount > FEW_ROWS ? 'grid' : 'grid few' },
      this.tools,
      this.#scroller,
    );
    new ResizeObserver(() => this.measure()).observe(this.#scroller);
    onPaper(
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
    this.search.value = query;
    this.#arrange();
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
    this.#rowHeight = 0;
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }

  focus(): void {
    this.#table.focus({ preventScroll: true });
  }

  #headCell({ title, keys, head, isRight }: GridColumn, index: number): HTMLElement {
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
    const cell = make(
      'th',
      { class: isRight ? 'right' : '', aria: { colindex: String(index + 1) } },
      content,
    );
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
    const height = this.#heightOfRow();
    const top = this.#scroller.scrollTop;
    const inSight = Math.ceil(this.#scroller.clientHeight / height);
    const from = Math.max(0, Math.min(Math.floor(top / height), this.#rows.length - inSight));
    const to = Math.min(this.#rows.length, from + inSight + 1);
    if (this.#drawn.first >= 0 && this.#drawn.first <= from && this.#drawn.last >= to) return;
    const first = Math.max(0, from - OVERSCAN);
    const last = Math.min(this.#rows.length, to + OVERSCAN);
    this.#drawn = { first, last };
    const rows: Node[] = [spacer(first * height)];
    for (let place = first; place < last; place++) rows.push(this.#row(place));
    rows.push(spacer((this.#rows.length - last) * height));
    this.#body.replaceChildren(...rows);
    this.#markActive();
  }

  /** All rows are of one height: that of the first that is drawn. */
  #heightOfRow(): number {
    if (this.#rowHeight > 0) return this.#rowHeight;
    const probe = this.#row(0);
    // With the room of all rows below it, so that the box keeps its height, and its place.
    this.#body.replaceChildren(probe, spacer((this.#rows.length - 1) * USUAL_HEIGHT));
    const height = probe.getBoundingClientRect().height;
    if (height > 0) this.#rowHeight = height;
    return height > 0 ? height : USUAL_HEIGHT; // a grid that is not in the page yet has none
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
      const cell = make('td', column.isRight ? { class: 'right' } : {});
      if (branch !== undefined && column.name === tree?.column) put(cell, this.#handle(branch));
      fill(cell, column, row);
      element.append(cell);
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
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#heightOfRow()) - 2);
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

  #openActive(): void {
    const row = this.#rows[this.#active];
    if (row !== undefined) this.#parts.open?.(row);
  }

  #moveTo(place: number): void {
    if (this.#rows.length === 0) return;
    this.#active = place;
    const height = this.#heightOfRow();
    const head = this.#head[0]!.offsetHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    const top = place * height;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + height > scrollTop + clientHeight - head)
      this.#scroller.scrollTop = top + height - clientHeight + head;
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
    const hidden = this.#tooWideForPaper();
    for (const line of this.#table.rows) {
      if (line.cells.length !== columns.length) continue;
      for (const [index, cell] of [...line.cells].entries())
        cell.classList.toggle('off-paper', hidden.has(index));
    }
    for (const [index, column] of [...this.#table.querySelectorAll('col')].entries())
      column.classList.toggle('off-paper', hidden.has(index));
  }

  #tooWideForPaper(): Set<number> {
    const { columns, dispensable = [] } = this.#parts;
    const hidden = new Set<number>();
    let letters = columns.reduce((sum, { width }) => sum + width + 2, 0);
    for (const name of dispensable) {
      if (letters <= PAPER_WIDTH) break;
      const index = columns.findIndex((column) => column.name === name);
      if (index < 0) continue;
      hidden.add(index);
      letters -= columns[index]!.width + 2;
    }
    return hidden;
  }

  #toScreen(): void {
    this.element.classList.remove('on-paper');
    for (const element of this.#table.querySelectorAll('.off-paper')) element.classList.remove('off-paper');
    this.#drawn = { first: -1, last: -1 };
    this.#draw();
  }
}

function widthOf({ width, isGrowing }: GridColumn): HTMLElement {
  const column = make('col');
  if (isGrowing !== true) column.style.width = `${width + 2}ch`;
  return column;
}

function fill(cell: HTMLElement, column: GridColumn, row: number): void {
  const reason = column.absence?.(row);
  if (reason !== undefined) {
    cell.classList.add('absent');
    cell.title = escapeText(`could not be read: ${reason}`);
  }
  if (column.draw !== undefined) {
    cell.append(column.draw(row));
    return;
  }
  const text = column.text(row);
  if (text.length > column.width && reason === undefined)
    cell.title = escapeText(text.slice(0, MOST_LETTERS * 3));
  put(cell, text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)}…` : text);
}

function spacer(height: number): HTMLElement {
  const row = make('tr', { class: 'spacer', aria: { hidden: 'true' } });
  row.style.height = `${height}px`;
  return row;
}

const counted = (count: number): string => `${count.toLocaleString('en')} row${count === 1 ? '' : 's'}`;

function bothOf<T>(
  one: ((value: T) => boolean) | undefined,
  other: ((value: T) => boolean) | undefined,
): ((value: T) => boolean) | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (value) => one(value) && other(value);
}
