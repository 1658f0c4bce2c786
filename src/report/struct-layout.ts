// A type's layout as C with the places in comments, in the form that pahole made usual.
// `vestige type` prints it.
import type { LaidOut, Layout } from '../library/layout.ts';
import { escapeText } from './escape.ts';
import { plainStyle, type Style } from './style.ts';
import { padEnd, widthOf } from './width.ts';

/** Column in which places stand; further right where a declaration reaches into it. */
const PLACE_COLUMN = 52;
/** Bytes of a cache line on every CPU that is read. */
const CACHELINE_BYTES = 64;

/** Lines of C; ends in a newline. */
export function layoutText(layout: Layout, style: Style = plainStyle): string {
  const { name, kind, size, module, members, unlisted, enumerators, holeBits } = layout;
  const from = module === null ? '' : ` ${style.faint(`/* of module ${escapeText(module)} */`)}`;
  if (kind === 'enum') {
    const lines = enumerators.map((one) => `  ${escapeText(one.name)} = ${one.value},`);
    return [`${escapeText(name)} {${from}`, ...lines, '', sizeLine(size, style), '};', ''].join('\n');
  }
  if (kind !== 'struct' && kind !== 'union')
    return `${escapeText(name)}; ${style.faint(`/* ${kind}, size: ${size} */`)}${from}\n`;
  const more = unlisted === 0 ? [] : [`  ${style.faint(`/* ${unlisted} further members are not shown */`)}`];
  const holes = holeBits === 0 ? '' : `, sum holes: ${bitsText(holeBits)}`;
  const count = `, members: ${members.filter((one) => 'declaration' in one).length + unlisted}${holes}`;
  return [
    `${escapeText(name)} {${from}`,
    ...memberLines(members, 1, style),
    ...more,
    '',
    sizeLine(size, style, count),
    '};',
    '',
  ].join('\n');
}

const sizeLine = (size: number, style: Style, more = ''): string =>
  `  ${style.faint(`/* size: ${size}, cachelines: ${Math.ceil(size / CACHELINE_BYTES)}${more} */`)}`;

function memberLines(members: readonly LaidOut[], depth: number, style: Style): string[] {
  const indent = '  '.repeat(depth);
  return members.flatMap((member) => {
    if ('holeBits' in member) {
      const what = `/* ${bitsText(member.holeBits)} hole */`;
      return [`${indent}${style.faint(what)}`];
    }
    const { declaration, offset, firstBit, bits, size, members: inner } = member;
    const where =
      bits === 0
        ? `/* ${String(offset).padStart(5)} ${String(size).padStart(5)} */`
        : `/* ${`${offset}:${firstBit}`.padStart(5)} ${`:${bits}`.padStart(5)} */`;
    if (inner === null) {
      const text = `${indent}${escapeText(declaration)}${bits === 0 ? '' : ` : ${bits}`};`;
      return [`${padEnd(text, Math.max(PLACE_COLUMN, widthOf(text) + 1))}${style.faint(where)}`];
    }
    const [head = '', tail = ''] = declaration.split('{ … }');
    const end = padEnd(`${indent}}${escapeText(tail)};`, PLACE_COLUMN);
    return [
      `${indent}${escapeText(head)}{`,
      ...memberLines(inner, depth + 1, style),
      `${end}${style.faint(where)}`,
    ];
  });
}

const bitsText = (bits: number): string =>
  [
    ...(bits >= 8 ? [`${Math.floor(bits / 8)} bytes`] : []),
    ...(bits % 8 === 0 ? [] : [`${bits % 8} bits`]),
  ].join(' ');
