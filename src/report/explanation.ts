import type { Explanation } from '../plugin/document.ts';
import { escapeText } from './escape.ts';
import type { Style } from './style.ts';
import { padEnd } from './width.ts';

/** Bytes in a line of the dump. */
const LINE_BYTES = 16;

/** The walk from what was asked to the bytes, for people; ends in a newline. */
export function explanationText(explanation: Explanation, style: Style): string {
  const { asked, symbol, address, space, steps, physical, fileOffset, bytes, fault } = explanation;
  const lines = [
    field('asked', asked, style),
    field('symbol', symbol ?? 'none near', style),
    field('address', address, style),
    field('space', space, style),
    '',
    ...steps.map(({ level, table, at, index, entry, flags }) => {
      const place = `${level} ${padEnd(table, 5)} [${String(index).padStart(3)}] at ${at}`;
      return `  ${style.faint(padEnd(place, 34))} ${entry}  ${flags.join(', ')}`;
    }),
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
  for (let at = 0; at < dump.length; at += LINE_BYTES) {
    const piece = dump.subarray(at, at + LINE_BYTES);
    const words = Array.from(piece, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const letters = Array.from(piece, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    ).join('');
    const where = `0x${(BigInt(address) + BigInt(at)).toString(16)}`;
    lines.push(`${style.faint(where)}  ${words.padEnd(3 * LINE_BYTES - 1)}  ${letters}`);
  }
  return `${lines.join('\n')}\n`;
}

const field = (key: string, value: string, style: Style): string =>
  `${style.faint(padEnd(key, 12))} ${escapeText(value)}`;
