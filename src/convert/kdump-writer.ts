// Writes kdump-compressed: headers, two bitmaps, a descriptor for each page, pages packed one by one.
// makedumpfile, IMPLEMENTATION and diskdump_mod.h; QEMU, dump/dump.c. Header version 6.
import { UnsupportedSnapshot } from '../base/errors.ts';
import { PAGE_BYTES } from '../memory/source.ts';
import { Frames } from '../snapshot/frames.ts';
import { Deflater } from './deflate.ts';
import type { From, Machine } from './from.ts';
import {
  DESCRIPTOR_BYTES,
  type KdumpShape,
  kdumpHeaders,
  kdumpShape,
  pageDescriptor,
} from './kdump-headers.ts';
import { Appender, isZero, type MemoryWriter, type Output } from './writer.ts';

/** Page frames that there is room for: 256 TiB of 4 KiB pages. */
const MAXIMUM_FRAMES = 2 ** 36;
const ZLIB = 1;
const BITMAP_WINDOW = 1 << 16;

/** Bytes of a block: the kernel's page, which crash wants, or 4 KiB where the ranges have no whole pages of it. */
const kdumpBlockBytes = ({ source, pageBytes }: From): number =>
  source.ranges.every(({ start, end }) => start % pageBytes === 0 && end % pageBytes === 0)
    ? pageBytes
    : PAGE_BYTES;

/** @throws UnsupportedSnapshot where its bitmaps have no room for as high addresses */
export function kdumpWriter(from: From & { readonly machine: Machine }, output: Output): MemoryWriter {
  const { ranges } = from.source;
  const blockBytes = kdumpBlockBytes(from);
  const frames = Math.ceil((ranges.at(-1)?.end ?? 0) / blockBytes);
  if (frames > MAXIMUM_FRAMES)
    throw new UnsupportedSnapshot('its memory lies above all addresses that kdump has room for: --to elf');
  const shape = kdumpShape(from, blockBytes, frames);
  const most = ranges.reduce((sum, { start, end }) => sum + (end - start) / blockBytes, 0);
  return new KdumpWriter(from, output, shape, most);
}

class KdumpWriter implements MemoryWriter {
  readonly #from: From & { readonly machine: Machine };
  readonly #output: Output;
  readonly #shape: KdumpShape;
  readonly #deflater: Deflater;
  readonly #descriptors: Appender;
  readonly #pages: Appender;
  readonly #stored = new Frames();
  #zero: Uint8Array | undefined;
  #taken = 0;
  #written = 0;

  constructor(from: From & { readonly machine: Machine }, output: Output, shape: KdumpShape, most: number) {
    this.#from = from;
    this.#output = output;
    this.#shape = shape;
    this.#deflater = new Deflater(shape.blockBytes);
    this.#descriptors = new Appender(output, shape.descriptorsAt);
    this.#pages = new Appender(output, shape.descriptorsAt + most * DESCRIPTOR_BYTES);
  }

  put(at: number, bytes: Uint8Array): void {
    const { blockBytes } = this.#shape;
    // Of a block of several pages that could not be read as a whole nothing is stored.
    const skip = (blockBytes - (at % blockBytes)) % blockBytes;
    let done = skip;
    for (; done + blockBytes <= bytes.length; done += blockBytes) {
      const frame = (at + done) / blockBytes;
      if (!this.#stored.add(frame, frame + 1))
        throw new UnsupportedSnapshot('its memory is in more pieces than this program takes: --to lime');
      this.#descriptors.append(this.#store(bytes.subarray(done, done + blockBytes)));
      this.#written += blockBytes;
    }
    this.#taken += bytes.length;
  }

  dropped(): number {
    return this.#taken - this.#written;
  }

  finish(): number {
    this.#descriptors.flush();
    this.#pages.flush();
    this.#output.write(kdumpHeaders(this.#from, this.#shape, this.#stored.count), 0);
    for (const at of [this.#shape.bitmapsAt, this.#shape.bitmapsAt + this.#shape.bitmapBytes])
      writeBitmap(this.#output, at, this.#shape.bitmapBytes, this.#stored);
    return Math.max(this.#pages.offset, this.#shape.descriptorsAt);
  }

  /** Stores a block. @returns its descriptor: all blocks of zeros have the same */
  #store(block: Uint8Array): Uint8Array {
    const isBlank = isBlankBlock(block);
    if (isBlank && this.#zero !== undefined) return this.#zero;
    const packed = this.#deflater.pack(block);
    const descriptor = pageDescriptor(
      this.#pages.offset,
      packed?.length ?? block.length,
      packed === null ? 0 : ZLIB,
    );
    this.#pages.append(packed ?? block);
    if (isBlank) this.#zero = descriptor;
    return descriptor;
  }
}

function isBlankBlock(block: Uint8Array): boolean {
  for (let at = 0; at < block.length; at += PAGE_BYTES)
    if (!isZero(block.subarray(at, at + PAGE_BYTES))) return false;
  return true;
}

/** Lowest bit of each byte first. Stretches without a frame stay holes. */
function writeBitmap(output: Output, at: number, bytes: number, { starts, ends }: Frames): void {
  const window = new Uint8Array(BITMAP_WINDOW);
  let first = -1;
  const flush = (): void => {
    if (first >= 0) output.write(window.subarray(0, bytes - first), at + first);
    window.fill(0);
  };
  for (const [run, start] of starts.entries())
    for (let frame = start; frame < ends[run]!; ) {
      const byte = Math.floor(frame / 8);
      const base = byte - (byte % BITMAP_WINDOW);
      if (base !== first) {
        flush();
        first = base;
      }
      const isWhole = frame % 8 === 0 && frame + 8 <= ends[run]!;
      if (isWhole) window[byte - base] = 0xff;
      else window[byte - base]! |= 1 << (frame % 8);
      frame += isWhole ? 8 : 1;
    }
  flush();
}
