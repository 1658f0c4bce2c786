// Headers of kdump-compressed files, checked for sense.
// makedumpfile: diskdump_mod.h; QEMU: dump/dump.c.
import { BadSnapshot, UnsupportedSnapshot } from '../base/errors.ts';
import type { SnapshotBytes } from './file.ts';

/** `KDUMP   `: the first bytes of a kdump-compressed file. */
export const KDUMP_MAGIC = Buffer.from('KDUMP   ', 'latin1');

/** The newest header there is; it has stood since 2013. */
const NEWEST_VERSION = 6;

/** Page frames that are believed: 256 TiB of 4 KiB pages. Its bitmap must be in the file, so memory is no matter. */
const MAXIMUM_FRAMES = 2 ** 36;

/** Page sizes of the architectures that Linux dumps. */
const BLOCK_SIZES: readonly number[] = [4096, 8192, 16384, 32768, 65536];

/** How a page, or in the header's status the file, is compressed (QEMU, include/sysemu/dump.h; makedumpfile, diskdump_mod.h). */
export const COMPRESSION = { none: 0, zlib: 0x1, lzo: 0x2, snappy: 0x4, zstd: 0x20 } as const;

/** In the header's status: the dumper ran out of space or time. */
const INCOMPLETE = 0x8;

/**
 * Where members stand in the headers, in bytes. The words of the dumping kernel's architecture make the two
 * layouts; both structs are packed by QEMU and padded to the same by makedumpfile.
 */
const LAYOUTS = {
  64: {
    timestamp: 408,
    status: 424,
    sub: {
      bytes: 104,
      level: 8,
      split: 12,
      first: 16,
      wideFirst: 80,
      vmcoreinfo: 32,
      note: 48,
      maxFrame: 96,
    },
  },
  32: {
    timestamp: 404,
    status: 412,
    sub: { bytes: 80, level: 4, split: 8, first: 12, wideFirst: 56, vmcoreinfo: 20, note: 32, maxFrame: 72 },
  },
} as const;

const HEADER_BYTES = 464;

/** A piece of the file, in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Page frames from `start` up to and without `end`. */
export interface Share {
  readonly start: number;
  readonly end: number;
}

/** What the headers of a kdump-compressed file say, checked for sense. */
export interface KdumpHeader {
  readonly version: number;
  /** Bytes of a page frame, and of the blocks that the file is laid out in. */
  readonly blockBytes: number;
  /** Page frames that the bitmaps speak of: 0 up to and without this. */
  readonly frames: number;
  /** The frames of which this file has the pages, where it is one of several (makedumpfile(8), --split); null where it has all. */
  readonly share: Share | null;
  /** Offset of the bitmap of the machine's memory, or null where the file has one bitmap only. */
  readonly memoryBitmap: number | null;
  /** Offset of the bitmap of the pages that are stored. */
  readonly storedBitmap: number;
  /** Offset of the first page descriptor. */
  readonly descriptors: number;
  /** What was left out: bit 0 zero pages, bits 1 and 2 page cache, bit 3 user pages, bit 4 free pages (makedumpfile(8), -d). */
  readonly dumpLevel: number;
  readonly isIncomplete: boolean;
  /** The dumped machine as its kernel or the dumper named it, `x86_64`; perhaps empty. */
  readonly machine: string;
  /** The kernel's release, `6.1.0-50-cloud-amd64`; empty in what QEMU writes. */
  readonly release: string;
  /** Seconds since 1970; 0 in what QEMU writes. */
  readonly timestamp: number;
  readonly compression: string;
  readonly vmcoreinfo: Extent | null;
  readonly notes: Extent | null;
}

/** Reads and checks both headers. @throws UnsupportedSnapshot, BadSnapshot, CutSnapshot */
export function readKdumpHeader(file: Pick<SnapshotBytes, 'path' | 'bytes'>): KdumpHeader {
  const header = file.bytes(0, HEADER_BYTES, 'kdump header');
  const version = header.readUInt32LE(8);
  if (version > NEWEST_VERSION) {
    throw new UnsupportedSnapshot(
      `${file.path} has kdump header version ${version}, newer than ${NEWEST_VERSION}`,
    );
  }
  const bits = wordsOf(header);
  if (bits === null) throw new BadSnapshot(`${file.path} has a kdump header whose sizes make no sense`);
  const { status: at, timestamp, sub: where } = LAYOUTS[bits];
  const status = header.readUInt32LE(at);
  const blockBytes = header.readUInt32LE(at + 4);
  const subBlocks = header.readUInt32LE(at + 8);
  const bitmapBlocks = header.readUInt32LE(at + 12);

  // Members past the end of an older, shorter sub header belong to whatever follows it.
  const sub = file.bytes(blockBytes, where.bytes, 'kdump sub header');
  const since = <T>(first: number, value: T, otherwise: T): T => (version >= first ? value : otherwise);
  const wide = since(6, Number(sub.readBigUInt64LE(where.maxFrame)), 0);
  const frames = wide || header.readUInt32LE(at + 16);
  const bitmaps = (1 + subBlocks) * blockBytes;
  const half = bitmapBytes(file, frames, bitmapBlocks, blockBytes);
  const extent = (offset: number): Extent | null => {
    const length = bits === 64 ? Number(sub.readBigUInt64LE(offset + 8)) : sub.readUInt32LE(offset + 8);
    return length === 0 ? null : { offset: Number(sub.readBigUInt64LE(offset)), length };
  };
  return {
    version,
    blockBytes,
    frames,
    share: since(2, sub.readUInt32LE(where.split), 0) === 0 ? null : shareOf(sub, version, bits),
    memoryBitmap: half === null ? null : bitmaps,
    storedBitmap: bitmaps + (half ?? 0),
    descriptors: bitmaps + bitmapBlocks * blockBytes,
    dumpLevel: since(1, sub.readUInt32LE(where.level), 0),
    isIncomplete: (status & INCOMPLETE) !== 0,
    machine: textAt(header, 12 + 4 * 65),
    release: textAt(header, 12 + 2 * 65),
    timestamp: bits === 64 ? Number(header.readBigInt64LE(timestamp)) : header.readInt32LE(timestamp),
    compression: compressionOf(file, status),
    vmcoreinfo: since(3, extent(where.vmcoreinfo), null),
    notes: since(4, extent(where.note), null),
  };
}

/** Since version 6 in 64 bits, before in words of the dumping kernel (makedumpfile, diskdump_mod.h, struct kdump_sub_header). */
function shareOf(sub: Buffer, version: number, bits: 64 | 32): Share {
  const { first, wideFirst } = LAYOUTS[bits].sub;
  const isWide = version >= 6 || bits === 64;
  const at = version >= 6 ? wideFirst : first;
  const word = (nth: number): number =>
    isWide ? Number(sub.readBigUInt64LE(at + 8 * nth)) : sub.readUInt32LE(at + 4 * nth);
  return { start: word(0), end: word(1) };
}

/** The word size whose layout gives sizes that make sense together. QEMU names every x86 machine x86_64, so the name is no help. */
function wordsOf(header: Buffer): 64 | 32 | null {
  for (const bits of [64, 32] as const) {
    const at = LAYOUTS[bits].status;
    const isBlock = BLOCK_SIZES.includes(header.readUInt32LE(at + 4));
    const subBlocks = header.readUInt32LE(at + 8);
    const bitmapBlocks = header.readUInt32LE(at + 12);
    if (isBlock && subBlocks > 0 && subBlocks < 65536 && bitmapBlocks > 0) return bits;
  }
  return null;
}

/** Bytes of one of two bitmaps, or null where the blocks have room for one only (diskdump before partial dumps). */
function bitmapBytes(
  file: Pick<SnapshotBytes, 'path'>,
  frames: number,
  blocks: number,
  blockBytes: number,
): number | null {
  const needed = Math.ceil(frames / 8 / blockBytes);
  if (frames === 0 || frames > MAXIMUM_FRAMES || needed > blocks) {
    throw new BadSnapshot(`${file.path} claims ${frames} page frames, with ${blocks} blocks of bitmap`);
  }
  return blocks >= 2 * needed ? (blocks / 2) * blockBytes : null;
}

/** @throws UnsupportedSnapshot */
function compressionOf(file: Pick<SnapshotBytes, 'path'>, status: number): string {
  for (const name of ['lzo', 'snappy', 'zstd'] as const) {
    if ((status & COMPRESSION[name]) === 0) continue;
    throw new UnsupportedSnapshot(
      `${file.path} is compressed with ${name}, which is not supported: only zlib is`,
    );
  }
  return (status & COMPRESSION.zlib) === 0 ? 'none' : 'zlib';
}

const textAt = (header: Buffer, at: number): string =>
  header.toString('latin1', at, at + 65).replace(/\0.*$/s, '');
