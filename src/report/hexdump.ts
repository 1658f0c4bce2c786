// Bytes for people: sixteen in a line, in hex and as letters, each line with its address.
// `vestige read` and the shell use it.

/** Bytes in a line. */
const LINE_BYTES = 16;
const WORD = /..(?:..)?/g;

/** The lines of a dump of bytes that stand at an address; each without its newline. */
export function hexLines(
  address: bigint,
  bytes: Uint8Array,
  faint: (text: string) => string,
  lineBytes = LINE_BYTES,
): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += lineBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + lineBytes));
    const words = piece.toString('hex').match(WORD)!.join(' ');
    const where = `0x${(address + BigInt(at)).toString(16)}`;
    lines.push(`${faint(where)}  ${words.padEnd((lineBytes * 5) / 2 - 1)}  ${lettersOf(piece)}`);
  }
  return lines;
}

/** Bytes as letters, where they are letters of ASCII; dots for all others. */
export const lettersOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
