import { describe, expect, it } from 'vitest';
import maps from '../../plugins/maps.ts';
import { Budget } from '../../src/base/budget.ts';
import { areas as walkAreas } from '../../src/kernel/linux/process/areas.ts';
import { DrawnAreas } from '../support/areas.ts';
import { drawWords, linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel, type KernelWishes } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const TREE: KernelWishes = { without: ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'] };
const LIST: KernelWishes = { without: ['mm_struct.mm_mt', 'vm_area_struct.anon_name'] };
const OPERATIONS = 0xffff_ffff_8111_0000n;

function drawn(wishes: KernelWishes = TREE) {
  const kernel = fakeKernel('init(1) [kthreadd](2) bash(9)', wishes);
  return { kernel, areas: new DrawnAreas(kernel), files: new DrawnFiles(kernel) };
}

/** `count` areas of one page each with a page between. */
const plain = (areas: DrawnAreas, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) =>
    areas.area(BigInt(0x10_0000 + i * 0x2000), BigInt(0x10_1000 + i * 0x2000)),
  );

describe('maps', () => {
  it.each([
    ['a tree', TREE],
    ['a list', LIST],
  ])('shows the mappings of a process from %s', async (_, wishes) => {
    const { kernel, areas, files } = drawn(wishes);
    const file = files.open(files.entry(files.root, 'bash'));
    const all = [
      areas.area(0x40_0000n, 0x40_2000n, { vm_flags: 0x75n, vm_file: file, vm_pgoff: 3n }),
      areas.area(0x7000_0000n, 0x7000_3000n, { vm_flags: 0x73n | 0x80n, vm_pgoff: 0x7_0000n }),
      areas.area(0xffff_8000_0000n, 0xffff_8000_1000n, { vm_flags: 0x70n }),
    ];
    if (wishes === TREE) areas.giveTree(9, all);
    else areas.giveList(9, all);
    expect(await ask(maps, kernel.linux())).toEqual({
      rows: [
        {
          ...{ pid: 9, start: 0x40_0000n, end: 0x40_2000n, flags: 'r-xp', offset: 0x3000 },
          ...{ device: 'fe:01', inode: 2, path: '/bash', container: null },
        },
        {
          ...{ pid: 9, start: 0x7000_0000n, end: 0x7000_3000n, flags: 'rw-s', offset: 0 },
          ...{ device: '00:00', inode: 0, path: null, container: null },
        },
        {
          ...{ pid: 9, start: 0xffff_8000_0000n, end: 0xffff_8000_1000n, flags: '---p', offset: 0 },
          ...{ device: '00:00', inode: 0, path: null, container: null },
        },
      ],
      notes: [],
    });
  });

  it('names heap and stack by where they are', async () => {
    const { kernel, areas } = drawn();
    kernel.write(areas.memoryOf(9), 'mm_struct', { start_brk: 0x5000n, brk: 0x7000n, start_stack: 0x9800n });
    areas.giveTree(9, [
      areas.area(0x4000n, 0x5000n),
      areas.area(0x5000n, 0x7000n),
      areas.area(0x7000n, 0x8000n),
      areas.area(0x9000n, 0xa000n),
    ]);
    expect(column(await ask(maps, kernel.linux()), 'path')).toEqual([null, '[heap]', null, '[stack]']);
  });

  it('takes names that the process or the kernel gave', async () => {
    const { kernel, areas, files } = drawn();
    const mapping = kernel.draw('vm_special_mapping', { name: files.text('[vdso]') });
    const given = kernel.draw('anon_vma_name');
    kernel.image.write(kernel.physical(kernel.member(given, 'anon_vma_name', 'name')), 'arena\0');
    const shared = files.open(files.entry(files.root, 'dev/zero'));
    areas.giveTree(9, [
      areas.area(0x1000n, 0x2000n, { anon_name: given }),
      areas.area(0x3000n, 0x4000n, { anon_name: given, vm_file: shared }),
      areas.area(0x5000n, 0x6000n, { vm_ops: OPERATIONS, vm_private_data: mapping }),
    ]);
    const linux = linuxWith(kernel, { special_mapping_vmops: OPERATIONS });
    const names = ['[anon:arena]', '[anon_shmem:arena]', '[vdso]'];
    expect(column(await ask(maps, linux), 'path')).toEqual(names);
  });

  it('shows the vsyscall page to whom the kernel shows it', async () => {
    const gateOf = async (wishes: KernelWishes, context: Readonly<Record<string, number>>, mode: number) => {
      const { kernel, areas } = drawn({ without: [...(TREE.without ?? []), ...(wishes.without ?? [])] });
      const gate = areas.area(0xffff_ffff_ff60_0000n, 0xffff_ffff_ff60_1000n, { vm_flags: 4n });
      for (const pid of [1, 9]) {
        const at = kernel.member(areas.memoryOf(pid), 'mm_struct', 'context');
        if (pid === 9) kernel.write(at, 'mm_context_t', context);
      }
      const linux = linuxWith(kernel, { gate_vma: gate, vsyscall_mode: drawWords(kernel, [BigInt(mode)]) });
      const answer = await ask(maps, linux);
      expect(answer.notes).toEqual([]);
      return answer.rows.map(({ pid, flags, path }) => `${String(pid)} ${String(flags)} ${String(path)}`);
    };
    const modern = { without: ['mm_context_t.ia32_compat'] };
    expect(await gateOf(modern, { flags: 2 }, 1)).toEqual(['9 --xp [vsyscall]']);
    expect(await gateOf(modern, { flags: 2 }, 2)).toEqual([]);
    const before = { without: ['mm_context_t.flags'] };
    expect(await gateOf(before, { ia32_compat: 1 }, 1)).toEqual(['1 --xp [vsyscall]']);
  });

  it('walks trees of several levels', async () => {
    const { kernel, areas } = drawn();
    const all = plain(areas, 40);
    areas.giveTree(9, all);
    const answer = await ask(maps, kernel.linux());
    expect(answer.notes).toEqual([]);
    expect(column(answer, 'start')).toEqual(all.map((_, i) => BigInt(0x10_0000 + i * 0x2000)));
  });

  it('finds the one area of a tree without nodes', async () => {
    const { kernel, areas } = drawn();
    const tree = kernel.member(areas.memoryOf(9), 'mm_struct', 'mm_mt');
    kernel.write(tree, 'maple_tree', { ma_root: areas.area(0n, 0x1000n) });
    expect(column(await ask(maps, kernel.linux()), 'end')).toEqual([0x1000n]);
  });

  it('loses the areas of a lost node and no others', async () => {
    const { kernel, areas } = drawn();
    const leaves = areas.giveTree(9, plain(areas, 21));
    kernel.lose(leaves[1]! & ~0xffn);
    const answer = await ask(maps, kernel.linux());
    expect(answer.rows).toHaveLength(14);
    expect(answer.notes).toEqual([
      expect.stringMatching(/^mappings of process 9: physical page 0x[0-9a-f]+ is not in the snapshot$/),
      expect.stringMatching(/^mappings of process 9: the kernel counts \d+, and 14 are found$/),
    ]);
  });

  it('ends at a tree that contains itself, and at nodes of no known type', async () => {
    const { kernel, areas } = drawn();
    const [leaf] = areas.giveTree(9, plain(areas, 3));
    const root = areas.node(3, [0x2000_0000n, 0x3000_0000n, 0x4000_0000n], [leaf!, 0n, 0n]);
    const slots = kernel.physical(root & ~0xffn) + 64;
    kernel.image.put64(slots + 8, root);
    kernel.image.put64(slots + 16, (root & ~0xffn) | (9n << 3n));
    areas.plant(9, root);
    const answer = await ask(maps, kernel.linux());
    expect(answer.rows).toHaveLength(3);
    expect(answer.notes).toEqual([
      `mappings of process 9: nodes loop at 0x${(root & ~0xffn).toString(16)}`,
      `mappings of process 9: node of unknown type 9 at 0x${(root & ~0xffn).toString(16)}`,
    ]);
  });

  it('ends at a list that loops, each area once', async () => {
    const { kernel, areas } = drawn(LIST);
    const all = plain(areas, 3);
    areas.giveList(9, all);
    kernel.write(all[2]!, 'vm_area_struct', { vm_next: all[1]! });
    const answer = await ask(maps, kernel.linux());
    expect(answer.rows).toHaveLength(3);
    expect(answer.notes).toEqual(['mappings of process 9 loop after 3']);
  });

  it('finds by the tree what is behind a lost entry of the list', async () => {
    const { kernel, areas } = drawn(LIST);
    const all = plain(areas, 4);
    areas.giveList(9, all);
    const node = (nth: number): bigint => kernel.member(all[nth]!, 'vm_area_struct', 'vm_rb');
    // The second is the root, with the first and the fourth below it, and below that the third.
    kernel.write(node(1), 'rb_node', { rb_left: node(0), rb_right: node(3) });
    kernel.write(node(3), 'rb_node', { rb_left: node(2) });
    const mm = kernel.member(areas.memoryOf(9), 'mm_struct', 'mm_rb');
    kernel.write(mm, 'rb_root', { rb_node: node(1) });
    kernel.lose(all[2]!);
    const answer = await ask(maps, kernel.linux());
    expect(answer.rows).toHaveLength(4);
    expect(answer.rows.filter(({ start }) => typeof start === 'bigint')).toHaveLength(3);
    expect(answer.notes).toHaveLength(2); // of the list and of the tree
  });

  it('has the bytes of a mapping, and the rest of a terabyte as one hole', () => {
    const { kernel, areas } = drawn();
    const [start, end] = [0x7000_0000_0000n, 0x7100_0000_0000n];
    areas.giveTree(9, [areas.area(start, end)]);
    const page = kernel.image.takePages(1);
    kernel.image.write(page, 'far away');
    kernel.image.map(start + 0x80_0000_0000n, { to: page, root: kernel.rootOf(9) });
    const linux = kernel.linux();
    const [area] = [...walkAreas(linux)];
    const limits = { ...linux.space.memory.limits, reads: 100_000 };
    linux.space.memory.chargeTo(new Budget(limits));
    const told = [...area!.pieces()].map((piece) => ('bytes' in piece ? piece.bytes.length : piece));
    const half = 2 ** 39;
    expect(told).toEqual([
      { at: 0, missing: half, why: 'never-touched' },
      4096,
      { at: half + 4096, missing: half - 4096, why: 'never-touched' },
    ]);
  });

  it('has its columns in the order that others rely on', () => {
    expect(Object.keys(maps.columns).join(' ')).toBe(
      'pid start end flags offset device inode path container',
    );
  });

  it('says that a mapping is lost which the kernel counts', async () => {
    const { kernel, areas } = drawn();
    areas.giveTree(9, plain(areas, 3));
    kernel.write(areas.memoryOf(9), 'mm_struct', { map_count: 4 });
    const { rows, notes } = await ask(maps, kernel.linux());
    expect(rows).toHaveLength(3);
    expect(notes).toEqual(['mappings of process 9: the kernel counts 4, and 3 are found']);
  });

  it('believes no mapping that ends before it begins', async () => {
    const { kernel, areas } = drawn();
    areas.giveTree(9, [areas.area(0x40_0000n, 0x40_1000n), areas.area(0x7000_0000n, 0x6000_0000n)]);
    const [one, other] = (await ask(maps, kernel.linux())).rows;
    expect(one).toMatchObject({ start: 0x40_0000n, end: 0x40_1000n });
    const ABSENT = { absent: 'corrupt-structure' };
    expect(other).toMatchObject({ start: ABSENT, end: ABSENT });
  });
});
