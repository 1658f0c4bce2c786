import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { Random } from '../support/random.ts';
import { limeHeader } from '../support/writers.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const noise = (length: number, seed = 1) => Buffer.from(new Random(seed).bytes(length));

function open(name: string, ...parts: Uint8Array[]) {
  const path = scratch.file(name, Buffer.concat(parts));
  const { contents, memory } = openSnapshot(path);
  return { path, notes: contents.notes, memory, ranges: memory.ranges.map(({ start, end }) => [start, end]) };
}

describe('LiME', () => {
  it('gives whole pages only of ranges that begin and end within one', () => {
    const first = noise(0x9_fc00 - 0x1000);
    const { ranges, notes, memory } = open(
      'unaligned',
      limeHeader(0x1000, 0x9_fbff),
      first,
      limeHeader(0x10_0800, 0x10_27ff),
      noise(0x2000, 2),
    );
    expect(ranges).toEqual([
      [0x1000, 0x9_f000],
      [0x10_1000, 0x10_2000],
    ]);
    expect(notes).toEqual([]);
    expect(memory.bytes(physical(0x10_1000), 0x1000)).toEqual(
      new Uint8Array(noise(0x2000, 2).subarray(0x800, 0x1800)),
    );
  });

  it('gives the page that two ranges hold together', () => {
    const bytes = noise(0x3000);
    const { ranges, memory } = open(
      'touching',
      limeHeader(0x1800, 0x2fff),
      bytes.subarray(0x1800),
      limeHeader(0, 0x17ff),
      bytes.subarray(0, 0x1800),
    );
    expect(ranges).toEqual([[0, 0x3000]]);
    expect(memory.bytes(physical(0), 0x3000)).toEqual(new Uint8Array(bytes));
  });

  it('says from where on memory is missing when the last range is cut', () => {
    const { ranges, notes } = open(
      'cut',
      limeHeader(0, 0xfff),
      noise(0x1000),
      limeHeader(0x10_0000, 0x10_ffff),
      noise(0x2345),
    );
    expect(ranges).toEqual([
      [0, 0x1000],
      [0x10_0000, 0x10_2000],
    ]);
    expect(notes).toEqual(['the file is cut: 56507 bytes of memory are missing, from 0x102345 on']);
  });

  it('keeps what comes before a header that is cut', () => {
    const { ranges, notes } = open(
      'cut-header',
      limeHeader(0, 0xfff),
      noise(0x1000),
      limeHeader(0x10_0000, 0x10_ffff).subarray(0, 31),
    );
    expect(ranges).toEqual([[0, 0x1000]]);
    expect(notes).toEqual([
      'the last 31 bytes of the file are left out: a header of 32 bytes is cut after 31',
    ]);
  });

  it('keeps what comes before bytes that are no header', () => {
    const { notes } = open('garbage', limeHeader(0, 0xfff), noise(0x1000), Buffer.alloc(32, 0x11));
    expect(notes).toEqual([
      'the last 32 bytes of the file are left out: 0x11111111 is not the magic of a header',
    ]);
  });

  it.each([
    ['backwards', limeHeader(0x2000, 0xfff), 'a range ends at 0xfff before it begins at 0x2000'],
    ['far', limeHeader(0, 2 ** 52), '0x10000000000000 is no physical address'],
    ['short', limeHeader(0, 0xfff).subarray(0, 20), 'a header of 32 bytes is cut after 20'],
    ['newer', limeHeader(0, 0xfff, 2), 'version 2 of a header is not supported, only 1'],
  ])('refuses a first header that is %s', (name, header, why) => {
    const path = scratch.file(name, header);
    expect(() => openSnapshot(path)).toThrow(`${path} is no sound LiME file: ${why}`);
  });

  it('uses the range that begins first where two contradict each other, and says so', () => {
    const { memory, notes } = open(
      'twice',
      limeHeader(0x1000, 0x2fff),
      noise(0x2000, 5),
      limeHeader(0, 0x1fff),
      noise(0x2000, 6),
    );
    expect(memory.bytes(physical(0x1000), 0x1000)).toEqual(new Uint8Array(noise(0x2000, 6).subarray(0x1000)));
    expect(memory.bytes(physical(0x2000), 0x1000)).toEqual(new Uint8Array(noise(0x2000, 5).subarray(0x1000)));
    expect(notes).toEqual([
      'a segment contradicts another that holds the same memory, at 0x1000: the one that begins first is used',
    ]);
  });
});
