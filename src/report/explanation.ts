// The output of `vestige explain`: each page-table entry on the way from an address to bytes.
// `src/session/explain.ts` walks.
import type { Explanation } from '../plugin/document.ts';
import { escapeText } from './escape.ts';
import { hexLines } from './hexdump.ts';
import type { Style } from './style.ts';
import { padEnd, widthOf, wrap } from './width.ts';

/** Bytes in a line of the dump: with words of two bytes such a line takes 77 columns; half as many on a narrower terminal. */
const LINE_BYTES = 16;
const LINE_COLUMNS = 77;
/** With fewer columns beside its entry flags stand below it, so far to the right. */
const LEAST_FLAGS = 20;
const BELOW = 6;

/** The walk from what was asked to the bytes, for people; ends in a newline. */
export function explanationText(explanation: Explanation, style: Style, width: number): string {
  const { asked, symbol, address, space, physical, fileOffset, bytes, fault } = explanation;
  const lines = [
    field('asked', asked, style),
    field('symbol', symbol ?? 'none near', style),
    field('address', address, style),
    field('space', space, style),
    '',
    ...walkLines(explanation, style, width),
    '',
  ];
  if (fault !== null) lines.push(style.danger(escapeText(fault.message)));
  if (physical !== null) {
    lines.push(field('physical', physical, style));
    lines.push(
      field(
        'in the file',
        fileOffset === null ? 'stored compressed, or not at all' : `at ${fileOffset}`,
        style,
      ),
      '',
    );
  }
  const dump = Buffer.from(bytes, 'hex');
  const lineBytes = width < LINE_COLUMNS ? LINE_BYTES / 2 : LINE_BYTES;
  lines.push(...hexLines(BigInt(address), dump, style.faint, lineBytes));
  return `${lines.join('\n')}\n`;
}

/** A line for each table entry; flags that find no room go on below. */
function walkLines({ steps }: Explanation, style: Style, width: number): string[] {
  const places = steps.map(
    ({ level, table, at, index }) => `${level} ${padEnd(table, 4)} [${String(index).padStart(3)}] at ${at}`,
  );
  const placeWidth = Math.max(0, ...places.map(widthOf));
  const entryWidth = Math.max(0, ...steps.map(({ entry }) => widthOf(entry)));
  const indent = 2 + placeWidth + 2 + entryWidth + 2;
  return steps.flatMap(({ entry, flags }, index) => {
    const isBelow = width - indent < LEAST_FLAGS;
    const start = isBelow ? BELOW : indent;
    const [first = '', ...more] = wrap(flags.join(', '), Math.max(1, width - start));
    const head = `  ${style.faint(padEnd(places[index]!, placeWidth))}  ${padEnd(entry, entryWidth)}`;
    const below = more.map((line) => ' '.repeat(start) + line);
    return isBelow ? [head, ' '.repeat(start) + first, ...below] : [`${head}  ${first}`, ...below];
  });
}

const field = (key: string, value: string, style: Style): string =>
  `${style.faint(padEnd(key, 12))} ${escapeText(value)}`;
