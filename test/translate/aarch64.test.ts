import { describe, expect, it } from 'vitest';
import { highWord, lowWord, physical } from '../../src/base/address.ts';
import { NotCanonical, NotInSnapshot, NotPresent, Swapped } from '../../src/base/errors.ts';
import type { PhysicalMemory } from '../../src/memory/physical.ts';
import { AArch64Paging, type AArch64Shape } from '../../src/translate/aarch64.ts';
import type { Paging } from '../../src/translate/paging.ts';
import { Random } from '../support/random.ts';
import { SparseTables, type TableBook, thrownBy } from '../support/tables.ts';

const PAGE = 0b11n;
const BLOCK = 0b01n;
/** What Linux gives a user's page: AttrIndx, AP[1], SH, AF, nG, PXN. */
const USER = (1n << 53n) | (1n << 11n) | (1n << 10n) | (1n << 6n);
const KERNEL = 0xffff_ffff_ffff_ffffn;

/** Linux's widths for each granule (arch/arm64/Kconfig); 52 with 4 and 16 KiB goes with LPA2 only. */
const SHAPES: readonly (readonly [granuleBytes: 4096 | 16384 | 65536, bits: number, wide: boolean])[] = [
  [4096, 39, false],
  [4096, 48, false],
  [4096, 48, true],
  [4096, 52, true],
  [16384, 36, false],
  [16384, 47, false],
  [16384, 48, false],
  [16384, 52, true],
  [65536, 42, false],
  [65536, 48, false],
  [65536, 48, true],
  [65536, 52, true],
];

const shapeOf = (granuleBytes: 4096 | 16384 | 65536, bits: number, wideOutput: boolean): AArch64Shape => ({
  granuleBytes,
  kernelBits: bits,
  userBits: bits,
  wideOutput,
});

/** Arm ARM DDI 0487, D8.3.1: where a descriptor keeps an address of more than 48 bits. */
function output({ granuleBytes, wideOutput }: AArch64Shape, to: number): bigint {
  const address = BigInt(to);
  if (!wideOutput) return address;
  return granuleBytes === 65536
    ? (address & 0xffff_ffff_ffffn) | ((address >> 48n) << 12n)
    : (address & 0x3_ffff_ffff_ffffn) | ((address >> 50n) << 8n);
}

function bookOf(shape: AArch64Shape, bits = shape.userBits): TableBook {
  const pageShift = Math.log2(shape.granuleBytes);
  const stride = pageShift - 3;
  const levels = Math.ceil((bits - pageShift) / stride);
  const shift = (level: number) => pageShift + (level - 1) * stride;
  return {
    entryBytes: 8,
    levels,
    shift,
    entries: (level) => 2 ** Math.min(stride, bits - shift(level)),
    link: (to) => output(shape, to) | 0b11n,
  };
}

/** The largest level that a block may be at: D8.3.1, table D8-15 and its like. */
const topBlock = ({ granuleBytes, wideOutput }: AArch64Shape): number =>
  (granuleBytes === 4096 ? 3 : 2) + (wideOutput ? 1 : 0);

class Drawing {
  readonly shape: AArch64Shape;
  readonly book: TableBook;
  readonly tables: SparseTables;
  readonly user: number;
  readonly kernel: number;

  constructor(shape: AArch64Shape = shapeOf(4096, 48, false), start?: number) {
    this.shape = shape;
    this.book = bookOf(shape);
    this.tables = new SparseTables(start);
    this.user = this.tables.take(4096 * 16);
    this.kernel = this.tables.take(4096 * 16);
  }

  paging(more: Partial<AArch64Shape> = {}): AArch64Paging {
    return new AArch64Paging(physical(this.kernel), { ...this.shape, ...more }, physical(this.user));
  }

  entry(address: bigint, level = 1): number {
    const root = (address >> 55n) & 1n ? this.kernel : this.user;
    return this.tables.entry(this.book, root, address, level);
  }

  map(address: bigint, to: number, level = 1, flags = USER): void {
    this.put(address, output(this.shape, to) | flags | (level === 1 ? PAGE : BLOCK), level);
  }

  put(address: bigint, entry: bigint, level = 1): void {
    this.tables.put(this.entry(address, level), 8, entry);
  }
}

const walk = (paging: Paging, memory: PhysicalMemory, address: bigint): number =>
  paging.walk(memory, highWord(address), lowWord(address));
const probe = (paging: Paging, memory: PhysicalMemory, address: bigint): number =>
  paging.probe(memory, highWord(address), lowWord(address));

interface Drawn {
  readonly address: bigint;
  readonly to: number;
  readonly bytes: number;
  readonly level: number;
}

/** Pages and blocks at random places of both halves, none where another is. */
function drawRandomly(random: Random, drawing: Drawing): Drawn[] {
  const { shape, book } = drawing;
  const drawn: Drawn[] = [];
  const bits = BigInt(shape.userBits);
  const near = BigInt(random.below(2 ** 30)) << 22n;
  for (let i = 0; i < 60; i++) {
    const level = random.pick([1, 1, 1, ...Array.from({ length: topBlock(shape) }, (_, n) => n + 1)]);
    if (level > book.levels) continue;
    const spot = (BigInt(random.below(2 ** 26)) << 26n) | BigInt(random.below(2 ** 26));
    const place = BigInt.asUintN(
      Number(bits),
      (random.below(2) === 0 ? near ^ (spot >> 20n) : spot << 4n) << 4n,
    );
    const size = 1n << BigInt(book.shift(level));
    const half = random.below(3) === 0 ? (KERNEL << bits) & KERNEL : 0n;
    const address = (half | place) & ~(size - 1n) & KERNEL;
    const frames = 2n ** (shape.wideOutput ? 52n : 48n) / size;
    const to = Number(
      (((BigInt(random.below(2 ** 30)) << 22n) | BigInt(random.below(2 ** 22))) % frames) * size,
    );
    try {
      if (drawing.tables.get(drawing.entry(address, level), 8) !== 0n) continue;
    } catch {
      continue; // a block is in the way
    }
    drawing.map(address, to, level);
    drawn.push({ address, to, bytes: Number(size), level });
  }
  return drawn;
}

const somewhere = (random: Random, bytes: number): number =>
  Math.floor(((random.below(2 ** 30) / 2 ** 30) * bytes) / 4096) * 4096;

describe.each(SHAPES)('AArch64 with pages of %i bytes, %i bits, wide output %s', (granule, bits, wide) => {
  const shape = shapeOf(granule, bits, wide);
  // Tables themselves are where only wide addresses lead, where there are such.
  const start = wide ? 2 ** 51 + 2 ** 48 : 2 ** 40;

  it('walks to what was drawn, and steps and findFrames agree', () => {
    const random = new Random(granule + bits);
    let count = 0;
    for (let round = 0; round < 4; round++) {
      const drawing = new Drawing(shape, start);
      const drawn = drawRandomly(random, drawing);
      const memory = drawing.tables.memory();
      const paging = drawing.paging();
      const wanted = new Set<number>();
      const expected = new Set<string>();
      for (const { address, to, bytes, level } of drawn) {
        const offset = somewhere(random, bytes);
        const at = address + BigInt(offset);
        expect(walk(paging, memory, at)).toBe(to + offset);
        expect(walk(paging, memory, at + 0xfffn)).toBe(to + offset);
        const steps = [...paging.steps(memory, at)];
        expect(steps.at(-1)).toMatchObject({ level, at: drawing.entry(address, level) });
        expect(steps).toHaveLength(drawing.book.levels - level + 1);
        wanted.add(to + offset);
        if (address >> 63n === 0n) expected.add(`${to + offset} ${at}`);
      }
      const found = new Set<string>();
      const unread = paging.findFrames(memory, wanted, (frame, address) => found.add(`${frame} ${address}`));
      expect(unread).toBe(0);
      for (const one of found) {
        const [frame, address] = one.split(' ');
        expect(walk(paging, memory, BigInt(address!))).toBe(Number(frame));
      }
      for (const one of expected) expect(found).toContain(one);
      count += drawn.length;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('has no page where none was drawn, and none outside of its bits', () => {
    const random = new Random(granule * bits);
    const drawing = new Drawing(shape, start);
    const drawn = drawRandomly(random, drawing);
    const memory = drawing.tables.memory();
    const paging = drawing.paging();
    for (let i = 0; i < 1000; i++) {
      const { address, bytes } = random.pick(drawn);
      const bit = BigInt(random.below(56));
      const other = (address + BigInt(somewhere(random, bytes))) ^ (1n << bit);
      const there = drawn.find((one) => other >= one.address && other < one.address + BigInt(one.bytes));
      expect(probe(paging, memory, other)).toBe(
        there === undefined ? -1 : there.to + Math.floor(Number(other - there.address) / 4096) * 4096,
      );
      if (bit < bits || bit > 54) continue;
      expect(thrownBy(() => walk(paging, memory, other))).toBeInstanceOf(NotCanonical);
      expect(thrownBy(() => [...paging.steps(memory, other)])).toBeInstanceOf(NotCanonical);
    }
  });
});

describe('the shape of AArch64 tables', () => {
  it('names itself and counts its levels', () => {
    const told = SHAPES.map(([granule, bits, wide]) => {
      const { shape, pageBytes } = new Drawing(shapeOf(granule, bits, wide)).paging();
      return `${shape}: ${pageBytes}`;
    });
    expect(told).toEqual([
      '3 levels, 4 KiB pages, 39 bits: 4096',
      '4 levels, 4 KiB pages, 48 bits: 4096',
      '4 levels, 4 KiB pages, 48 bits: 4096',
      '5 levels, 4 KiB pages, 52 bits: 4096',
      '2 levels, 16 KiB pages, 36 bits: 16384',
      '3 levels, 16 KiB pages, 47 bits: 16384',
      '4 levels, 16 KiB pages, 48 bits: 16384',
      '4 levels, 16 KiB pages, 52 bits: 16384',
      '2 levels, 64 KiB pages, 42 bits: 65536',
      '3 levels, 64 KiB pages, 48 bits: 65536',
      '3 levels, 64 KiB pages, 48 bits: 65536',
      '3 levels, 64 KiB pages, 52 bits: 65536',
    ]);
  });

  it('shows each table as the Arm ARM calls it, with flags', () => {
    const drawing = new Drawing(shapeOf(4096, 52, true));
    drawing.map(0x7000n, 0x5000, 1, USER | (1n << 52n));
    drawing.map(0x20_0000n, 0x4000_0000, 2, 1n << 54n);
    const memory = drawing.tables.memory();
    const steps = [...drawing.paging().steps(memory, 0x7000n)];
    expect(steps.map(({ level, table }) => `${level}: ${table}`)).toEqual([
      '5: level -1',
      '4: level 0',
      '3: level 1',
      '2: level 2',
      '1: level 3',
    ]);
    expect(steps.map(({ flags }) => flags.join(', ')).slice(-2)).toEqual([
      'present, table',
      'present, user, accessed, not global, contiguous, no-execute for the kernel',
    ]);
    expect([...drawing.paging().steps(memory, 0x20_0000n)].at(-1)?.flags).toEqual([
      'present',
      'no-execute for users',
      '2 MiB block',
    ]);
    expect([...drawing.paging().steps(memory, 0x9000n)].at(-1)?.flags).toEqual(['empty']);
  });

  it.each(SHAPES)(
    'has no block where the manual has none: %i bytes, %i bits, wide %s',
    (granule, bits, wide) => {
      const shape = shapeOf(granule, bits, wide);
      const { levels } = bookOf(shape);
      for (let level = 1; level <= levels; level++) {
        const drawing = new Drawing(shape);
        drawing.put(0n, USER | BLOCK, level);
        const memory = drawing.tables.memory();
        const isBlock = level > 1 && level <= topBlock(shape);
        expect(probe(drawing.paging(), memory, 0n)).toBe(isBlock ? 0 : -1);
        if (isBlock) continue;
        expect(thrownBy(() => walk(drawing.paging(), memory, 0n))).toMatchObject({
          code: 'not-present',
          level,
        });
        expect([...drawing.paging().steps(memory, 0n)].at(-1)?.flags).toEqual(['reserved']);
      }
    },
  );
});

describe('the two halves of AArch64 memory', () => {
  const drawing = new Drawing();
  const high = 0xffff_8000_0000_0000n;
  drawing.map(0x7000n, 0x1_0000);
  drawing.map(high | 0x7000n, 0x2_0000);
  const memory = drawing.tables.memory();
  const paging = drawing.paging();

  it('have a tree each, told by bit 55', () => {
    expect(walk(paging, memory, 0x7123n)).toBe(0x1_0000);
    expect(walk(paging, memory, high | 0x7123n)).toBe(0x2_0000);
  });

  it('are read through tags in bits 63–56', () => {
    for (const tag of [0x00n, 0x0fn, 0x5an, 0xf4n, 0xffn]) {
      const untagged = (1n << 56n) - 1n;
      expect(walk(paging, memory, (tag << 56n) | 0x7123n)).toBe(0x1_0000);
      expect(walk(paging, memory, (tag << 56n) | ((high | 0x7123n) & untagged))).toBe(0x2_0000);
    }
  });

  it('refuse pointers that Linux has poisoned', () => {
    for (const poison of [0xdead_0000_0000_0100n, 0x0000_0000_dead_4ead_0000n << 8n]) {
      expect(thrownBy(() => walk(paging, memory, poison))).toBeInstanceOf(NotCanonical);
    }
  });

  it('are read through authentication codes where the mask covers them', () => {
    const signing = drawing.paging({ pacMask: 0x007f_0000_0000_0000n });
    const signed = [0x0055_0000_0000_7000n, 0x002a_0000_0000_7000n];
    for (const address of signed) {
      expect(walk(signing, memory, address)).toBe(0x1_0000);
      expect(walk(signing, memory, (1n << 55n) | high | 0x7000n | address)).toBe(0x2_0000);
      expect([...signing.steps(memory, address)]).toHaveLength(4);
      expect(thrownBy(() => walk(paging, memory, address))).toBeInstanceOf(NotCanonical);
    }
    const narrow = drawing.paging({ pacMask: 0x000f_0000_0000_0000n });
    expect(walk(narrow, memory, 0x0005_0000_0000_7000n)).toBe(0x1_0000);
    expect(thrownBy(() => walk(narrow, memory, 0x0055_0000_0000_7000n))).toBeInstanceOf(NotCanonical);
  });

  it('may differ in width', () => {
    const wide = new Drawing(shapeOf(65536, 52, true));
    wide.map(0x000f_0000_0000_0000n, 0x3_0000);
    const split = wide.paging({ kernelBits: 48 });
    expect(walk(split, wide.tables.memory(), 0x000f_0000_0000_0000n)).toBe(0x3_0000);
    expect(thrownBy(() => walk(split, wide.tables.memory(), 0xfff0_0000_0000_0000n))).toBeInstanceOf(
      NotCanonical,
    );
  });

  it("lack the user's in the kernel's own space", () => {
    const alone = new AArch64Paging(physical(drawing.kernel), drawing.shape);
    expect(alone.root).toBe(drawing.kernel);
    expect(walk(alone, memory, high | 0x7000n)).toBe(0x2_0000);
    expect(probe(alone, memory, 0x7000n)).toBe(-1);
    expect(thrownBy(() => walk(alone, memory, 0x7000n))).toBeInstanceOf(NotPresent);
    expect(thrownBy(() => walk(alone, memory, 1n << 50n))).toBeInstanceOf(NotCanonical);
    expect([...alone.steps(memory, 0x7000n)]).toEqual([]);
    expect(alone.findFrames(memory, new Set([0x1_0000]), () => expect.unreachable())).toBe(0);
    const process = alone.withRoot(physical(drawing.user));
    expect(process.root).toBe(drawing.user);
    expect(walk(process, memory, 0x7000n)).toBe(0x1_0000);
    expect(walk(process, memory, high | 0x7000n)).toBe(0x2_0000);
  });
});

describe('AArch64 descriptors that are not valid', () => {
  /** PAGE_NONE: what PROT_NONE makes of a user's page, bit 0 clear and bit 1 as it was. */
  const none = USER & ~(1n << 6n);
  const forms = { 'before v6.10': 1n << 58n, 'since v6.10': 1n << 11n };

  it.each(Object.entries(forms))('are read through where PROT_NONE only forbids the page, %s', (_, mark) => {
    const drawing = new Drawing(shapeOf(4096, 48, true));
    drawing.put(0x7000n, output(drawing.shape, 2 ** 51) | (none & ~(1n << 11n)) | mark | 0b10n);
    drawing.put(0x20_0000n, 0x4000_0000n | none | mark, 2);
    const memory = drawing.tables.memory();
    const paging = drawing.paging();
    expect(walk(paging, memory, 0x7000n)).toBe(2 ** 51);
    expect(walk(paging, memory, 0x20_5000n)).toBe(0x4000_5000);
    expect([...paging.steps(memory, 0x7000n)].at(-1)?.flags).toEqual(['not present', 'PROT_NONE']);
    const found: number[] = [];
    paging.findFrames(memory, new Set([2 ** 51, 0x4000_5000]), (frame) => found.push(frame));
    expect(found).toEqual([2 ** 51, 0x4000_5000]);
  });

  it('are read through where a huge page is about to change', () => {
    const drawing = new Drawing();
    drawing.put(0x20_0000n, 0x4000_0000n | USER | (1n << 59n), 2);
    expect(walk(drawing.paging(), drawing.tables.memory(), 0x20_0000n)).toBe(0x4000_0000);
  });

  it('map nothing where a huge page migrates', () => {
    const drawing = new Drawing();
    // Migration entry (type 30) of frame 0x4_0008, before v5.19 and v6.10: bits 2–7, 8–57; bit 11 is the frame's.
    drawing.put(0x20_0000n, (30n << 3n) | (0x4_0008n << 8n), 2);
    const fault = thrownBy(() => walk(drawing.paging(), drawing.tables.memory(), 0x20_0000n));
    expect(fault).toMatchObject({ code: 'not-present', level: 2 });
  });

  it.each([
    ['v6.10', (2n << 6n) | (0x1234n << 12n) | (1n << 2n) | (1n << 3n)],
    ['v5.19', (2n << 3n) | (0x1234n << 8n) | (1n << 2n)],
    ['v4.0', (2n << 2n) | (0x1234n << 8n)],
  ] as const)('name the place in swap as %s has it', (swapLayout, entry) => {
    const drawing = new Drawing();
    drawing.put(0x7000n, entry);
    const fault = thrownBy(() => walk(drawing.paging({ swapLayout }), drawing.tables.memory(), 0x7123n));
    expect(fault).toBeInstanceOf(Swapped);
    expect(fault).toHaveProperty('message', '0x7123 is swapped out: area 2, page 0x1234');
  });

  it('name no place where the layout has bits that must be clear, or the type is no area', () => {
    for (const entry of [(0x18n << 8n) | (1n << 3n), (31n << 6n) | (5n << 12n), 1n << 63n]) {
      const drawing = new Drawing();
      drawing.put(0x7000n, entry);
      const fault = thrownBy(() => walk(drawing.paging(), drawing.tables.memory(), 0x7000n));
      expect(fault).toMatchObject({ code: 'not-present', level: 1, entry });
    }
  });
});

describe('the frames of AArch64 blocks', () => {
  it.each([
    ['few', [0x3fff_f000, 0x4000_0000, 0x401f_f000, 0x4020_0000]],
    ['many', Array.from({ length: 600 }, (_, n) => 0x4000_0000 + (n - 50) * 4096)],
  ])('are found, and none beside them, where %s are wanted', (_, frames) => {
    const drawing = new Drawing();
    drawing.map(0x20_0000n, 0x4000_0000, 2);
    const found: string[] = [];
    drawing
      .paging()
      .findFrames(drawing.tables.memory(), new Set(frames), (frame, at) => found.push(`${frame} ${at}`));
    const within = frames.filter((frame) => frame >= 0x4000_0000 && frame < 0x4020_0000);
    expect(found).toEqual(within.map((frame) => `${frame} ${frame - 0x4000_0000 + 0x20_0000}`));
  });
});

describe('AArch64 tables that are damaged', () => {
  it('are told from such as are not there', () => {
    const drawing = new Drawing();
    drawing.map(0x7000n, 0x1_0000);
    drawing.map(0x4000_0000n, 0x2_0000);
    drawing.tables.lose(drawing.entry(0x7000n));
    const memory = drawing.tables.memory();
    const paging = drawing.paging();
    expect(thrownBy(() => walk(paging, memory, 0x7000n))).toBeInstanceOf(NotInSnapshot);
    expect(probe(paging, memory, 0x7000n)).toBe(-1);
    const found: bigint[] = [];
    const unread = paging.findFrames(memory, new Set([0x1_0000, 0x2_0000]), (_, address) =>
      found.push(address),
    );
    expect([unread, found]).toEqual([1, [0x4000_0000n]]);
  });

  it('are read as far as they are there where they span pages', () => {
    const drawing = new Drawing(shapeOf(65536, 42, false));
    drawing.map(0x10_0000n, 0x1_0000);
    drawing.map(0x1ff0_0000n, 0x2_0000);
    drawing.tables.lose(drawing.entry(0x10_0000n));
    const found: bigint[] = [];
    const unread = drawing
      .paging()
      .findFrames(drawing.tables.memory(), new Set([0x1_0000, 0x2_3000]), (_, address) =>
        found.push(address),
      );
    expect([unread, found]).toEqual([1, [0x1ff0_3000n]]);
  });

  it.each(SHAPES)('end where they point at themselves: %i bytes, %i bits, wide %s', (granule, bits, wide) => {
    const shape = shapeOf(granule, bits, wide);
    const drawing = new Drawing(shape);
    for (let at = 0; at < granule; at += 8) {
      drawing.tables.put(drawing.user + at, 8, output(shape, drawing.user) | USER | PAGE);
    }
    const memory = drawing.tables.memory();
    const address = (1n << BigInt(bits)) - 0x1000n;
    expect(walk(drawing.paging(), memory, address)).toBe(drawing.user + granule - 0x1000);
    let count = 0;
    drawing.paging().findFrames(memory, new Set([drawing.user]), () => count++);
    expect(count).toBe(granule / 8);
  });
});
