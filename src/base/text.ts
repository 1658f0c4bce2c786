const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Text from a dump. Valid UTF-8 is decoded; every other byte becomes the four characters `\xNN`, so that two
 * different names never look the same. Control characters stay: escaping them is the affair of whoever prints.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length < 64) {
    const ascii = decodeAscii(bytes);
    if (ascii !== undefined) return ascii;
  }
  try {
    return strict.decode(bytes);
  } catch {
    return decodeBroken(bytes);
  }
}

/** The bytes before the first NUL, decoded. */
export function decodeUntilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeText(end < 0 ? bytes : bytes.subarray(0, end));
}

function decodeAscii(bytes: Uint8Array): string | undefined {
  let out = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return undefined;
    out += String.fromCharCode(byte);
  }
  return out;
}

/** Decodes the longest valid sequences and spells the bytes between them. */
function decodeBroken(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at]!);
    const piece = bytes.subarray(at, at + length);
    const valid = length > 0 && piece.length === length && isValid(piece);
    out += valid ? strict.decode(piece) : `\\x${bytes[at]!.toString(16).padStart(2, '0')}`;
    at += valid ? length : 1;
  }
  return out;
}

function isValid(piece: Uint8Array): boolean {
  try {
    strict.decode(piece);
    return true;
  } catch {
    return false;
  }
}

/** Bytes in the UTF-8 sequence that `first` begins, or 0 where it begins none. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}
