// Buttons that put a table into the clipboard: the rows that are shown, in their order.
// The forms are in `copied.ts`.
import { type Copied, csvOf, jsonOf } from './copied.ts';
import { make, replace } from './dom.ts';

/** How long a button says what came of it, in milliseconds. */
const TOLD_MS = 1_600;

/** Two buttons, one for each form. `rows` gives the rows that are shown. */
export function copyButtons(
  label: string,
  columns: readonly Copied[],
  rows: () => Uint32Array,
): HTMLElement[] {
  const button = (form: string, textOf: () => string): HTMLElement => {
    const text = `Copy ${form}`;
    const element: HTMLButtonElement = make(
      'button',
      {
        ...{ type: 'button', class: 'copy', title: `Copy the rows that are shown as ${form}` },
        aria: { label: `Copy ${label} as ${form}` },
        on: {
          click: () =>
            void copyText(textOf()).then((isCopied) => {
              replace(element, isCopied ? 'Copied' : 'Not copied');
              setTimeout(() => replace(element, text), TOLD_MS);
            }),
        },
      },
      text,
    );
    return element;
  };
  return [button('CSV', () => csvOf(columns, rows())), button('JSON', () => jsonOf(columns, rows()))];
}

/** @returns whether the clipboard has it */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** For browsers that give a page from disk no clipboard: what is selected is copied. */
function copyBySelection(text: string): boolean {
  const area = make('textarea', { class: 'off-screen', aria: { hidden: 'true' } });
  area.value = text;
  document.body.append(area);
  area.select();
  try {
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    area.remove();
  }
}
