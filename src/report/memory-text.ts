// Memory in the forms in which people look at it: hex, letters, words, texts. Each form takes what could be read in its
// order and says in its place what could not.
import type { Instruction } from '../disassembly/disassembler.ts';
import type { Hole, Piece } from '../library/memory-view.ts';
import { escapeText } from './escape.ts';
import { hexLines, lettersOf } from './hexdump.ts';
import type { Style } from './style.ts';

/** The forms. */
export const MEMORY_FORMATS = ['hex', 'raw', 'strings', 'u64', 'ascii', 'disasm'] as const;
export type MemoryFormat = (typeof MEMORY_FORMATS)[number];

/** Letters in a line of the form `ascii`. */
const LINE_LETTERS = 64;
const WORD_BYTES = 8;
/** Shorter runs of letters are mostly chance. */
const LEAST_LETTERS = 4;
/** A text goes on in the next line after so many letters. */
const MOST_LETTERS = 4096;

/** Names an address: `do_exit+0x10`; null where nothing does. */
type NameOf = (address: bigint) => string | null;

/** What could not be read, as a line in its place. */
const holeLine = ({ address, missing, code }: Hole, style: Style): string =>
  style.danger(`0x${address.toString(16)}  ${missing} bytes cannot be read: ${escapeText(code)}`);

/** Lines of hex and letters. */
export function* hexText(parts: Iterable<Piece | Hole>, style: Style): Generator<string> {
  for (const part of grouped(parts, 16)) {
    if ('missing' in part) yield holeLine(part, style);
    else yield* hexLines(part.address, part.bytes, style.faint);
  }
}

/** Lines of letters, with dots for what is none. */
export function* asciiText(parts: Iterable<Piece | Hole>, style: Style): Generator<string> {
  for (const part of grouped(parts, LINE_LETTERS)) {
    if ('missing' in part) yield holeLine(part, style);
    else
      for (let at = 0; at < part.bytes.length; at += LINE_LETTERS)
        yield `${style.faint(hexOf(part.address + BigInt(at)))}  ${lettersOf(part.bytes.subarray(at, at + LINE_LETTERS))}`;
  }
}

/** A line for each word of 64 bits, with the symbol that it may be the address of; what is left over is shown in hex. */
export function* wordText(parts: Iterable<Piece | Hole>, style: Style, nameOf: NameOf): Generator<string> {
  for (const part of grouped(parts, WORD_BYTES)) {
    if ('missing' in part) {
      yield holeLine(part, style);
      continue;
    }
    const { address, bytes } = part;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; at + WORD_BYTES <= bytes.length; at += WORD_BYTES) {
      const word = view.getBigUint64(at, true);
      const name = nameOf(word);
      const where = style.faint(hexOf(address + BigInt(at)));
      yield `${where}  0x${word.toString(16).padStart(16, '0')}${name === null ? '' : `  ${escapeText(name)}`}`;
    }
    if (at < bytes.length) yield* hexLines(address + BigInt(at), bytes.subarray(at), style.faint);
  }
}

/** A line for each run of letters of ASCII, also where they take two bytes each. */
export function* stringsText(parts: Iterable<Piece | Hole>, style: Style): Generator<string> {
  for (const part of stretches(parts)) {
    if ('missing' in part) {
      yield holeLine(part, style);
      continue;
    }
    const text = Buffer.from(part.bytes).toString('latin1');
    for (const { 0: run, index } of text.matchAll(RUNS)) {
      const letters = run.replaceAll('\0', '');
      for (let at = 0; at < letters.length; at += MOST_LETTERS)
        yield `${style.faint(hexOf(part.address + BigInt(index)))}  ${escapeText(letters.slice(at, at + MOST_LETTERS))}`;
    }
  }
}

const RUNS = new RegExp(
  `[\\t\\x20-\\x7e]{${LEAST_LETTERS},}|(?:[\\t\\x20-\\x7e]\\0){${LEAST_LETTERS},}`,
  'g',
);

/** A line for each instruction, with the name of what it leads to. */
export function* codeText(
  parts: Iterable<Piece | Hole>,
  style: Style,
  nameOf: NameOf,
  code: {
    decode(bytes: Uint8Array, address: bigint): Iterable<Instruction>;
  },
): Generator<string> {
  for (const part of stretches(parts)) {
    if ('missing' in part) {
      yield holeLine(part, style);
      continue;
    }
    for (const instruction of code.decode(part.bytes, part.address)) {
      const { address, bytes, mnemonic, operands, target } = instruction;
      const name = nameOf(address);
      const to = target === null ? null : nameOf(target);
      const where = `${hexOf(address)}${name === null ? '' : ` <${escapeText(name)}>`}`;
      const words = Buffer.from(bytes).toString('hex').padEnd(CODE_DIGITS);
      const text = escapeText(`${mnemonic.padEnd(8)} ${operands}`.trimEnd());
      yield `${style.faint(where)}  ${words}  ${text}${to === null ? '' : style.faint(`  # ${escapeText(to)}`)}`;
    }
  }
}

/** Digits of most instructions of x86. */
const CODE_DIGITS = 16;

/** Bytes that are read together at most, so that a run or an instruction is rarely cut in two. */
const STRETCH_BYTES = 1 << 20;

/** Pieces that follow each other in one, of at most 1 MiB. */
function* stretches(parts: Iterable<Piece | Hole>): Generator<Piece | Hole> {
  let waiting: Piece[] = [];
  let length = 0;
  const together = (): Piece[] => {
    const [first] = waiting;
    if (first === undefined) return [];
    const joined = {
      address: first.address,
      bytes: Uint8Array.from(Buffer.concat(waiting.map(({ bytes }) => bytes))),
    };
    [waiting, length] = [[], 0];
    return [joined];
  };
  for (const part of parts) {
    if ('missing' in part) {
      yield* together();
      yield part;
      continue;
    }
    waiting.push(part);
    length += part.bytes.length;
    if (length >= STRETCH_BYTES) yield* together();
  }
  yield* together();
}

/** Pieces in lengths that are multiples of a line's, whatever page they begin in; the last before a hole may be shorter. */
function* grouped(parts: Iterable<Piece | Hole>, unit: number): Generator<Piece | Hole> {
  let rest: Piece | undefined;
  for (const part of parts) {
    if ('missing' in part) {
      if (rest !== undefined && rest.bytes.length > 0) yield rest;
      rest = undefined;
      yield part;
      continue;
    }
    const whole: Piece =
      rest === undefined || rest.bytes.length === 0
        ? part
        : { address: rest.address, bytes: Uint8Array.from(Buffer.concat([rest.bytes, part.bytes])) };
    const length = whole.bytes.length - (whole.bytes.length % unit);
    if (length > 0) yield { address: whole.address, bytes: whole.bytes.subarray(0, length) };
    rest = { address: whole.address + BigInt(length), bytes: whole.bytes.subarray(length) };
  }
  if (rest !== undefined && rest.bytes.length > 0) yield rest;
}

const hexOf = (address: bigint): string => `0x${address.toString(16)}`;
