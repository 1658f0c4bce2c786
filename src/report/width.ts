// Widths of texts on a terminal: measuring, cutting, wrapping.
// East Asian wide letters take two columns, combining marks none.
import { eastAsianWidth } from 'get-east-asian-width';

const PLAIN = /^[\x20-\x7e]*$/;
const MARK = /^\p{M}$/u;

/**
 * Columns that an escaped text takes on a terminal: East Asian wide letters and emoji take two, marks none.
 * Code point by code point: `escapeText` leaves no joiners that could make one sign of several.
 */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const letter of text) width += letterWidth(letter);
  return width;
}

/** The text cut to `width` columns, the cut shown by `…`. */
export function truncate(text: string, width: number): string {
  if (text.length <= width && PLAIN.test(text)) return text;
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  return `${headOf(text, width - 1)}…`;
}

/**
 * A path cut to `width` columns so that the name of the file stays, what is behind it (` (deleted)`) too:
 * `/usr/lib/sy…/systemd-journald`.
 */
export function truncatePath(text: string, width: number): string {
  if (text.length <= width && PLAIN.test(text)) return text;
  if (widthOf(text) <= width) return text;
  const name = text.slice(Math.max(0, text.lastIndexOf('/')));
  const room = width - 1 - widthOf(name);
  if (room >= 0 && name !== text) return `${headOf(text, room)}…${name}`;
  if (!text.startsWith('/')) return truncate(text, width);
  return width < 1 ? '' : `…${tailOf(text, width - 1)}`;
}

/** As many letters from the end as find room in `width` columns. */
function tailOf(text: string, width: number): string {
  const letters = [...text];
  let had = 0;
  let from = letters.length;
  while (from > 0) {
    had += letterWidth(letters[from - 1]!);
    if (had > width) break;
    from--;
  }
  return letters.slice(from).join('');
}

/** As many letters from the start as find room in `width` columns. */
function headOf(text: string, width: number): string {
  let had = 0;
  let kept = '';
  for (const letter of text) {
    had += letterWidth(letter);
    if (had > width) break;
    kept += letter;
  }
  return kept;
}

/** The text with spaces after it up to `width` columns. */
export const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** The text in lines of at most `width` columns, broken at spaces where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) <= width) {
      line += ` ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > width) {
      const head = headOf(line, width);
      if (head === '') break; // a letter wider than the line
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  lines.push(line);
  return lines;
}

/** The first lines, the last of them ending in a sign that there are more. */
export function atMost(lines: readonly string[], most: number, width: number): string[] {
  if (lines.length <= most) return [...lines];
  const kept = lines.slice(0, most);
  return [...kept.slice(0, -1), `${truncate(kept.at(-1)!, width - 2)} …`];
}

const letterWidth = (letter: string): number =>
  MARK.test(letter) ? 0 : eastAsianWidth(letter.codePointAt(0)!);
