import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { NotCanonical, NotInSnapshot, NotPresent, Swapped } from '../../src/base/errors.ts';
import { X8632Paging } from '../../src/translate/x86-32.ts';
import { Random } from '../support/random.ts';
import { SparseTables, type TableBook, thrownBy } from '../support/tables.ts';

// Intel SDM vol. 3A, 4.3 and 4.4: present, writable, user, accessed, dirty; page size; and Linux's PROT_NONE.
const PRESENT = 1n;
const USER = 0x67n;
const KERNEL = 0x63n;
const LARGE = 0x80n;
const PROTNONE = 0x100n;

const BOOKS: { readonly [mode in 'plain' | 'PAE']: TableBook } = {
  plain: {
    entryBytes: 4,
    levels: 2,
    shift: (level) => (level === 2 ? 22 : 12),
    entries: () => 1024,
    link: (to) => BigInt(to) | USER,
  },
  PAE: {
    entryBytes: 8,
    levels: 3,
    shift: (level) => [0, 12, 21, 30][level]!,
    entries: (level) => (level === 3 ? 4 : 512),
    // A PDPTE has neither R/W nor U/S: reserved bits, which must be 0 (table 4-8).
    link: (to, level) => BigInt(to) | (level === 3 ? PRESENT : USER),
  },
};
const MODES = ['plain', 'PAE'] as const;

class Drawing {
  readonly mode: 'plain' | 'PAE';
  readonly book: TableBook;
  readonly tables = new SparseTables();
  readonly root: number;
  readonly paging: X8632Paging;

  constructor(mode: 'plain' | 'PAE') {
    this.mode = mode;
    this.book = BOOKS[mode];
    this.tables.take(32); // so that a PDPT is no page's beginning
    this.root = this.tables.takeTable(this.book, this.book.levels);
    this.paging = new X8632Paging(physical(this.root), mode === 'PAE');
  }

  entry(address: number, level = 1): number {
    return this.tables.entry(this.book, this.root, BigInt(address), level);
  }

  put(address: number, entry: bigint, level = 1): void {
    this.tables.put(this.entry(address, level), this.book.entryBytes, entry);
  }

  map(address: number, to: number, level = 1, flags = USER): void {
    const frame = BigInt(to);
    // PSE-36: a 4 MiB page's entry has bits 39–32 of the address in bits 20–13 (table 4-4).
    const place = this.mode === 'PAE' ? frame : (frame & 0xffff_ffffn) | ((frame >> 32n) << 13n);
    this.put(address, place | flags | (level === 2 ? LARGE : 0n), level);
  }
}

const largeBytes = (mode: 'plain' | 'PAE'): number => (mode === 'PAE' ? 0x20_0000 : 0x40_0000);

describe.each(MODES)('i386 paging, %s', (mode) => {
  /** Pages of both sizes all over the 4 GiB. */
  function drawRandomly(random: Random) {
    const drawing = new Drawing(mode);
    const drawn: { address: number; to: number; bytes: number; level: number; isUser: boolean }[] = [];
    for (let i = 0; i < 80; i++) {
      const level = random.pick([1, 1, 2]);
      const bytes = level === 1 ? 4096 : largeBytes(mode);
      const address = Math.floor((random.below(2 ** 20) * 4096) / bytes) * bytes;
      const limit = mode === 'PAE' ? 2 ** 52 : level === 1 ? 2 ** 32 : 2 ** 40;
      const to = Math.floor(((random.below(2 ** 30) / 2 ** 30) * limit) / bytes) * bytes;
      const isUser = random.below(3) > 0;
      try {
        if (drawing.tables.get(drawing.entry(address, level), drawing.book.entryBytes) !== 0n) continue;
      } catch {
        continue; // a large page is in the way
      }
      drawing.map(address, to, level, isUser ? USER : KERNEL);
      drawn.push({ address, to, bytes, level, isUser });
    }
    return { drawing, drawn };
  }

  it('walks to what was drawn, and steps and findFrames agree', () => {
    const random = new Random(mode.length);
    let count = 0;
    for (let round = 0; round < 10; round++) {
      const { drawing, drawn } = drawRandomly(random);
      const { paging } = drawing;
      const memory = drawing.tables.memory();
      const wanted = new Set<number>();
      const expected: string[] = [];
      for (const { address, to, bytes, level, isUser } of drawn) {
        const offset = random.below(bytes / 4096) * 4096;
        expect(paging.walk(memory, 0, (address + offset + random.below(4096)) | 0)).toBe(to + offset);
        const steps = [...paging.steps(memory, BigInt(address + offset))];
        expect(steps).toHaveLength(paging.levels - level + 1);
        expect(steps.at(-1)).toMatchObject({ level, at: drawing.entry(address, level) });
        wanted.add(to + offset);
        if (isUser) expected.push(`${to + offset} ${address + offset}`);
      }
      const found: string[] = [];
      expect(paging.findFrames(memory, wanted, (frame, at) => found.push(`${frame} ${at}`))).toBe(0);
      expect(found.sort()).toEqual(expected.sort());
      count += drawn.length;
    }
    expect(count).toBeGreaterThan(500);
  });

  it('has no page where none was drawn', () => {
    const random = new Random(7);
    const { drawing, drawn } = drawRandomly(random);
    const memory = drawing.tables.memory();
    for (let i = 0; i < 2000; i++) {
      const other = (random.pick(drawn).address ^ (1 << random.below(32))) >>> 0;
      const there = drawn.find(({ address, bytes }) => other >= address && other < address + bytes);
      expect(drawing.paging.probe(memory, 0, other | 0)).toBe(
        there === undefined ? -1 : there.to + Math.floor((other - there.address) / 4096) * 4096,
      );
    }
  });

  it('has no addresses of more than 32 bits', () => {
    const { paging, tables } = new Drawing(mode);
    const memory = tables.memory();
    expect(thrownBy(() => paging.walk(memory, -1, 0))).toBeInstanceOf(NotCanonical);
    expect(thrownBy(() => paging.walk(memory, 1, 0))).toBeInstanceOf(NotCanonical);
    expect(thrownBy(() => [...paging.steps(memory, 1n << 32n)])).toBeInstanceOf(NotCanonical);
    expect(paging.probe(memory, 1, 0)).toBe(-1);
  });

  it('says at which level an address ends', () => {
    const drawing = new Drawing(mode);
    drawing.map(0x7000, 0x10_0000);
    const memory = drawing.tables.memory();
    const levels = [0x8000, 0x40_0000, 0xc000_0000].map((address) => {
      const fault = thrownBy(() => drawing.paging.walk(memory, 0, address | 0));
      return fault instanceof NotPresent ? fault.level : undefined;
    });
    expect(levels).toEqual([1, 2, mode === 'PAE' ? 3 : 2]);
  });

  it('reports no page under a table that is the kernel’s', () => {
    const drawing = new Drawing(mode);
    drawing.map(0x7000, 0x10_0000);
    const at = drawing.entry(0x7000, 2);
    const size = drawing.book.entryBytes;
    drawing.tables.put(at, size, drawing.tables.get(at, size) & ~4n);
    const memory = drawing.tables.memory();
    expect(drawing.paging.findFrames(memory, new Set([0x10_0000]), () => expect.unreachable())).toBe(0);
  });

  it('tells a table that the snapshot lacks, and looks at the others', () => {
    const drawing = new Drawing(mode);
    drawing.map(0x7000, 0x10_0000);
    drawing.map(0x8000_0000, 0x20_0000);
    drawing.tables.lose(drawing.entry(0x7000));
    const memory = drawing.tables.memory();
    expect(thrownBy(() => drawing.paging.walk(memory, 0, 0x7000))).toBeInstanceOf(NotInSnapshot);
    const found: bigint[] = [];
    const unread = drawing.paging.findFrames(memory, new Set([0x20_0000]), (_, at) => found.push(at));
    expect([unread, found]).toEqual([1, [0x8000_0000n]]);
  });

  it('ends where tables point at themselves', () => {
    const drawing = new Drawing(mode);
    const { entryBytes } = drawing.book;
    const page = drawing.root - (drawing.root % 4096);
    for (let at = page; at < page + 4096; at += entryBytes)
      drawing.tables.put(at, entryBytes, BigInt(page) | USER);
    const memory = drawing.tables.memory();
    expect(drawing.paging.walk(memory, 0, 0x1234_5678)).toBe(page);
    let count = 0;
    drawing.paging.findFrames(memory, new Set([page]), () => count++);
    expect(count).toBe(4096 / entryBytes);
  });

  it('reads through PROT_NONE, and finds such pages', () => {
    const drawing = new Drawing(mode);
    // PAGE_NONE: accessed and PROT_NONE. PAE inverts the frame against L1TF, up to bit 51 (43 in some kernels).
    const flip = mode === 'PAE' ? 0xf_ffff_ffff_f000n : 0n;
    const old = 0xfff_ffff_f000n & flip;
    drawing.put(0x7000, (0x1234_5000n ^ flip) | 0x20n | PROTNONE);
    drawing.put(0x8000, (0x1234_6000n ^ old) | 0x20n | PROTNONE);
    drawing.put(0x9000, 0x1234_7000n | 0x20n | PROTNONE);
    drawing.put(0x4000_0000, (0x1240_0000n ^ (flip & ~0x1f_ffffn)) | 0x20n | PROTNONE | LARGE, 2);
    const memory = drawing.tables.memory();
    const frames = [0x7000, 0x8000, 0x9000, 0x4000_3000].map((at) => drawing.paging.walk(memory, 0, at));
    expect(frames.slice(mode === 'PAE' ? 0 : 2)).toEqual(
      [0x1234_5000, 0x1234_6000, 0x1234_7000, 0x1240_3000].slice(mode === 'PAE' ? 0 : 2),
    );
    const found: bigint[] = [];
    drawing.paging.findFrames(memory, new Set([0x1234_7000, 0x1240_3000]), (_, at) => found.push(at));
    expect(found).toEqual([0x9000n, 0x4000_3000n]);
    expect([...drawing.paging.steps(memory, 0x7000n)].at(-1)?.flags).toEqual(['not present', 'PROT_NONE']);
  });
});

describe('what i386 tables are called', () => {
  it('says how many levels there are', () => {
    expect(MODES.map((mode) => new Drawing(mode).paging.shape)).toEqual(['2 levels', '3 levels, PAE']);
  });

  it('shows each table as the manual calls it, with flags', () => {
    const shown = MODES.map((mode) => {
      const drawing = new Drawing(mode);
      drawing.map(0xc000_0000, 0x40_0000, 2, KERNEL | PROTNONE);
      const steps = drawing.paging.steps(drawing.tables.memory(), 0xc000_0000n);
      return [...steps].map(({ level, table, flags }) => `${level} ${table}: ${flags.join(', ')}`);
    });
    expect(shown).toEqual([
      ['2 PD: present, writable, accessed, dirty, 4 MiB page, global'],
      ['3 PDPT: present', '2 PD: present, writable, accessed, dirty, 2 MiB page, global'],
    ]);
  });

  it('takes what CR3 holds for a root, and keeps the mode in another', () => {
    const plain = new X8632Paging(physical(0x1234_5018), false);
    const pae = new X8632Paging(physical(0x1234_5678), true);
    expect([plain.root, pae.root]).toEqual([0x1234_5000, 0x1234_5660]);
    expect(pae.withRoot(physical(0x20))).toMatchObject({ shape: pae.shape, root: 0x20 });
  });
});

describe('i386 entries that are not present', () => {
  const faultAt = (mode: 'plain' | 'PAE', entry: bigint): unknown => {
    const drawing = new Drawing(mode);
    drawing.put(0x7000, entry);
    return thrownBy(() => drawing.paging.walk(drawing.tables.memory(), 0, 0x7123));
  };
  /** __swp_pteval_entry of arch/x86/include/asm/pgtable-3level.h. */
  const pae = (type: bigint, offset: bigint): bigint =>
    (type << 59n) | ((~offset & ((1n << 50n) - 1n)) << 9n);

  it.each([
    ['plain', 'bits 1–5 and 9–31', (2n << 1n) | (0x1234n << 9n)],
    ['plain', 'the same, exclusive', (2n << 1n) | (0x1234n << 9n) | LARGE],
    ['PAE', 'bits 59–63 and 9–58, inverted', pae(2n, 0x1234n)],
    ['PAE', 'the same, exclusive', pae(2n, 0x1234n) | LARGE],
    ['PAE', 'the high word alone, before v4.19', (2n | (0x1234n << 5n)) << 32n],
  ] as const)('name the place in swap: %s, %s', (mode, _, entry) => {
    const fault = faultAt(mode, entry);
    expect(fault).toBeInstanceOf(Swapped);
    expect(fault).toHaveProperty('message', '0x7123 is swapped out: area 2, page 0x1234');
  });

  it.each([
    ['plain', 'migrating', (30n << 1n) | (0x1234n << 9n)],
    ['plain', 'of a file, before v4.0', 0x1240n],
    ['PAE', 'migrating', pae(30n, 0x1234n)],
    ['PAE', 'beyond what a swap entry can count', pae(2n, 1n << 27n)],
    ['PAE', 'empty', 0n],
  ] as const)('name no place for pages that are no swapped ones: %s, %s', (mode, _, entry) => {
    expect(faultAt(mode, entry)).toMatchObject({ code: 'not-present', level: 1, entry });
  });
});
