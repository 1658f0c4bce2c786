import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { NotInSnapshot } from '../../src/base/errors.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { bytesIn, type PhysicalSource, rangeIndexOf } from '../../src/memory/source.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';

/** The cache holds 1024 chunks of 64 KiB: addresses this far apart want the same place. */
const SAME_SLOT = 1024 * 65536;

const noise = (pages: number, seed: number) => new Random(seed).bytes(pages * 4096);

/** Counts reads, and fails at some pages as a bad sector does. */
function watched(source: PhysicalSource, costlyPages = false, bad: readonly number[] = []) {
  const reads: [at: number, length: number][] = [];
  const memory = new PhysicalMemory({
    ...source,
    costlyPages,
    read(at, into) {
      reads.push([at, into.length]);
      const firstBad = bad.find((page) => page >= at && page < at + into.length);
      return source.read(at, firstBad === undefined ? into : into.subarray(0, firstBad - at));
    },
  });
  return { memory, reads };
}

describe('physical memory', () => {
  it('reads bytes and words of either end of a page', () => {
    const bytes = noise(2, 1);
    const view = new DataView(bytes.buffer);
    const memory = new PhysicalMemory(drawMemory(new Map([[0x1000, bytes]])));
    for (const at of [0, 8, 4088, 4096, 8184]) {
      const address = physical(0x1000 + at);
      expect(memory.u8(address)).toBe(bytes[at]);
      expect(memory.i32(address)).toBe(view.getInt32(at, true));
      expect(memory.u64(address)).toBe(view.getBigUint64(at, true));
    }
    expect(memory.restOfPage(physical(0x1ff0))).toEqual(bytes.slice(0xff0, 0x1000));
  });

  it.each([2 ** 32 - 4096, 2 ** 32, 2 ** 33 + 0x5000, 2 ** 40, 2 ** 51])('reads at %d', (start) => {
    const bytes = noise(3, 2);
    const memory = new PhysicalMemory(drawMemory(new Map([[start, bytes]])));
    expect(memory.u8(physical(start + 4097))).toBe(bytes[4097]);
    expect(memory.bytes(physical(start + 4090), 12)).toEqual(bytes.slice(4090, 4102));
    expect(memory.end).toBe(start + 3 * 4096);
    expect(memory.has(physical(start - 1))).toBe(false);
    expect(memory.has(physical(start))).toBe(true);
  });

  it('keeps chunks that want the same place in the cache apart', () => {
    const pieces = new Map([0, 1, 2, 17].map((turn) => [turn * SAME_SLOT + 0x3000, noise(1, turn + 1)]));
    const memory = new PhysicalMemory(drawMemory(pieces));
    for (let round = 0; round < 3; round++) {
      for (const [start, bytes] of pieces) expect(memory.u8(physical(start + 5))).toBe(bytes[5]);
    }
    expect(() => memory.u8(physical(3 * SAME_SLOT + 0x3000))).toThrow(NotInSnapshot);
    expect(memory.u8(physical(0x3005))).toBe(pieces.get(0x3000)![5]);
  });

  it('knows each page of a chunk by itself', () => {
    const memory = new PhysicalMemory(
      drawMemory(
        new Map([
          [0x1000, noise(1, 1)],
          [0x3000, noise(2, 2)],
        ]),
      ),
    );
    for (const page of [0, 2, 5, 15]) {
      expect(() => memory.u8(physical(page * 4096 + 7))).toThrow(
        `physical page 0x${(page * 4096).toString(16)} is not in the snapshot`,
      );
    }
    expect(memory.u8(physical(0x1000))).toBe(noise(1, 1)[0]);
    expect(memory.u8(physical(0x4fff))).toBe(noise(2, 2)[0x1fff]);
  });

  it('loads a chunk in one read, and single pages where they are costly', () => {
    const source = drawMemory(new Map([[0, noise(32, 1)]]));
    const cheap = watched(source);
    for (let page = 0; page < 16; page++) cheap.memory.u8(physical(page * 4096));
    expect(cheap.reads).toEqual([[0, 65536]]);
    const costly = watched(source, true);
    for (const page of [3, 9, 3]) costly.memory.u8(physical(page * 4096));
    expect(costly.reads).toEqual([
      [3 * 4096, 4096],
      [9 * 4096, 4096],
    ]);
  });

  it('loses a page that cannot be read and none of its neighbours', () => {
    const bytes = noise(16, 1);
    const { memory } = watched(drawMemory(new Map([[0, bytes]])), false, [0x4000]);
    expect(memory.u8(physical(0x5001))).toBe(bytes[0x5001]);
    expect(memory.u8(physical(0x3001))).toBe(bytes[0x3001]);
    expect(() => memory.u8(physical(0x4001))).toThrow('physical page 0x4000 is not in the snapshot');
    expect(memory.readRun(physical(0), new Uint8Array(0x10000))).toBe(0x4000);
    expect(memory.readRun(physical(0x4000), new Uint8Array(0x1000))).toBe(0);
    expect(() => memory.bytes(physical(0x3ff0), 32)).toThrow('physical page 0x4000 is not in the snapshot');
  });

  it('copies across ranges that touch, and stops where memory is missing', () => {
    const source = drawMemory(new Map([[0x1000, noise(4, 1)]]));
    const memory = new PhysicalMemory({
      ...source,
      ranges: [
        { start: physical(0x1000), end: physical(0x3000) },
        { start: physical(0x3000), end: physical(0x5000) },
      ],
    });
    expect(memory.bytes(physical(0x2ffe), 4)).toEqual(noise(4, 1).slice(0x1ffe, 0x2002));
    expect(() => memory.bytes(physical(0x4ffe), 4)).toThrow('physical page 0x5000 is not in the snapshot');
    expect(memory.readRun(physical(0x9000), new Uint8Array(4096))).toBe(0);
  });

  it.each([-1, -4096, Number.NaN, 2 ** 53])('has nothing at %d', (at) => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, noise(1, 1)]])));
    expect(memory.has(physical(at))).toBe(false);
    expect(() => memory.u8(physical(at))).toThrow(NotInSnapshot);
  });

  it('has neither memory nor an end where there are no ranges', () => {
    const memory = new PhysicalMemory(drawMemory(new Map()));
    expect(memory.end).toBe(0);
    expect(memory.has(physical(0))).toBe(false);
  });
});

describe('ranges', () => {
  const ranges = [
    { start: physical(0x1000), end: physical(0x3000) },
    { start: physical(0x8000), end: physical(0x9000) },
    { start: physical(2 ** 40), end: physical(2 ** 40 + 0x1000) },
  ];

  it('are found by any address in them', () => {
    const found = [0, 0x1000, 0x2fff, 0x3000, 0x8abc, 0x9000, 2 ** 40 + 5, 2 ** 41].map((at) =>
      rangeIndexOf(ranges, at),
    );
    expect(found).toEqual([-1, 0, 0, -1, 1, -1, 2, -1]);
  });

  it('add up', () => {
    expect(bytesIn(ranges)).toBe(0x4000);
  });
});
