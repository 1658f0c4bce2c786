// The values of a struct for people: a line for each member, structs in it indented, and what cannot be read with the reason.
// `vestige type SNAPSHOT NAME ADDRESS` and the shell print it.
import type { Settled, SettledMember } from '../library/settle.ts';
import { escapeText } from './escape.ts';
import { plainStyle, type Style } from './style.ts';

/** Bytes of an array that a line shows. */
const SHOWN_BYTES = 64;
/** From here on a number is an address or a mask more often than a count, and is shown in hex too. */
const HEX_FROM = 4096;

/** `struct list_head at 0xffff… = { … }`; ends in a newline. */
export function valueText(
  { name, address, value }: { readonly name: string; readonly address: bigint; readonly value: Settled },
  style: Style = plainStyle,
): string {
  const head = `${escapeText(name)} at ${style.faint(`0x${address.toString(16)}`)} = `;
  return `${head}${textOf(value, 0, style)}\n`;
}

/** The text of a value; the lines of structs and arrays in it are indented by `depth`. */
function textOf(value: Settled, depth: number, style: Style): string {
  if (value === null) return 'NULL';
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return value < HEX_FROM ? String(value) : `${value} ${style.faint(`/* 0x${value.toString(16)} */`)}`;
    case 'boolean':
      return String(value);
    case 'string':
      return `"${escapeText(value).replaceAll('"', '\\"')}"`;
  }
  if ('absent' in value) return style.danger(`<${escapeText(value.absent)}: ${escapeText(value.why)}>`);
  if ('enumerator' in value) return escapeText(value.enumerator);
  if ('pointer' in value) {
    const symbol = value.symbol === null ? '' : ` <${escapeText(value.symbol)}>`;
    return `(${escapeText(value.to)}) 0x${value.pointer.toString(16)}${symbol}`;
  }
  if ('bytes' in value) return bytesText(value.bytes);
  if ('members' in value)
    return blockText(value.members.map(memberText(depth, style)), value.left, depth, style);
  const elements = value.elements.map(
    (element, index) => `[${index}] = ${textOf(element, depth + 1, style)}`,
  );
  return blockText(elements, value.left, depth, style);
}

const memberText =
  (depth: number, style: Style) =>
  ({ name, value }: SettledMember): string =>
    `${escapeText(name)} = ${textOf(value, depth + 1, style)}`;

function blockText(lines: readonly string[], left: number, depth: number, style: Style): string {
  const indent = '  '.repeat(depth + 1);
  const rest = left === 0 ? [] : [style.faint(`/* ${left} more */`)];
  if (lines.length + rest.length === 0) return '{}';
  const all = [...lines.map((line) => `${line},`), ...rest].map((line) => indent + line);
  return `{\n${all.join('\n')}\n${'  '.repeat(depth)}}`;
}

function bytesText(bytes: Uint8Array): string {
  if (bytes.length === 0) return '{}';
  const shown = Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString('hex').match(/../g)!.join(' ');
  return bytes.length > SHOWN_BYTES ? `${shown} … (${bytes.length} bytes)` : shown;
}
