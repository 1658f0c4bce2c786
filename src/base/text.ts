// Text from a dump: UTF-8 where it is, and every other byte spelled, so that two names that differ never look the same.
// One pass over the bytes, whatever they are: text that is not UTF-8 costs what text costs.

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const BACKSLASH = 0x5c;
const SMALL_X = 0x78;
const SHORT_BYTES = 64;

/**
 * Text from a dump. Valid UTF-8 is decoded; every other byte becomes the four characters `\x80` to `\xff`. Where such
 * four characters are the evidence's own, their backslash becomes `\x5c`: a name of the byte ff is `\xff`, one of the
 * letters `\xff` is `\x5cxff`, one of the letters `\x5cxff` is `\x5cx5cxff`, and so on: no two byte sequences give one
 * text. Other backslashes stay: systemd writes `\x2d` into the names of its units.
 *
 * Control characters stay too: escaping them is the affair of whoever prints.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length < SHORT_BYTES) {
    const plain = decodePlain(bytes);
    if (plain !== undefined) return plain;
  }
  const odd = nextOdd(bytes, 0);
  return decoder.decode(odd < bytes.length ? spelled(bytes, odd) : bytes);
}

/** The bytes before the first NUL, decoded. */
export function decodeUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

/** ASCII without a backslash, which is nearly every name. */
function decodePlain(bytes: Uint8Array): string | undefined {
  let out = '';
  for (const byte of bytes) {
    if (byte >= 0x80 || byte === BACKSLASH) return undefined;
    out += String.fromCharCode(byte);
  }
  return out;
}

/** Where the next byte is that cannot stay as it is; the length of `bytes` where there is none. */
function nextOdd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at]!;
    if (byte < 0x80) {
      if (byte === BACKSLASH && looksSpelled(bytes, at + 1)) return at;
      at++;
      continue;
    }
    const length = sequenceLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

/** The text as valid UTF-8, its odd bytes spelled; the first of them is at `first`. */
function spelled(bytes: Uint8Array, first: number): Uint8Array {
  const out = new Uint8Array(4 * bytes.length); // each byte becomes four at most
  let written = 0;
  let from = 0;
  for (let odd = first; odd < bytes.length; odd = nextOdd(bytes, from)) {
    if (odd > from) out.set(bytes.subarray(from, odd), written);
    written += odd - from;
    const byte = bytes[odd]!;
    out[written++] = BACKSLASH;
    out[written++] = SMALL_X;
    out[written++] = hexDigit(byte >>> 4);
    out[written++] = hexDigit(byte & 0xf);
    from = odd + 1;
  }
  out.set(bytes.subarray(from), written);
  return out.subarray(0, written + bytes.length - from);
}

/** Whether a backslash before these bytes reads as a spelled byte, or as a backslash that is spelled for this reason. */
function looksSpelled(bytes: Uint8Array, from: number): boolean {
  let at = from;
  while (bytes[at] === SMALL_X && bytes[at + 1] === 0x35 && bytes[at + 2] === 0x63) at += 3;
  return bytes[at] === SMALL_X && isHex(bytes[at + 1]) && bytes[at + 1]! >= 0x38 && isHex(bytes[at + 2]);
}

const hexDigit = (value: number): number => (value < 10 ? 0x30 : 0x57) + value;

/** A lower-case hexadecimal digit. */
const isHex = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66));

/**
 * Bytes of the well-formed UTF-8 sequence at `at`, 0 where there is none: table 3-7 of the Unicode Standard, which allows
 * no overlong form, no surrogate and nothing past U+10FFFF.
 */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const second = bytes[at + 1]! & 0xff; // past the end: 0, which continues nothing
  if (first < 0xc2 || first > 0xf4) return 0;
  if (first < 0xe0) return isContinuation(second) ? 2 : 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most || !isContinuation(bytes[at + 2]! & 0xff)) return 0;
  if (first < 0xf0) return 3;
  return isContinuation(bytes[at + 3]! & 0xff) ? 4 : 0;
}

const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80;
