// The headers of a kdump-compressed file, and where its parts stand.
// makedumpfile, diskdump_mod.h: struct disk_dump_header, struct kdump_sub_header, of the dumping kernel's word size.
import type { From, Machine } from './from.ts';
import { cpusIn, withVmcoreinfo } from './notes.ts';

export const DESCRIPTOR_BYTES = 24;
const VERSION = 6;
const ZLIB = 1;
const UTSNAME_BYTES = 65;
/** As `uname -m` says. */
const MACHINES: Readonly<Record<Machine, string>> = { 'x86-64': 'x86_64', i386: 'i686', aarch64: 'aarch64' };

const LAYOUTS = {
  64: { timestamp: 408, status: 424, sub: 104 },
  32: { timestamp: 404, status: 412, sub: 80 },
} as const;
const HEADER_BYTES = 464;

/** Where the parts of the file stand. */
export interface KdumpShape {
  readonly blockBytes: number;
  readonly frames: number;
  readonly notes: Uint8Array;
  readonly text: Uint8Array;
  readonly subBlocks: number;
  readonly bitmapsAt: number;
  /** Of one bitmap of two. */
  readonly bitmapBytes: number;
  readonly descriptorsAt: number;
}

type Source = From & { readonly machine: Machine };
const bitsOf = ({ machine }: Source): 32 | 64 => (machine === 'i386' ? 32 : 64);

export function kdumpShape(from: Source, blockBytes: number, frames: number): KdumpShape {
  const notes = withVmcoreinfo(from.notes, from.vmcoreinfo);
  const text = Buffer.from(from.vmcoreinfo ?? '', 'latin1');
  const subBlocks = Math.ceil((LAYOUTS[bitsOf(from)].sub + notes.length + text.length) / blockBytes);
  const bitmapBytes = Math.max(1, Math.ceil(frames / 8 / blockBytes)) * blockBytes;
  const bitmapsAt = (1 + subBlocks) * blockBytes;
  return {
    ...{ blockBytes, frames, notes, text, subBlocks, bitmapsAt, bitmapBytes },
    descriptorsAt: bitmapsAt + 2 * bitmapBytes,
  };
}

/** Both headers with what stands behind the second. @param stored how many pages the file has */
export function kdumpHeaders(from: Source, shape: KdumpShape, stored: number): Uint8Array {
  const { blockBytes, notes, text, subBlocks } = shape;
  const bytes = Buffer.alloc((1 + subBlocks) * blockBytes);
  const bits = bitsOf(from);
  mainHeader(bytes.subarray(0, HEADER_BYTES), from, shape, stored);
  const notesAt = blockBytes + LAYOUTS[bits].sub;
  subHeader(bytes.subarray(blockBytes), from, shape, notesAt);
  bytes.set(notes, notesAt);
  bytes.set(text, notesAt + notes.length);
  return bytes;
}

function mainHeader(
  header: Buffer,
  from: Source,
  { blockBytes, frames, subBlocks, bitmapBytes }: KdumpShape,
  stored: number,
): void {
  const { timestamp, status } = LAYOUTS[bitsOf(from)];
  const release = /^OSRELEASE=(\S+)$/m.exec(from.vmcoreinfo ?? '')?.[1] ?? '';
  header.write('KDUMP   ', 'latin1');
  header.writeUInt32LE(VERSION, 8);
  for (const [nth, name] of ['Linux', from.hostname ?? '', release, '', MACHINES[from.machine]].entries())
    header.write(name.slice(0, UTSNAME_BYTES - 1), 12 + nth * UTSNAME_BYTES, 'latin1');
  const seconds = from.takenAt === null ? 0 : Math.floor(from.takenAt.getTime() / 1000);
  if (bitsOf(from) === 64) header.writeBigInt64LE(BigInt(seconds), timestamp);
  else header.writeInt32LE(seconds | 0, timestamp);
  const most = 2 ** 32 - 1;
  const words = [
    ...[ZLIB, blockBytes, subBlocks, (2 * bitmapBytes) / blockBytes, Math.min(most, frames)],
    ...[Math.min(most, stored), 0, Math.min(most, stored), 0, Math.max(1, cpusIn(from.notes))],
  ];
  for (const [nth, word] of words.entries()) header.writeUInt32LE(word, status + 4 * nth);
}

function subHeader(sub: Buffer, from: Source, { frames, notes, text }: KdumpShape, notesAt: number): void {
  const physBase = BigInt(/^NUMBER\(phys_base\)=(-?\d{1,19})$/m.exec(from.vmcoreinfo ?? '')?.[1] ?? 0);
  const textAt = text.length === 0 ? 0 : notesAt + notes.length;
  const extent = (at: number, length: number): readonly [number, number] =>
    length === 0 ? [0, 0] : [at, length];
  const [vmcoreinfo, note] = [extent(textAt, text.length), extent(notesAt, notes.length)];
  if (bitsOf(from) === 64) {
    sub.writeBigInt64LE(BigInt.asIntN(64, physBase), 0);
    for (const [nth, word] of [...vmcoreinfo, ...note].entries())
      sub.writeBigUInt64LE(BigInt(word), 32 + 8 * nth);
    sub.writeBigUInt64LE(BigInt(frames), 96);
    return;
  }
  sub.writeInt32LE(Number(BigInt.asIntN(32, physBase)), 0);
  sub.writeBigUInt64LE(BigInt(vmcoreinfo[0]), 20);
  sub.writeUInt32LE(vmcoreinfo[1], 28);
  sub.writeBigUInt64LE(BigInt(note[0]), 32);
  sub.writeUInt32LE(note[1], 40);
  sub.writeBigUInt64LE(BigInt(frames), 72);
}

/** One page descriptor: where its bytes stand, how many, how packed; no page flags. */
export function pageDescriptor(offset: number, size: number, flags: number): Uint8Array {
  const descriptor = Buffer.alloc(DESCRIPTOR_BYTES);
  descriptor.writeBigUInt64LE(BigInt(offset), 0);
  descriptor.writeUInt32LE(size, 8);
  descriptor.writeUInt32LE(flags, 12);
  return descriptor;
}
