// The section of the page that shows when each thing was first and last seen.
// It covers all snapshots of the machine that are remembered.
import type { PageMoment, PageTimeline } from '../model.ts';
import { Column, timeText } from './column.ts';
import { draw, make } from './dom.ts';
import { Grid } from './grid.ts';
import type { GridColumn } from './grid-column.ts';
import { showPlace } from './links.ts';
import { type Page, plural, reasonText, type Section, sectionOf, sentences } from './section.ts';

/** Kinds of thing that come and go by themselves: hidden until they are asked for. */
const RESTLESS = ['kernel thread'];

/** Which things are shown. */
type Scope = 'moving' | 'new' | 'gone' | 'all';

/** When each thing was first and last seen, over all snapshots of the machine. */
export function timeline({ model }: Page): Section | null {
  const { timeline: told } = model;
  if (told === null || told.moments.length < 2) return null;
  const { moments, notes } = told;
  const lives = new Lives(told);
  const grid = new Grid({
    label: 'timeline',
    columns: lives.columns(),
    rowCount: lives.count,
    empty: 'There is nothing to follow.',
    onSearch: (search) => showPlace({ section: 'timeline', search }),
    classOf: (row) => lives.classOf(row),
  });
  const chosen = { scope: 'moving' as Scope, hidden: new Set(RESTLESS) };
  const narrow = (): void =>
    grid.restrict((row) => lives.isIn(row, chosen.scope) && !chosen.hidden.has(lives.kind(row)));
  grid.tools.append(scopeButtons(chosen, narrow), kindButtons(lives.kinds(), chosen, narrow));
  grid.sort('first seen', true);
  narrow();
  const reboots = moments.filter(({ isReboot }) => isReboot).length;
  const span = `${plural(moments.length, 'snapshot')}${reboots === 0 ? '' : `, ${plural(reboots, 'reboot')}`}`;
  return {
    id: 'timeline',
    title: 'Timeline',
    count: String(moments.length),
    element: sectionOf(
      'timeline',
      'Timeline',
      span,
      notes.length === 0 ? null : make('div', { class: 'panel warning' }, sentences(notes)),
      grid.element,
    ),
    search: () => grid.search,
    go: ({ search = '' }) => grid.find(search),
  };
}

const SCOPES: readonly (readonly [scope: Scope, text: string])[] = [
  ['moving', 'came or went'],
  ['new', 'new here'],
  ['gone', 'gone'],
  ['all', 'all'],
];

function scopeButtons(chosen: { scope: Scope }, narrow: () => void): HTMLElement {
  const buttons = SCOPES.map(([scope, text]) =>
    make(
      'button',
      {
        type: 'button',
        aria: { pressed: String(chosen.scope === scope) },
        on: {
          click: () => {
            chosen.scope = scope;
            for (const [index, [other]] of SCOPES.entries())
              buttons[index]!.setAttribute('aria-pressed', String(other === scope));
            narrow();
          },
        },
      },
      text,
    ),
  );
  return make('span', { class: 'choice', role: 'group', aria: { label: 'which things' } }, ...buttons);
}

function kindButtons(
  kinds: readonly string[],
  chosen: { hidden: Set<string> },
  narrow: () => void,
): HTMLElement {
  const buttons = kinds.map((kind) => {
    const button: HTMLButtonElement = make(
      'button',
      {
        type: 'button',
        aria: { pressed: String(!chosen.hidden.has(kind)) },
        on: {
          click: () => {
            if (!chosen.hidden.delete(kind)) chosen.hidden.add(kind);
            button.setAttribute('aria-pressed', String(!chosen.hidden.has(kind)));
            narrow();
          },
        },
      },
      kind,
    );
    return button;
  });
  return make('span', { class: 'choice', role: 'group', aria: { label: 'kinds' } }, ...buttons);
}

/** Things and the snapshots that they are in. */
class Lives {
  readonly #moments: readonly PageMoment[];
  readonly #subject: number;
  readonly #columns: ReadonlyMap<string, Column>;
  /** How far along the strip each snapshot stands, from 0 to 1. */
  readonly #places: readonly number[];

  constructor({ moments, subject, things }: PageTimeline) {
    this.#moments = moments;
    this.#subject = subject;
    this.#columns = new Map(things.columns.map((column) => [column.name, new Column(column)]));
    this.#places = placesOf(moments);
  }

  get count(): number {
    return this.#column('kind').length;
  }

  kind(row: number): string {
    return this.#column('kind').text(row);
  }

  kinds(): string[] {
    return [...new Set(Array.from({ length: this.count }, (_, row) => this.kind(row)))].sort();
  }

  isIn(row: number, scope: Scope): boolean {
    const [first, last] = [this.#number('first', row), this.#number('last', row)];
    switch (scope) {
      case 'all':
        return true;
      case 'new':
        return first === this.#subject && first > 0;
      case 'gone':
        return last < this.#subject;
      case 'moving':
        return this.#number('seen', row) < this.#moments.length;
    }
  }

  classOf(row: number): string {
    if (this.#column('why').text(row) !== '') return 'notable';
    return this.isIn(row, 'gone') ? 'gone' : '';
  }

  columns(): GridColumn[] {
    const text = (name: string, width: number, more: Partial<GridColumn> = {}): GridColumn => ({
      ...{ name, title: name, isRight: false, isExact: false, width },
      text: (row) => this.#column(name).text(row),
      keys: () => this.#column(name).keys(),
      ...more,
    });
    const moment = (title: string, name: string, textOf: (moment: number) => string): GridColumn => ({
      ...{ name: title, title, isRight: false, isExact: false, width: 16 },
      text: (row) => textOf(this.#number(name, row)),
      keys: () => this.#column(name).keys(),
    });
    return [
      text('kind', 13),
      text('what', 40, { isGrowing: true }),
      {
        ...{ name: 'life', title: 'in these snapshots', isRight: false, isExact: false, width: 30 },
        text: () => '',
        draw: (row) => this.#strip(row),
        head: this.#scale(),
      },
      moment('first seen', 'first', (index) => this.#momentText(index)),
      moment('last seen', 'last', (index) =>
        index === this.#subject ? 'still there' : this.#momentText(index),
      ),
      text('why', 26, {
        draw: (row) => reasonText([this.#column('why').text(row)].filter((why) => why !== '')),
      }),
    ];
  }

  #column(name: string): Column {
    const column = this.#columns.get(name);
    if (column === undefined) throw new Error(`a timeline has a column ${name}`);
    return column;
  }

  #number(name: string, row: number): number {
    return Number(this.#column(name).cell(row));
  }

  #momentText(index: number): string {
    const time = this.#moments[index]?.time ?? null;
    // To the minute: the whole of it stands in the overview and in the title of the strip's marks.
    return time === null ? `snapshot ${index + 1}` : timeText(time).replace(/^(.{10})T(.{5}).*$/, '$1 $2');
  }

  /** A bar from the first to the last snapshot that the thing is in; pale where it was missing in between. */
  #strip(row: number): Node {
    const [first, last, seen] = ['first', 'last', 'seen'].map((name) => this.#number(name, row)) as [
      number,
      number,
      number,
    ];
    const bar = make('span', { class: `bar${seen < last - first + 1 ? ' gaps' : ''}` });
    const [from, to] = [this.#places[first] ?? 0, this.#places[last] ?? 1];
    bar.style.insetInlineStart = `${from * 100}%`;
    bar.style.inlineSize = `${(to - from) * 100}%`;
    const until = last === this.#subject ? 'and is there now' : `and last in ${this.#momentText(last)}`;
    const title = `in ${plural(seen, 'snapshot')}, first in ${this.#momentText(first)} ${until}`;
    return make('span', { class: 'life', role: 'img', title, aria: { label: title } }, bar);
  }

  /** The snapshots as marks; reboots stand out, and so does the snapshot that the page is about. */
  #scale(): Node {
    const marks = this.#moments.map(({ isReboot }, index) => {
      const x = (this.#places[index] ?? 0) * 1000;
      const kind = index === this.#subject ? 'subject' : isReboot ? 'reboot' : 'moment';
      return draw('line', { x1: x, x2: x, y1: kind === 'moment' ? 5 : 0, y2: 12, class: kind });
    });
    return draw(
      'svg',
      { class: 'scale', viewBox: '0 0 1000 12', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      ...marks,
    );
  }
}

/** By their times where all are known and in order, or else one after the other: a guest may have set its clock. */
function placesOf(moments: readonly PageMoment[]): number[] {
  const times = moments.map(({ time }) => time);
  const [first, last] = [times[0] ?? null, times.at(-1) ?? null];
  const isTimed =
    first !== null &&
    last !== null &&
    last > first &&
    times.every((time, index) => time !== null && (index === 0 || time >= times[index - 1]!));
  return moments.map(({ time }, index) =>
    isTimed ? (time! - first) / (last - first) : index / Math.max(1, moments.length - 1),
  );
}
