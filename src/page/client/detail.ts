// The dialog that shows all cells of one row.
// It links to the rows of other tables that are about the same process.
import type { PageField } from '../model.ts';
import { ABSENT_MARK, type Column } from './column.ts';
import { type Child, make } from './dom.ts';
import { fragmentOf, type Place, showPlace } from './links.ts';

/** Another place that tells more of the same thing. */
export interface Lead {
  readonly text: string;
  readonly follow: () => void;
}

/** A row as fields. */
export const fieldsOf = (columns: readonly Column[], row: number): PageField[] =>
  columns.map((column) => {
    const absent = column.absence(row);
    return { name: column.name, text: column.text(row), ...(absent === undefined ? {} : { absent }) };
  });

/** Fields one below the other, each in full. */
export const fieldList = (fields: readonly PageField[]): HTMLElement =>
  make(
    'dl',
    { class: 'fields' },
    ...fields.flatMap(({ name, text, absent }): Child[] => [
      make('dt', {}, name),
      absent === undefined
        ? make('dd', text === '' ? { class: 'empty', title: 'does not apply' } : {}, text)
        : make('dd', { class: 'absent' }, `${ABSENT_MARK} could not be read: ${absent}`),
    ]),
  );

/** A row that is shown above the page. */
export interface Detail {
  readonly title: string;
  readonly why: readonly string[];
  readonly fields: readonly PageField[];
  readonly leads: readonly Lead[];
  /** What leads to it again. */
  readonly place: Place;
}

/** Shows all of a row above the page, and where there is more of it. One at a time. */
export function showDetail({ title, why, fields, leads, place }: Detail): void {
  for (const former of document.querySelectorAll<HTMLDialogElement>('dialog.detail')) former.close();
  const dialog = make('dialog', { class: 'detail', aria: { label: title } });
  const close = (): void => dialog.close();
  dialog.append(
    make(
      'header',
      {},
      make('h3', {}, title),
      make('a', { href: fragmentOf(place), class: 'link', title: 'A link to this row' }, 'link'),
      make('button', { type: 'button', class: 'plain', aria: { label: 'Close' }, on: { click: close } }, '✕'),
    ),
    why.length === 0 ? '' : make('p', { class: 'why' }, why.join('; ')),
    fieldList(fields),
    make(
      'footer',
      { hidden: leads.length === 0 },
      ...leads.map(({ text, follow }) =>
        make(
          'button',
          {
            type: 'button',
            on: {
              click: () => {
                close();
                follow();
              },
            },
          },
          text,
        ),
      ),
    ),
  );
  dialog.addEventListener('close', () => {
    dialog.remove();
    const { row: _, pid: __, ...around } = place;
    showPlace(around);
  });
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) close(); // beside it
  });
  document.body.append(dialog);
  showPlace(place);
  dialog.showModal();
}
