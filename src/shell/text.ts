// What the shell prints: values of the kernel's in the form of `type`, everything else as Node does, and nothing of the
// evidence unescaped.
import { inspect, types } from 'node:util';
import { ForensicError } from '../base/errors.ts';
import { settle } from '../library/settle.ts';
import { ArrayOfValues, Pointer, Struct, type Value } from '../library/values.ts';
import { escapeText } from '../report/escape.ts';
import { hexLines } from '../report/hexdump.ts';
import { valueText } from '../report/struct-values.ts';
import type { KernelType } from '../types/kernel-type.ts';

/** Letters that one value is shown with. */
const MOST_LETTERS = 1 << 20;
/** Bytes of a buffer that are shown. */
const MOST_BYTES = 1024;
/** From here on a number is an address more often than a count. */
const ADDRESS_FROM = 4096n;

/** Lines that are shown as they are: a layout, a dump. */
export class Lines {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
  [inspect.custom](): string {
    return this.text.trimEnd();
  }
}

/** Makes text of values. `nameOf` tells what stands at an address. */
export const writerFor =
  (nameOf: (address: bigint) => string | null) =>
  (value: unknown): string => {
    const text = escapeLines(textOf(value, nameOf));
    return text.length <= MOST_LETTERS ? text : `${text.slice(0, MOST_LETTERS)}\n… (${text.length} letters)`;
  };

/** Every line escaped, the lines kept. */
export const escapeLines = (text: string): string => text.split('\n').map(escapeText).join('\n');

function textOf(value: unknown, nameOf: (address: bigint) => string | null): string {
  if (value instanceof Lines) return value.text.trimEnd();
  if (value instanceof ForensicError) return value.message;
  // Its stack is this program's and Node's, where nobody at a prompt can mend anything.
  if (types.isNativeError(value)) return `${value.name}: ${value.message}`;
  if (value instanceof Struct || value instanceof ArrayOfValues)
    return valueLines(value, value.$type, value.$address, nameOf);
  if (value instanceof Pointer) {
    const name = nameOf(value.$address);
    return `(${value.$type.name}) ${value}${name === null ? '' : ` <${name}>`}`;
  }
  if (typeof value === 'bigint' && value >= ADDRESS_FROM) {
    const name = nameOf(value);
    return `${value}n /* 0x${value.toString(16)}${name === null ? '' : ` ${name}`} */`;
  }
  if (value instanceof Uint8Array) {
    const lines = hexLines(0n, value.subarray(0, MOST_BYTES), (text) => text);
    const rest = value.length - MOST_BYTES;
    return [...lines, ...(rest > 0 ? [`… ${rest} more bytes`] : [])].join('\n');
  }
  return inspect(value, { depth: 4, maxArrayLength: 100, maxStringLength: 10_000, colors: false });
}

function valueLines(
  value: Value,
  type: KernelType,
  address: bigint,
  nameOf: (address: bigint) => string | null,
): string {
  const settled = settle(() => value, type, nameOf);
  return valueText({ name: type.name, address, value: settled }).trimEnd();
}
