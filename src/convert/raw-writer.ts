// Writes raw memory: the byte at physical address N is byte N of the file. What the snapshot has not is a hole.
// The first byte is that of address 0, wherever RAM begins, so that whoever reads it needs no map.
import type { From } from './from.ts';
import { type MemoryWriter, type Output, writeSparsely } from './writer.ts';

export function rawWriter({ source }: From, output: Output): MemoryWriter {
  return {
    put: (at, bytes) => writeSparsely(output, bytes, at),
    finish: () => source.ranges.at(-1)?.end ?? 0,
  };
}
