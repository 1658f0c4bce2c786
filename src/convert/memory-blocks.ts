// The memory of a snapshot from its beginning to its end, in blocks, and the pages of it that cannot be read.
// One block is in memory at a time.
import { physical } from '../base/address.ts';
import { PAGE_BYTES, type PhysicalSource } from '../memory/source.ts';

/** Bytes that are read in one go. */
const BLOCK_BYTES = 1 << 20;

/** Bytes at a physical address, or a page there that the file should have and that cannot be read. */
export type Block =
  | { readonly at: number; readonly bytes: Uint8Array }
  | { readonly at: number; readonly lost: number };

/** All memory in ascending order. The bytes are reused for the next block. */
export function* memoryBlocks({ ranges, read }: PhysicalSource): Generator<Block> {
  const buffer = new Uint8Array(BLOCK_BYTES);
  for (const { start, end } of ranges) {
    for (let at: number = start; at < end; ) {
      const had = read(physical(at), buffer.subarray(0, Math.min(BLOCK_BYTES, end - at)));
      if (had === 0) yield { at, lost: PAGE_BYTES };
      else yield { at, bytes: buffer.subarray(0, had) };
      at += had || PAGE_BYTES;
    }
  }
}
