import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { parseVmcoreinfo } from '../../src/profile/vmcoreinfo.ts';
import { rulesOf } from '../../src/session/linux/architecture/all.ts';
import { locate } from '../../src/session/linux/kernel-location.ts';
import { SparseTables, type TableBook } from '../support/tables.ts';
import { drawMemory } from '../support/writers.ts';

/** Where VMCOREINFO with these lines puts a kernel, in words. */
function placesBy(lines: readonly string[]): string[] {
  const vmcoreinfo = parseVmcoreinfo(['OSRELEASE=6.12.1', ...lines, ''].join('\n'));
  const found = locate(vmcoreinfo!);
  return (found?.places ?? []).map(
    ({ architecture, paging, delta }) =>
      `${architecture}, ${paging.shape}, root 0x${paging.root.toString(16)}, delta 0x${delta.toString(16)}`,
  );
}

const ARM = ['SYMBOL(swapper_pg_dir)=ffff800081a92000', 'NUMBER(kimage_voffset)=0xffff800040000000'];

describe('where VMCOREINFO puts a kernel', () => {
  it.each([
    [
      'x86-64',
      [
        'SYMBOL(swapper_pg_dir)=ffffffff82a10000',
        'NUMBER(phys_base)=-16777216',
        'NUMBER(pgtable_l5_enabled)=0',
      ],
      ['x86-64, 4 levels, root 0x1a10000, delta 0xffffffff81000000'],
    ],
    [
      'x86-64 with five levels',
      ['SYMBOL(swapper_pg_dir)=ffffffff82a10000', 'NUMBER(phys_base)=0', 'NUMBER(pgtable_l5_enabled)=1'],
      ['x86-64, 5 levels, root 0x2a10000, delta 0xffffffff80000000'],
    ],
    [
      'AArch64',
      [...ARM, 'NUMBER(VA_BITS)=48', 'NUMBER(TCR_EL1_T1SZ)=0x10', 'PAGESIZE=4096'],
      ['aarch64, 4 levels, 4 KiB pages, 48 bits, root 0x41a92000, delta 0xffff800040000000'],
    ],
    [
      'AArch64 built for 52 bits, on a CPU that has them',
      [...ARM, 'NUMBER(VA_BITS)=52', 'NUMBER(TCR_EL1_T1SZ)=0xc', 'PAGESIZE=4096'],
      ['aarch64, 5 levels, 4 KiB pages, 52 bits, root 0x41a92000, delta 0xffff800040000000'],
    ],
    [
      'AArch64 built for 52 bits, on a CPU that has 48',
      [...ARM, 'NUMBER(VA_BITS)=52', 'NUMBER(TCR_EL1_T1SZ)=0x10', 'PAGESIZE=4096'],
      ['aarch64, 4 levels, 4 KiB pages, 48 bits, root 0x41a92000, delta 0xffff800040000000'],
    ],
    [
      'AArch64 that tells no register',
      [...ARM, 'NUMBER(VA_BITS)=39', 'PAGESIZE=4096'],
      ['aarch64, 3 levels, 4 KiB pages, 39 bits, root 0x41a92000, delta 0xffff800040000000'],
    ],
    [
      'AArch64 with pages of 16 KiB',
      [...ARM, 'NUMBER(VA_BITS)=47', 'NUMBER(TCR_EL1_T1SZ)=0x11', 'PAGESIZE=16384'],
      ['aarch64, 3 levels, 16 KiB pages, 47 bits, root 0x41a92000, delta 0xffff800040000000'],
    ],
    [
      'AArch64 with pages of 64 KiB whose top table is used from its end',
      [...ARM, 'NUMBER(VA_BITS)=52', 'NUMBER(tcr_el1_t1sz)=0x10', 'PAGESIZE=65536'],
      ['aarch64, 3 levels, 64 KiB pages, 48 bits, root 0x41a93e00, delta 0xffff800040000000'],
    ],
    [
      'i386 with PAE: wherever the configuration split memory',
      ['SYMBOL(swapper_pg_dir)=cfcd6000', 'CONFIG_X86_PAE=y'],
      [
        'i386, 3 levels, PAE, root 0xfcd6000, delta 0xc0000000',
        'i386, 3 levels, PAE, root 0x1fcd6000, delta 0xb0000000',
        'i386, 3 levels, PAE, root 0x4fcd6000, delta 0x80000000',
        'i386, 3 levels, PAE, root 0x57cd6000, delta 0x78000000',
        'i386, 3 levels, PAE, root 0x8fcd6000, delta 0x40000000',
      ],
    ],
    [
      'i386 without',
      ['SYMBOL(swapper_pg_dir)=41cd6000'],
      ['i386, 2 levels, root 0x1cd6000, delta 0x40000000'],
    ],
  ])('of %s', (_, lines, places) => {
    expect(placesBy(lines)).toEqual(places);
  });

  it.each([
    ['without a top table', ['NUMBER(phys_base)=0']],
    [
      'whose tables would be below 0',
      ['SYMBOL(swapper_pg_dir)=ffffffff82a10000', 'NUMBER(phys_base)=-99999999999'],
    ],
    ['with pages of no size that there is', [...ARM, 'NUMBER(VA_BITS)=48', 'PAGESIZE=8192']],
    ['with addresses wider than there are', [...ARM, 'NUMBER(VA_BITS)=48', 'NUMBER(TCR_EL1_T1SZ)=0x3']],
    ['of a CPU that is not read', ['SYMBOL(swapper_pg_dir)=c0000000816b2000']],
  ])('is nowhere for one %s', (_, lines) => {
    expect(placesBy(lines)).toEqual([]);
  });

  it('knows only symbols that are near the image', () => {
    const found = locate(
      parseVmcoreinfo(
        [
          'OSRELEASE=6',
          ...ARM,
          'NUMBER(VA_BITS)=48',
          'SYMBOL(_stext)=ffff800080010000',
          'SYMBOL(mem_section)=ffff00001fe0a000',
          '',
        ].join('\n'),
      )!,
    );
    expect([...found!.places[0]!.known.keys()]).toEqual(['swapper_pg_dir', '_stext']);
  });
});

describe('where page tables map an image', () => {
  const TEXT = 0x4020_0000;

  it.each([
    [4096, 48],
    [4096, 52],
    [4096, 39],
    [16384, 48],
    [16384, 47],
    [65536, 48],
    [65536, 42],
  ])('is found for AArch64 with pages of %d bytes and %d bits', (granuleBytes, bits) => {
    const book = aarch64Book(granuleBytes, bits);
    const voffset = 2n ** 64n - 2n ** BigInt(bits - 1) + 0x4000_0000n;
    const tables = new SparseTables(0x4100_0000);
    const root = tables.take(65536);
    const text = BigInt.asUintN(64, BigInt(TEXT) + voffset);
    const at = tables.entry(book, root, BigInt.asUintN(bits, text), 1);
    tables.put(at, 8, BigInt(TEXT) | 0b11n | (1n << 10n));
    tables.put(0x4300_0010, 8, voffset);
    const symbols: Readonly<Record<string, number>> = {
      swapper_pg_dir: root,
      _text: TEXT,
      kimage_voffset: 0x4300_0010,
    };
    const found = [...rulesOf.aarch64.fromImage({ memory: tables.memory(), at: (name) => symbols[name] })];
    expect(found.map(({ delta }) => delta)).toContain(voffset);
    expect(found.map(({ paging }) => paging.shape)).toContain(
      `${book.levels} levels, ${granuleBytes / 1024} KiB pages, ${bits} bits`,
    );
  });

  it.each([
    [true, 0xc000_0000n],
    [false, 0xc000_0000n],
    [true, 0x8000_0000n],
  ])('is found for i386, PAE %s, split at %d', (pae, delta) => {
    const book = i386Book(pae);
    const tables = new SparseTables();
    const root = tables.takeTable(book, book.levels);
    tables.put(tables.entry(book, root, delta + 0x100_0000n, 1), book.entryBytes, 0x100_0000n | 0x163n);
    const symbols: Readonly<Record<string, number>> = { swapper_pg_dir: root, _text: 0x100_0000 };
    const [found] = rulesOf.i386.fromImage({ memory: tables.memory(), at: (name) => symbols[name] });
    expect(found?.delta).toBe(delta);
    expect(found?.paging.shape).toBe(pae ? '3 levels, PAE' : '2 levels');
  });

  it.each(Object.values(rulesOf))('is nowhere where symbols or memory lack: $architecture', (rules) => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, new Uint8Array(8192)]])));
    expect([...rules.fromImage({ memory, at: () => undefined })]).toEqual([]);
    expect([...rules.fromImage({ memory, at: () => 0x1000 })]).toEqual([]);
    expect([...rules.fromImage({ memory, at: () => 0x7000_0000 })]).toEqual([]);
  });
});

describe('how far an x86-64 image lies above its place in the file', () => {
  const TEXT = 0x20_0000;
  const MAPPED = 0xffff_ffff_9000_0000n;
  /** An image at 2 MiB of the file whose tables map it `distance` further up. */
  function movedImage(levels: 4 | 5, distance: number) {
    const book: TableBook = { ...x8664Book(levels), link: (to) => BigInt(to + distance) | 0x63n };
    const tables = new SparseTables(TEXT + 0x10_0000);
    const root = tables.takeTable(book, levels);
    const page = BigInt(TEXT + distance) | 0x1e3n;
    tables.put(tables.entry(book, root, MAPPED, 2), 8, page);
    const symbols: Readonly<Record<string, number>> = { init_top_pgt: root, _text: TEXT };
    return { memory: tables.memory(), at: (name: string) => symbols[name] };
  }

  it.each([
    [4, 0xf400_0000],
    [5, 0xf400_0000],
    [4, -0x20_0000],
  ] as const)('is told by its %d levels of tables: %d', (levels, distance) => {
    expect([...rulesOf['x86-64'].distancesOfImage!(movedImage(levels, distance))]).toEqual([distance]);
  });

  it('is nothing where it is mapped to where it is, or the tables map no text', () => {
    expect([...rulesOf['x86-64'].distancesOfImage!(movedImage(4, 0))]).toEqual([]);
    const { memory, at } = movedImage(4, 0x4000_0000);
    const elsewhere = (name: string) => (name === '_text' ? TEXT + 0x2000 : at(name));
    expect([...rulesOf['x86-64'].distancesOfImage!({ memory, at: elsewhere })]).toEqual([]);
    expect([...rulesOf['x86-64'].distancesOfImage!({ memory, at: () => undefined })]).toEqual([]);
  });
});

const x8664Book = (levels: 4 | 5): TableBook => ({
  entryBytes: 8,
  levels,
  shift: (level) => 12 + 9 * (level - 1),
  entries: () => 512,
  link: (to) => BigInt(to) | 0x63n,
});

function aarch64Book(granuleBytes: number, bits: number): TableBook {
  const pageShift = Math.log2(granuleBytes);
  const stride = pageShift - 3;
  const shift = (level: number): number => pageShift + (level - 1) * stride;
  return {
    entryBytes: 8,
    levels: Math.ceil((bits - pageShift) / stride),
    shift,
    entries: (level) => 2 ** Math.min(stride, bits - shift(level)),
    link: (to) => BigInt(to) | 0b11n,
  };
}

const i386Book = (pae: boolean): TableBook =>
  pae
    ? {
        entryBytes: 8,
        levels: 3,
        shift: (level) => 12 + 9 * (level - 1),
        entries: (level) => (level === 3 ? 4 : 512),
        link: (to, level) => BigInt(to) | (level === 3 ? 1n : 0x67n),
      }
    : {
        entryBytes: 4,
        levels: 2,
        shift: (level) => 12 + 10 * (level - 1),
        entries: () => 1024,
        link: (to) => BigInt(to) | 0x67n,
      };

describe('where all of RAM is mapped in one piece', () => {
  const ask = (
    architecture: keyof typeof rulesOf,
    lines: readonly string[],
    words: Record<string, bigint> = {},
  ) => {
    const vmcoreinfo = parseVmcoreinfo(['OSRELEASE=6.12.1', ...lines, ''].join('\n'))!;
    const [place] = locate(vmcoreinfo)!.places;
    const map = rulesOf[architecture].directMap({
      ...place!,
      vmcoreinfo,
      has: (symbol) => symbol in words,
      word: (symbol) => words[symbol],
    });
    return map && [map.start, map.end, map.physical].map((value) => `0x${value.toString(16)}`);
  };
  const arm = [...ARM, 'PAGESIZE=4096', 'NUMBER(TCR_EL1_T1SZ)=0x10'];

  it('is told by VMCOREINFO on AArch64, with 52 bits built in too', () => {
    expect(ask('aarch64', [...arm, 'NUMBER(VA_BITS)=48', 'NUMBER(PHYS_OFFSET)=0x40000000'])).toEqual([
      '0xffff000000000000',
      '0xffff800000000000',
      '0x40000000',
    ]);
    // 0xffff38fb80000000 is where this kernel has the RAM at 0x40000000.
    expect(ask('aarch64', [...arm, 'NUMBER(VA_BITS)=52', 'NUMBER(PHYS_OFFSET)=0xfff0c704c0000000'])).toEqual([
      '0xfff0000000000000',
      '0xffff800000000000',
      `0x${(0x4000_0000 - 0xf_38fb_8000_0000).toString(16)}`,
    ]);
  });

  const pc = [
    'SYMBOL(swapper_pg_dir)=ffffffff82a10000',
    'NUMBER(phys_base)=0',
    'NUMBER(pgtable_l5_enabled)=0',
  ];
  it('is where the kernel says on x86-64, and nowhere where that is missing', () => {
    expect(ask('x86-64', pc, { page_offset_base: 0xffff_8a00_0000_0000n })?.[0]).toBe('0xffff8a0000000000');
    expect(ask('x86-64', pc)?.[0]).toBe('0xffff888000000000');
    expect(ask('x86-64', pc, { page_offset_base: 0n })).toBeUndefined();
  });

  it('is low memory on i386, as far as the kernel has it', () => {
    const lines = ['SYMBOL(swapper_pg_dir)=c1cd6000'];
    expect(ask('i386', lines, { max_low_pfn: 0x8000n })).toEqual(['0xc0000000', '0xc8000000', '0x0']);
    expect(ask('i386', lines)).toBeUndefined();
  });
});
