import type { PageField } from '../model.ts';
import { ABSENT_MARK, type Column } from './column.ts';
import { type Child, make } from './dom.ts';

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

/** Shows all of a row above the page, and where there is more of it. */
export function showDetail(
  title: string,
  why: readonly string[],
  fields: readonly PageField[],
  leads: readonly Lead[],
): void {
  const dialog = make('dialog', { class: 'detail', aria: { label: title } });
  const close = (): void => dialog.close();
  dialog.append(
    make(
      'header',
      {},
      make('h3', {}, title),
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
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) close(); // beside it
  });
  document.body.append(dialog);
  dialog.showModal();
}
