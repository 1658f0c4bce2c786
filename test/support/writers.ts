/**
 * Writers of every snapshot format: the mirror of `src/snapshot`. They take any physical memory, drawn or that of
 * an open snapshot, and stream it, so that a dump of any size can be written again in another format.
 */
import { type PhysicalAddress, physical } from '../../src/base/address.ts';
import { PAGE_BYTES, type PhysicalRange, type PhysicalSource } from '../../src/memory/source.ts';
import { Appender, FileOutput } from './writers-output.ts';

/** What a writer needs of a source. */
export type Memory = Pick<PhysicalSource, 'ranges' | 'read'>;

const WINDOW_BYTES = 2 ** 20;

/** Draws memory from pieces: bytes and the page-aligned address of the first. The rest is missing. */
export function drawMemory(pieces: ReadonlyMap<number, Uint8Array>): PhysicalSource {
  const sorted = [...pieces].sort(([a], [b]) => a - b);
  const ranges: PhysicalRange[] = [];
  for (const [start, { length }] of sorted) {
    const last = ranges.at(-1);
    if (last?.end === start) ranges[ranges.length - 1] = { ...last, end: physical(start + length) };
    else ranges.push({ start: physical(start), end: physical(start + length) });
  }
  const byteSource = (at: PhysicalAddress) => sorted.findLast(([start]) => start <= at)!;
  return {
    ranges,
    costlyPages: false,
    read(at, into) {
      for (let done = 0; done < into.length; ) {
        const [start, bytes] = byteSource(physical(at + done));
        const piece = bytes.subarray(at + done - start, at + into.length - start);
        into.set(piece, done);
        done += piece.length;
      }
      return into.length;
    },
    fileOffset: () => null,
  };
}

/** All bytes of a range in windows of at most 1 MiB, which are reused. A page that cannot be read is written as zeros. */
export function* windowsOf(
  memory: Memory,
  { start, end }: PhysicalRange,
): Generator<[at: number, bytes: Uint8Array]> {
  const window = new Uint8Array(WINDOW_BYTES);
  for (let at: number = start; at < end; at += WINDOW_BYTES) {
    const bytes = window.subarray(0, Math.min(WINDOW_BYTES, end - at));
    for (let done = 0; done < bytes.length; ) {
      const had = memory.read(physical(at + done), bytes.subarray(done));
      if (had === 0) bytes.fill(0, done, done + PAGE_BYTES);
      done += had || PAGE_BYTES;
    }
    yield [at, bytes];
  }
}

/** Whether all bytes are zero. */
export const isZero = (bytes: Uint8Array): boolean =>
  Buffer.compare(bytes, ZEROS.subarray(0, bytes.length)) === 0;

const ZEROS = new Uint8Array(65536);

/** Writes raw memory from `base` to the last byte held; pages of zeros and gaps become holes of a sparse file. */
export function writeRaw(path: string, memory: Memory, { base = 0 }: { readonly base?: number } = {}): void {
  const output = new FileOutput(path);
  for (const range of memory.ranges) {
    for (const [at, bytes] of windowsOf(memory, range)) {
      for (let page = 0; page < bytes.length; page += PAGE_BYTES) {
        const content = bytes.subarray(page, page + PAGE_BYTES);
        if (!isZero(content)) output.writeAt(at + page - base, content);
      }
    }
  }
  output.close((memory.ranges.at(-1)?.end ?? base) - base);
}

/** Writes LiME ranges, version 1. */
export function writeLime(path: string, memory: Memory): void {
  const output = new FileOutput(path);
  const body = new Appender(output, 0);
  for (const range of memory.ranges) {
    body.append(limeHeader(range.start, range.end - 1));
    for (const [, bytes] of windowsOf(memory, range)) body.append(bytes);
  }
  body.flush();
  output.close(body.offset);
}

/** One header of a LiME range, both addresses inclusive. */
export function limeHeader(first: number, last: number, version = 1): Buffer {
  const header = Buffer.alloc(32);
  header.write('EMiL', 'latin1');
  header.writeUInt32LE(version, 4);
  header.writeBigUInt64LE(BigInt(first), 8);
  header.writeBigUInt64LE(BigInt(last), 16);
  return header;
}
