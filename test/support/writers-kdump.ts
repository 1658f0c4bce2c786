import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import type { CpuState } from '../../src/snapshot/format.ts';
import { isZero, type Memory, windowsOf } from './writers.ts';
import { encodeNotes, notesOf } from './writers-elf.ts';
import { Appender, FileOutput, FlattenedOutput, type Output } from './writers-output.ts';

/** How a kdump-compressed file is written. */
export interface KdumpOptions {
  readonly cpus?: readonly CpuState[];
  readonly vmcoreinfo?: string | null;
  readonly takenAt?: Date | null;
  /** The kernel's release in the header. */
  readonly release?: string;
  /** zlib's level, 1 (QEMU's) to 9; 0 stores pages as they are. */
  readonly level?: number;
  /** What packs a page as zlib does, where something packs it better than zlib's own level 9. */
  readonly deflate?: (block: Uint8Array) => Uint8Array;
  /** Frames that are left out. */
  readonly isExcluded?: (frame: number) => boolean;
  /** What the header says was left out (makedumpfile(8), -d). */
  readonly dumpLevel?: number;
  /** Stores pages of the same content once: smaller, and sound to every reader. */
  readonly sharesEqual?: boolean;
  readonly isFlattened?: boolean;
  /** The frames of which the pages are written, `end` not among them, as `makedumpfile --split` does for each of its files. */
  readonly share?: { readonly start: number; readonly end: number };
  readonly bits?: 32 | 64;
  /** Bytes of a page frame. Where it is more than 4096, what memory lacks of a frame is written as zeros. */
  readonly blockBytes?: number;
}

/** Bytes of a page descriptor. */
const DESCRIPTOR_BYTES = 24;

/** Writes a kdump-compressed file, header version 6. Pages of zeros share one descriptor's bytes, as QEMU and makedumpfile do it. */
export function writeKdump(path: string, memory: Memory, options: KdumpOptions = {}): void {
  const { blockBytes = 4096, dumpLevel = 1, bits = 64 } = options;
  const frames = Math.ceil((memory.ranges.at(-1)?.end ?? 0) / blockBytes);
  const inMemory = new Bitmap(frames, blockBytes);
  const stored = new Bitmap(frames, blockBytes);
  for (const range of memory.ranges) {
    for (let frame = Math.floor(range.start / blockBytes); frame * blockBytes < range.end; frame++) {
      inMemory.set(frame);
      if (options.isExcluded?.(frame) !== true) stored.set(frame);
    }
  }

  const output = options.isFlattened === true ? new FlattenedOutput(path) : new FileOutput(path);
  const notes = encodeNotes(notesOf({ cpus: options.cpus ?? [], vmcoreinfo: null }));
  const text = Buffer.from(options.vmcoreinfo ?? '', 'latin1');
  const subBytes = bits === 64 ? 104 : 80;
  const subBlocks = Math.ceil((subBytes + notes.length + text.length) / blockBytes);
  const bitmapsAt = (1 + subBlocks) * blockBytes;
  const descriptorsAt = bitmapsAt + 2 * stored.bytes.length;
  const header = mainHeader(options, {
    bits,
    blockBytes,
    subBlocks,
    frames,
    bitmapBytes: stored.bytes.length,
  });
  output.writeAt(0, header);
  const notesAt = blockBytes + subBytes;
  const physBase = BigInt(/^NUMBER\(phys_base\)=(-?\d+)$/m.exec(options.vmcoreinfo ?? '')?.[1] ?? 0);
  const sub = subHeader(bits, {
    share: options.share,
    dumpLevel,
    frames,
    notesAt,
    notes: notes.length,
    text: text.length,
    physBase,
  });
  output.writeAt(blockBytes, Buffer.concat([sub, notes, text]));
  inMemory.writeTo(output, bitmapsAt);
  stored.writeTo(output, bitmapsAt + stored.bytes.length);
  writePages(output, memory, stored, { ...options, blockBytes, descriptorsAt });
}

/** Descriptors in one stream, pages in another behind it. */
function writePages(
  output: Output,
  memory: Memory,
  stored: Bitmap,
  options: KdumpOptions & { readonly blockBytes: number; readonly descriptorsAt: number },
): void {
  const { blockBytes, descriptorsAt, level = 1, sharesEqual = false } = options;
  const deflate = options.deflate ?? ((block: Uint8Array) => deflateSync(block, { level }));
  const { share = { start: 0, end: Number.POSITIVE_INFINITY } } = options;
  const isOwn = (frame: number): boolean => stored.has(frame) && frame >= share.start && frame < share.end;
  let count = 0;
  for (const [frame] of blocksOf(memory, blockBytes)) if (isOwn(frame)) count++;
  const descriptors = new Appender(output, descriptorsAt);
  const pages = new Appender(output, descriptorsAt + count * DESCRIPTOR_BYTES);
  const shared = new Map<string, Buffer>();
  for (const [frame, block] of blocksOf(memory, blockBytes)) {
    if (!isOwn(frame)) continue;
    const key = isZero(block)
      ? 'zeros'
      : sharesEqual
        ? createHash('sha1').update(block).digest('base64')
        : null;
    let descriptor = key === null ? undefined : shared.get(key);
    if (descriptor === undefined) {
      const packed = level === 0 ? block : deflate(block);
      const isPacked = packed.length < blockBytes;
      descriptor = pageDescriptor(pages.offset, isPacked ? packed.length : blockBytes, isPacked ? 1 : 0);
      pages.append(isPacked ? packed : block);
      if (key !== null) shared.set(key, descriptor);
    }
    descriptors.append(descriptor);
  }
  descriptors.flush();
  pages.flush();
  output.close(pages.offset);
}

/** One page descriptor: where its bytes stand, how many, how compressed. */
export function pageDescriptor(offset: number, size: number, flags: number): Buffer {
  const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
  descriptor.writeBigUInt64LE(BigInt(offset), 0);
  descriptor.writeUInt32LE(size, 8);
  descriptor.writeUInt32LE(flags, 12);
  return descriptor;
}

/** All frames of memory in order, each padded with zeros to a whole block. The bytes are reused. */
function* blocksOf(memory: Memory, blockBytes: number): Generator<[frame: number, block: Uint8Array]> {
  const block = new Uint8Array(blockBytes);
  let current = -1;
  for (const range of memory.ranges) {
    for (const [start, bytes] of windowsOf(memory, range)) {
      for (let done = 0; done < bytes.length; ) {
        const frame = Math.floor((start + done) / blockBytes);
        if (frame !== current) {
          if (current >= 0) yield [current, block];
          block.fill(0);
          current = frame;
        }
        const within = start + done - frame * blockBytes;
        const piece = bytes.subarray(done, done + blockBytes - within);
        block.set(piece, within);
        done += piece.length;
      }
    }
  }
  if (current >= 0) yield [current, block];
}

interface Sizes {
  readonly bits: 32 | 64;
  readonly blockBytes: number;
  readonly subBlocks: number;
  readonly frames: number;
  readonly bitmapBytes: number;
}

function mainHeader({ release = '', takenAt, level = 1, cpus = [] }: KdumpOptions, sizes: Sizes): Buffer {
  const { bits, blockBytes, subBlocks, frames, bitmapBytes } = sizes;
  const header = Buffer.alloc(464);
  header.write('KDUMP   ', 'latin1');
  header.writeUInt32LE(6, 8);
  header.write(release, 12 + 2 * 65, 'latin1');
  header.write('x86_64', 12 + 4 * 65, 'latin1');
  const seconds = Math.floor((takenAt?.getTime() ?? 0) / 1000);
  header.writeUInt32LE(seconds, bits === 64 ? 408 : 404);
  const words = [
    level === 0 ? 0 : 1,
    blockBytes,
    subBlocks,
    (2 * bitmapBytes) / blockBytes,
    frames % 2 ** 32,
  ];
  words.forEach((word, index) => {
    header.writeUInt32LE(word, (bits === 64 ? 424 : 412) + index * 4);
  });
  header.writeUInt32LE(cpus.length, bits === 64 ? 460 : 448);
  return header;
}

interface SubSizes {
  readonly share: KdumpOptions['share'];
  readonly dumpLevel: number;
  readonly frames: number;
  readonly notesAt: number;
  readonly notes: number;
  readonly text: number;
  /** Where the kernel's image stands: makedumpfile and crash find nothing without it. */
  readonly physBase: bigint;
}

function subHeader(
  bits: 32 | 64,
  { share, dumpLevel, frames, notesAt, notes, text, physBase }: SubSizes,
): Buffer {
  const at =
    bits === 64
      ? { bytes: 104, level: 8, first: 80, vmcoreinfo: 32, note: 48, frames: 96 }
      : { bytes: 80, level: 4, first: 56, vmcoreinfo: 20, note: 32, frames: 72 };
  const header = Buffer.alloc(at.bytes);
  if (bits === 64) header.writeBigInt64LE(physBase, 0);
  else header.writeInt32LE(Number(BigInt.asIntN(32, physBase)), 0);
  header.writeUInt32LE(dumpLevel, at.level);
  if (share !== undefined) {
    header.writeUInt32LE(1, at.level + 4);
    header.writeBigUInt64LE(BigInt(share.start), at.first);
    header.writeBigUInt64LE(BigInt(share.end), at.first + 8);
  }
  header.writeBigUInt64LE(BigInt(text === 0 ? 0 : notesAt + notes), at.vmcoreinfo);
  header.writeUInt32LE(text, at.vmcoreinfo + 8);
  header.writeBigUInt64LE(BigInt(notesAt), at.note);
  header.writeUInt32LE(notes, at.note + 8);
  header.writeBigUInt64LE(BigInt(frames), at.frames);
  return header;
}

/** A bit for each frame, in whole blocks. */
class Bitmap {
  readonly bytes: Buffer;
  count = 0;
  readonly #blockBytes: number;

  constructor(frames: number, blockBytes: number) {
    this.bytes = Buffer.alloc(Math.ceil(frames / 8 / blockBytes) * blockBytes);
    this.#blockBytes = blockBytes;
  }

  set(frame: number): void {
    if (this.has(frame)) return;
    this.bytes[frame >>> 3]! |= 1 << (frame & 7);
    this.count++;
  }

  has(frame: number): boolean {
    return ((this.bytes[frame >>> 3]! >> (frame & 7)) & 1) === 1;
  }

  /** Blocks of zeros are left as holes. */
  writeTo(output: Output, offset: number): void {
    for (let at = 0; at < this.bytes.length; at += this.#blockBytes) {
      const block = this.bytes.subarray(at, at + this.#blockBytes);
      if (!isZero(block)) output.writeAt(offset + at, block);
    }
  }
}
