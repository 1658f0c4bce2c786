// What a section of the page is, and what sections know of each other.
// It also makes the elements that all sections share.
import type { PageModel } from '../model.ts';
import type { Column } from './column.ts';
import { type Child, make } from './dom.ts';
import type { Grid } from './grid.ts';
import type { Place } from './links.ts';

/** A part of the page that the list of contents leads to. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What the list of contents says beside the title: `3 critical`. */
  readonly count: string;
  readonly tone?: Tone;
  readonly element: HTMLElement;
  /** What `/` searches while this section is read. */
  readonly search?: () => HTMLInputElement | undefined;
  /** Goes to a place in the section. */
  readonly go?: (place: Place) => void;
}

/** How grave a thing looks. */
export type Tone = 'good' | 'warning' | 'danger' | 'plain';

/** A row that somebody wants to see all of. */
export interface OpenedRow {
  readonly title: string;
  /** The question whose row it is. */
  readonly table: string;
  readonly columns: readonly Column[];
  readonly row: number;
  /** Why it deserves a look. */
  readonly why?: readonly string[];
  /** What leads to it again. */
  readonly place: Place;
}

/** What sections know of the page that they are in. */
export interface Page {
  readonly model: PageModel;
  /** Leads to a question's table, searched for something. */
  showTable(name: string, query: string): void;
  /** Shows all of a row, and what other tables say of its process. */
  openRow(opened: OpenedRow): void;
  /** Shows all that is known of a process. */
  openProcess(pid: number): void;
}

/** A section's element: its title, what is counted of it, and what is in it. */
export function sectionOf(
  id: string,
  title: string,
  count: string,
  ...children: readonly Child[]
): HTMLElement {
  const heading = make('h2', { id: `${id}-title` }, title, count === '' ? null : make('small', {}, count));
  return make('section', { id, tabIndex: -1, aria: { labelledby: `${id}-title` } }, heading, ...children);
}

/** A list of sentences; nothing where there are none. */
export const sentences = (lines: readonly string[], classes = 'sentences'): HTMLElement | null =>
  lines.length === 0 ? null : make('ul', { class: classes }, ...lines.map((line) => make('li', {}, line)));

/** Something that is folded away until it is asked for; on paper it is open. */
export const folded = (summary: Child, ...children: readonly Child[]): HTMLDetailsElement =>
  make('details', { class: 'folded' }, make('summary', {}, summary), ...children);

/** Reasons why something deserves a look. */
export const reasonText = (reasons: readonly string[]): HTMLElement =>
  make('span', { class: 'why' }, reasons.join('; '));

/** `1 process`, `2 processes`. */
export const plural = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`;

/** A grid with its heading, below a heading of the section. */
export const gridPart = (title: string, count: string, grid: Grid): HTMLElement =>
  make('div', { class: 'part' }, make('h3', {}, title, make('small', {}, count)), grid.element);

/** What stands where a question would be answered that nobody asked. */
export const notAsked = (question: string | null): string =>
  `Nobody has asked ${question ?? 'for this'} of this snapshot.`;
