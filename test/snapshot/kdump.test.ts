import { readFileSync, writeFileSync } from 'node:fs';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { ForensicError, NotInSnapshot } from '../../src/base/errors.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';
import { drawnCpu } from '../support/writers-elf.ts';
import { type KdumpOptions, pageDescriptor, writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const random = new Random(7);
/** Pages 1 to 8 and 32: each half noise, half zeros, so that each is compressed and large. */
const pages = Array.from({ length: 9 }, () => {
  const page = new Uint8Array(4096);
  page.set(random.bytes(2048));
  return page;
});
const memory = drawMemory(
  new Map<number, Uint8Array>([
    [0x1000, Buffer.concat(pages.slice(0, 8))],
    [0x2_0000, pages[8]!],
  ]),
);

/** Where things stand in a small file of 4096-byte blocks: one block each of header, sub header and two bitmaps. */
const SUB = 4096;
const BITMAPS = 2 * 4096;
const DESCRIPTORS = 4 * 4096;

/** Writes a sound file, lets `change` break its bytes, and returns its path. */
function broken(name: string, change: (bytes: Buffer) => void, options: KdumpOptions = {}): string {
  const path = scratch.path(name);
  writeKdump(path, memory, options);
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
  return path;
}

function open(path: string) {
  const { contents, memory: read, file } = openSnapshot(path);
  return { notes: contents.notes, read, file, ranges: read.ranges.map(({ start, end }) => [start, end]) };
}

describe('kdump', () => {
  it('does not hold the pages that the dumper left out, and counts them', () => {
    const path = scratch.path('partial');
    writeKdump(path, memory, { isExcluded: (frame) => frame === 3 || frame === 8, dumpLevel: 31 });
    const { ranges, notes, read } = open(path);
    expect(ranges).toEqual([
      [0x1000, 0x3000],
      [0x4000, 0x8000],
      [0x2_0000, 0x2_1000],
    ]);
    expect(notes).toEqual(['the dumper left out 2 pages of memory (dump level 31)']);
    expect(read.bytes(physical(0x7000), 4096)).toEqual(pages[6]);
    expect(() => read.u8(physical(0x3000))).toThrow(new NotInSnapshot(physical(0x3000)));
  });

  it('reads a file with one bitmap', () => {
    const path = broken('one-bitmap', (bytes) => {
      bytes.writeUInt32LE(1, 436);
      bytes.copyWithin(3 * 4096, DESCRIPTORS, DESCRIPTORS + 9 * 24);
    });
    expect(open(path).read.bytes(physical(0x2_0000), 4096)).toEqual(pages[8]);
  });

  it('says that the dumper could not finish', () => {
    const path = broken('incomplete', (bytes) => bytes.writeUInt32LE(1 | 8, 424));
    expect(open(path).notes).toEqual(['the dumper could not finish: the file says that it is incomplete']);
  });

  it('holds of a file that was cut the pages before the cut', () => {
    const path = scratch.path('cut');
    writeKdump(path, memory);
    const bytes = readFileSync(path);
    const sixth = Number(bytes.readBigUInt64LE(DESCRIPTORS + 5 * 24));
    writeFileSync(path, bytes.subarray(0, sixth + 10));
    const { ranges, notes, read } = open(path);
    expect(ranges).toEqual([[0x1000, 0x6000]]);
    expect(notes).toEqual(['the file is cut or damaged: 4 of 9 stored pages are missing']);
    expect(read.bytes(physical(0x5000), 4096)).toEqual(pages[4]);
  });

  it('holds nothing of a file that was cut in its descriptors', () => {
    const path = scratch.path('cut-descriptors');
    writeKdump(path, memory);
    writeFileSync(path, readFileSync(path).subarray(0, DESCRIPTORS + 24 * 4 + 1));
    const { ranges, notes } = open(path);
    expect(ranges).toEqual([]);
    expect(notes).toEqual(['the file is cut or damaged: 9 of 9 stored pages are missing']);
  });

  it.each<[string, (bytes: Buffer) => void, string]>([
    [
      'garbled',
      (bytes) => bytes.fill(0xa5, placeOf(bytes, 2), placeOf(bytes, 2) + 100),
      'it does not decompress to a page',
    ],
    [
      'too-long',
      (bytes) => replace(bytes, 2, deflateSync(Buffer.alloc(2 ** 22))),
      'it does not decompress to a page',
    ],
    [
      'too-short',
      (bytes) => replace(bytes, 2, deflateSync(Buffer.alloc(4095))),
      'it does not decompress to a page',
    ],
    [
      'lzo',
      (bytes) => bytes.writeUInt32LE(2, DESCRIPTORS + 2 * 24 + 12),
      'its compression 0x2 is not supported',
    ],
  ])('loses one page and no other when its data is %s', (name, change, why) => {
    const path = broken(name, change);
    const { read, file, notes } = open(path);
    expect(notes).toEqual([]);
    expect(() => read.i32(physical(0x3ffc))).toThrow(new NotInSnapshot(physical(0x3000)));
    expect(read.readRun(physical(0x1000), new Uint8Array(0x8000))).toBe(0x2000);
    expect(read.bytes(physical(0x4000), 4096)).toEqual(pages[3]);
    expect(file.troubles).toEqual([`physical page 0x3000 cannot be read: ${why}`]);
  });

  it.each<[string, (bytes: Buffer) => void]>([
    ['oversized', (bytes) => bytes.writeUInt32LE(4097, DESCRIPTORS + 2 * 24 + 8)],
    ['empty', (bytes) => bytes.writeUInt32LE(0, DESCRIPTORS + 2 * 24 + 8)],
    ['outside', (bytes) => bytes.writeUInt32LE(1, DESCRIPTORS + 2 * 24 + 4)],
    ['in-header', (bytes) => bytes.writeUInt32LE(0, DESCRIPTORS + 2 * 24)],
  ])('does not hold a page whose descriptor among the last is %s', (name, change) => {
    const { notes, read } = open(broken(name, change));
    expect(notes).toEqual(['the file is cut or damaged: 1 of 9 stored pages are missing']);
    expect(read.has(physical(0x3000))).toBe(false);
    expect(read.bytes(physical(0x4000), 4096)).toEqual(pages[3]);
  });

  it('finds a descriptor that makes no sense when its page is read, where many follow it', () => {
    const path = scratch.path('many');
    writeKdump(path, drawMemory(new Map([[0, new Random(3).bytes(800 * 4096)]])));
    const bytes = readFileSync(path);
    bytes.writeUInt32LE(0, DESCRIPTORS + 2 * 24 + 8);
    writeFileSync(path, bytes);
    const { notes, read, file } = open(path);
    expect(notes).toEqual([]);
    expect(() => read.u8(physical(0x2000))).toThrow(new NotInSnapshot(physical(0x2000)));
    expect(file.troubles).toEqual(['physical page 0x2000 cannot be read: its descriptor makes no sense']);
  });

  it.each<[string, (bytes: Buffer) => void, string]>([
    ['newer', (bytes) => bytes.writeUInt32LE(7, 8), 'has kdump header version 7, newer than 6'],
    [
      'split beyond its memory',
      (bytes) => bytes.fill(1, SUB + 12, SUB + 13).writeBigUInt64LE(2n ** 40n, SUB + 88),
      'claims the frames 0 to 1099511627776 of ',
    ],
    [
      'lzo',
      (bytes) => bytes.writeUInt32LE(2, 424),
      'is compressed with lzo, which is not supported: only zlib is',
    ],
    [
      'snappy',
      (bytes) => bytes.writeUInt32LE(4, 424),
      'is compressed with snappy, which is not supported: only zlib is',
    ],
    [
      'zstd',
      (bytes) => bytes.writeUInt32LE(0x20, 424),
      'is compressed with zstd, which is not supported: only zlib is',
    ],
    ['odd-block', (bytes) => bytes.writeUInt32LE(4095, 428), 'has a kdump header whose sizes make no sense'],
    ['no-sub-header', (bytes) => bytes.writeUInt32LE(0, 432), 'has a kdump header whose sizes make no sense'],
    ['no-bitmap', (bytes) => bytes.writeUInt32LE(0, 436), 'has a kdump header whose sizes make no sense'],
    [
      'no-frames',
      (bytes) => bytes.fill(0, SUB + 96, SUB + 104).fill(0, 440, 444),
      'claims 0 page frames, with 2 blocks of bitmap',
    ],
    [
      'many-frames',
      (bytes) => bytes.writeBigUInt64LE(2n ** 63n, SUB + 96),
      'claims 9223372036854776000 page frames, with 2 blocks of bitmap',
    ],
    [
      'far-bitmap',
      (bytes) => bytes.writeUInt32LE(65535, 432),
      'is cut in its bitmap: 5 bytes wanted at 268439552, 0 there',
    ],
    [
      'long-bitmap',
      (bytes) => {
        bytes.writeUInt32LE(0xffff_ffff, 436);
        bytes.writeBigUInt64LE(2n ** 36n, SUB + 96);
      },
      'is cut in its bitmap: 65536 bytes wanted at 8796093028352, 0 there',
    ],
  ])('refuses a header that is %s', (name, change, why) => {
    const path = broken(`header-${name}`, change);
    expect(() => openSnapshot(path)).toThrow(`${path} ${why}`);
  });

  it('believes no size of notes', () => {
    const path = broken('long-notes', (bytes) => {
      bytes.writeBigUInt64LE(2n ** 60n, SUB + 40);
      bytes.writeBigUInt64LE(2n ** 60n, SUB + 56);
    });
    expect(open(path).read.bytes(physical(0x1000), 4096)).toEqual(pages[0]);
  });

  it('is in too many pieces when every other page of a large machine is there', () => {
    const path = scratch.path('pieces');
    writeKdump(path, memory);
    const blocks = 2 ** 21 / 8 / 4096 + 1;
    const bytes = Buffer.alloc(BITMAPS + 2 * blocks * 4096, 0x55);
    readFileSync(path).copy(bytes, 0, 0, BITMAPS);
    bytes.writeUInt32LE(2 * blocks, 436);
    bytes.writeBigUInt64LE(2n ** 21n + 2n, SUB + 96);
    writeFileSync(path, bytes);
    expect(() => openSnapshot(path)).toThrow(`${path} holds memory in more than 1048576 pieces`);
  });

  it('ends with an explained error or an answer wherever the file is cut or overwritten', () => {
    const path = scratch.path('whole');
    writeKdump(path, memory, {
      vmcoreinfo: 'OSRELEASE=6.1.0\n',
      cpus: [drawnCpu({ cr3: 1n, cr4: 2n, instruction: 3n })],
    });
    const whole = readFileSync(path);
    const cases = new Random(11);
    const boundaries = [
      8,
      12,
      400,
      424,
      464,
      SUB,
      SUB + 104,
      BITMAPS,
      BITMAPS + 4096,
      DESCRIPTORS,
      DESCRIPTORS + 9 * 24,
    ];
    for (let round = 0; round < 500; round++) {
      const bytes = Buffer.from(whole);
      const at = cases.pick(boundaries) + cases.below(64);
      if (round % 2 === 0) bytes.set(cases.bytes(1 + cases.below(8)), Math.min(at, bytes.length - 8));
      scratch.file('case', round % 2 === 0 ? bytes : bytes.subarray(0, at));
      try {
        const { read, file, ranges } = open(scratch.path('case'));
        for (const [start] of ranges.slice(0, 20)) read.readRun(physical(start!), new Uint8Array(65536));
        file.close();
      } catch (error) {
        if (!(error instanceof ForensicError)) throw error;
      }
    }
  });
});

const placeOf = (bytes: Buffer, page: number): number =>
  Number(bytes.readBigUInt64LE(DESCRIPTORS + page * 24));

/** Puts other data where a page's were, which are longer. */
function replace(bytes: Buffer, page: number, packed: Buffer): void {
  const at = placeOf(bytes, page);
  packed = packed.subarray(0, 2000);
  packed.copy(bytes, at);
  pageDescriptor(at, packed.length, 1).copy(bytes, DESCRIPTORS + page * 24);
}
