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

const letterWidth = (letter: string): number =>
  MARK.test(letter) ? 0 : eastAsianWidth(letter.codePointAt(0)!);
