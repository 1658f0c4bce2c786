// Writes LiME: before each range of memory a header of 32 bytes, with its first and its last address.
// LiME: doc/README.md, version 1. A page that could not be read ends a range, and the next begins behind it.
import { type MemoryWriter, type Output, writeSparsely } from './writer.ts';

const HEADER_BYTES = 32;

export function limeWriter(output: Output): MemoryWriter {
  let end = 0;
  let range: { readonly headerAt: number; readonly first: number; next: number } | undefined;
  const close = (): void => {
    if (range !== undefined) output.write(header(range.first, range.next - 1), range.headerAt);
  };
  return {
    put(at, bytes) {
      if (range?.next !== at) {
        close();
        range = { headerAt: end, first: at, next: at };
        end += HEADER_BYTES;
      }
      writeSparsely(output, bytes, end);
      end += bytes.length;
      range.next += bytes.length;
    },
    finish() {
      close();
      return end;
    },
  };
}

function header(first: number, last: number): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write('EMiL', 'latin1');
  bytes.writeUInt32LE(1, 4);
  bytes.writeBigUInt64LE(BigInt(first), 8);
  bytes.writeBigUInt64LE(BigInt(last), 16);
  return bytes;
}
