import { describe, expect, it } from 'vitest';
import { EvidenceFault } from '../../src/base/errors.ts';
import { areasOf } from '../../src/kernel/linux/process/areas.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { DrawnAreas } from '../support/areas.ts';
import { drawWords, linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnPages } from '../support/page-cache.ts';

const WITHOUT = ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'];
const TEXT = 0x40_0000n;
const HEAP = 0x80_0000n;
const VM_SHARED = 8n;
const VM_HUGETLB = 0x40_0000n;
/** Where a place in swap has the number of the area (include/linux/swapops.h). */
const AREA = 58n;

/** A process with a file of eight pages at TEXT, from the file's third page on, and memory of its own at HEAP. */
function drawn({
  without = [] as readonly string[],
  flags = 0n,
  type = 'ext4',
  own = 0n,
  size = 0x8000,
} = {}) {
  const kernel = fakeKernel('init(1) bash(9)', { without: [...WITHOUT, ...without] });
  const [areas, files, pages] = [new DrawnAreas(kernel), new DrawnFiles(kernel), new DrawnPages(kernel)];
  const file = files.entry(type === 'ext4' ? files.root : files.mount(type, 1), 'bash');
  kernel.write(file.inode, 'inode', { i_size: size });
  const mapping = pages.mapping(file.inode);
  const vm_file = files.open(file, { f_mapping: mapping });
  areas.giveTree(9, [
    areas.area(TEXT, TEXT + 0x8000n, { vm_file, vm_flags: flags, vm_pgoff: 2n, anon_vma: own }),
    areas.area(HEAP, HEAP + 0x8000n, { vm_pgoff: 0x800n }),
  ]);
  const root = kernel.rootOf(9);
  const set = (address: bigint, entry: bigint): void =>
    kernel.image.put64(kernel.image.entry(address, 1, root), entry);
  const process = (symbols: Parameters<typeof linuxWith>[1] = {}) =>
    [...tasks(linuxWith(kernel, { mem_map: pages.symbol, ...symbols }))].find(({ pid }) => pid === 9)!;
  const read = (address: bigint, symbols: Parameters<typeof linuxWith>[1] = {}): string => {
    try {
      return Buffer.from(process(symbols).userSpace!.bytes(address, 5)).toString();
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return `${fault.code}: ${fault.message}`;
    }
  };
  return { kernel, pages, mapping, inode: file.inode, block: file.block, root, set, read, process };
}

/** A page-table entry for a place in swap (arch/x86/include/asm/pgtable_64.h). */
const swapEntry = (type: number, offset: bigint): bigint =>
  (BigInt(type) << 59n) | (BigInt.asUintN(50, ~offset) << 9n);

describe('the memory of a process', () => {
  it('has a page of a file that is not in the page tables and in the page cache', () => {
    const { pages, mapping, read } = drawn();
    pages.plant(mapping, pages.node(0, { 3: pages.page(1, 'third', { mapping, index: 3 }) }));
    expect(read(TEXT + 0x1000n)).toBe('third');
    expect(read(TEXT)).toBe('not-cached: 0x400000 is page 2 of its file, which is not cached');
  });

  it('has each page of a large page', () => {
    const { pages, mapping, read } = drawn();
    const head = pages.page(0, 'first', { mapping, index: 4 });
    for (const nth of [1, 2, 3]) pages.page(nth, `part${nth}`, { compound_head: head + 1n });
    // Slots 5 to 7 lead to slot 4: siblings of include/linux/xarray.h.
    pages.plant(mapping, pages.node(0, { 4: head, 5: 0x12n, 6: 0x12n, 7: 0x12n }));
    expect([4n, 5n, 7n].map((index) => read(TEXT + (index - 2n) * 0x1000n))).toEqual([
      'first',
      'part1',
      'part3',
    ]);
    pages.page(1, 'part1', { compound_head: 0n });
    expect(read(TEXT + 0x3000n)).toMatch(/^corrupt-structure: .* is no part of that at/);
  });

  it('has pages whose struct tells their large page by a mask', () => {
    const { pages, mapping, read } = drawn({ without: ['page.compound_head'] });
    const head = pages.page(0, 'first', { mapping, index: 4 });
    pages.page(1, 'part1', { compound_info: (2n ** 64n - 4096n) | 1n });
    pages.plant(mapping, pages.node(0, { 4: head, 5: 0x12n }));
    expect(read(TEXT + 0x3000n)).toBe('part1');
  });

  it('takes no page that says it is of another file, or none', () => {
    const { pages, mapping, read } = drawn();
    pages.plant(mapping, pages.node(0, { 2: pages.page(0, 'other', { mapping: mapping + 8n, index: 2 }) }));
    expect(read(TEXT)).toMatch(
      /^corrupt-structure: the cached page at 0x\w+ is not of the file that has it$/,
    );
    pages.fill(pages.node(0, {}), {});
    pages.plant(mapping, pages.node(0, { 2: 0xffff_8888_0000_0000n }));
    expect(read(TEXT)).toMatch(/^(corrupt-structure|not-present): /);
  });

  it('has huge pages of a file that nobody mapped here, counted in either way', () => {
    for (const [index, tree] of [
      [0n, (head: bigint) => ({ 0: head })],
      [0n, (head: bigint) => ({ 0: head, 1: 2n, 2: 2n, 3: 2n })],
    ] as const) {
      const { kernel, block, pages, mapping, read } = drawn({ flags: VM_HUGETLB | VM_SHARED });
      kernel.write(block, 'super_block', { s_blocksize: 0x4000 });
      const head = pages.page(0, 'huge0', { mapping, index });
      for (const nth of [1, 2, 3]) pages.page(nth, `huge${nth}`, { compound_head: head + 1n });
      pages.plant(mapping, pages.node(0, tree(head)));
      expect(read(TEXT)).toBe('huge2');
      expect(read(TEXT + 0x2000n)).toMatch(/^not-cached/);
    }
  });

  it('says why a page is nowhere', () => {
    const { read, set } = drawn({ size: 0x5000 });
    expect(read(TEXT + 0x3000n)).toBe('past-end-of-file: 0x403000 is past the end of its file');
    expect(read(HEAP)).toBe('never-touched: 0x800000 was never touched: it has no page');
    expect(read(0x100_0000n)).toMatch(/^not-present: /);
    set(HEAP, swapEntry(31, 4n));
    expect(read(HEAP)).toBe('guard-page: 0x800000 is a guard page: nothing may be there');
    set(HEAP, swapEntry(23, 77n));
    expect(read(HEAP)).toBe(
      "special-entry: 0x800000 has an entry of type 23, 0x4d: its page is being moved, is broken, or is a device's",
    );
    set(HEAP, swapEntry(2, 9n));
    expect(read(HEAP)).toBe('swapped: 0x800000 is swapped out: area 2, page 0x9');
  });

  it('tells the reasons of a mapping in pieces', () => {
    const { pages, mapping, process, set } = drawn({ size: 0x5000 });
    pages.plant(mapping, pages.node(0, { 3: pages.page(1, 'third', { mapping, index: 3 }) }));
    set(HEAP + 0x1000n, swapEntry(2, 9n));
    const told = [...areasOf(process())].map((area) =>
      [...area.pieces()].map((piece) =>
        'missing' in piece
          ? `${piece.at} ${piece.why} ${piece.missing}`
          : `${piece.at} has ${'bytes' in piece ? piece.bytes.length : 'zeros'}`,
      ),
    );
    expect(told).toEqual([
      ['0 not-cached 4096', '4096 has 4096', '8192 not-cached 4096', '12288 past-end-of-file 20480'],
      ['0 never-touched 4096', '4096 swapped 4096', '8192 never-touched 24576'],
    ]);
  });

  it('has a page that was swapped and is in the swap cache of old kernels', () => {
    for (const index of [0x4001n, 1n]) {
      const { kernel, pages, set, read } = drawn({ without: ['swap_cluster_info.table'] });
      set(HEAP, swapEntry(1, 0x4001n));
      const page = pages.page(0, 'swapd', { private: (1n << AREA) | 0x4001n });
      const size = kernel.profile.types['address_space']!.size;
      const spaces = kernel.virtual(kernel.image.take(2 * size, 4096));
      // Older kernels count from the start of the area, newer ones from that of the address space.
      let tree = pages.node(0, { 1: page });
      for (let shift = 3; index > 7n && shift <= 12; shift += 3)
        tree = pages.node(shift, { [Number((index >> BigInt(shift)) & 7n)]: tree });
      pages.plant(spaces + BigInt(size), index > 7n ? pages.node(15, { 0: tree }) : tree);
      const symbols = { swapper_spaces: drawWords(kernel, [0n, spaces]) };
      expect(read(HEAP, symbols)).toBe('swapd');
      kernel.write(page, 'page', { private: (1n << AREA) | 0x4000_0000n });
      expect(read(HEAP, symbols)).toMatch(/^swapped/);
    }
  });

  it('has a page that was swapped and is in a swap table', () => {
    const { kernel, pages, set, read } = drawn();
    set(HEAP, swapEntry(0, 9n));
    const page = pages.page(0, 'swapd', { private: 9n });
    const size = BigInt(kernel.profile.types['swap_cluster_info']!.size);
    const clusters = kernel.virtual(kernel.image.take(Number(size) * 2, 4096));
    const area = kernel.draw('swap_info_struct', { max: 16, cluster_info: clusters });
    const symbols = { swap_info: drawWords(kernel, [area]) };
    const put = (entry: bigint): void =>
      kernel.write(clusters + size, 'swap_cluster_info', { table: drawWords(kernel, [8n, entry]) });
    put(page);
    expect(read(HEAP, symbols)).toBe('swapd');
    // A frame's number with a count above it.
    put((3n << 60n) | (BigInt(pages.memory / 4096) << 2n) | 2n);
    expect(read(HEAP, symbols)).toBe('swapd');
    for (const entry of [0n, 0x55n, 2n ** 64n - 8n, 4n]) {
      put(entry);
      expect(read(HEAP, symbols)).toMatch(/^swapped|^not-|^corrupt/);
    }
  });

  it('knows that pages of tmpfs were swapped, and that of other files a value is no page', () => {
    const value = (((3n << AREA) | 5n) << 1n) | 1n;
    const shared = drawn({ type: 'tmpfs', flags: VM_SHARED });
    shared.pages.plant(shared.mapping, shared.pages.node(0, { 2: value }));
    expect(shared.read(TEXT, { swap_info: drawWords(shared.kernel, [0n, 0n, 0n, 0n]) })).toMatch(
      /^swapped: 0x400000 is swapped out: area 3, page 0x5$|holds nothing but zeros/,
    );
    const file = drawn();
    file.pages.plant(file.mapping, file.pages.node(0, { 2: value }));
    expect(file.read(TEXT)).toMatch(/^not-cached/);
  });

  it('has a page that is being moved', () => {
    const { pages, set, read } = drawn();
    set(HEAP + 0x1000n, swapEntry(29, BigInt(pages.memory / 4096)));
    pages.page(0, 'moved', { mapping: 0x1001n, index: 0x801 });
    expect(read(HEAP + 0x1000n)).toBe('moved');
    pages.page(0, 'moved', { mapping: 0x1001n, index: 0x802 });
    expect(read(HEAP + 0x1000n)).toMatch(/^special-entry/);
  });

  it('takes the page of the file without its page table only if the process can have no other', () => {
    for (const [wishes, expected] of [
      [{ own: 0n }, 'whole'],
      [{ own: 0x1000n, flags: VM_SHARED }, 'whole'],
      [{ own: 0x1000n }, /^page-table-missing: 0x400000: its page table cannot be read/],
    ] as const) {
      const { kernel, pages, mapping, root, read } = drawn(wishes);
      pages.plant(mapping, pages.node(0, { 2: pages.page(0, 'whole', { mapping, index: 2 }) }));
      kernel.image.lose(kernel.image.entry(TEXT, 1, root));
      if (typeof expected === 'string') expect(read(TEXT)).toBe(expected);
      else expect(read(TEXT)).toMatch(expected);
      expect(read(TEXT + 0x4000n)).toMatch(/^page-table-missing/);
    }
  });

  it('ends in trees that lead back to themselves, and says so of nodes that are none', () => {
    const { kernel, pages, mapping, read } = drawn();
    const node = pages.node(3, {});
    pages.fill(node, { 0: node });
    pages.plant(mapping, node);
    expect(read(TEXT)).toMatch(/^corrupt-structure: .* is no node at its place in the tree$/);
    const own = pages.node(0, { 2: 0x0en });
    pages.plant(mapping, own);
    expect(read(TEXT)).toMatch(/^corrupt-structure: a slot of/);
    pages.plant(mapping, own);
    kernel.lose(own - 2n);
    expect(read(TEXT)).toMatch(/^not-in-snapshot/);
  });
});
