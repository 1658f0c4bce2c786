// Injected code in drawn memory: anonymous, writable, a program in no file, text that is not its file's.
import { describe, expect, it } from 'vitest';
import malfind from '../../plugins/malfind.ts';
import { DrawnAreas } from '../support/areas.ts';
import { drawWords, linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnPages } from '../support/page-cache.ts';
import { ask, column } from '../support/rows.ts';

const WITHOUT = ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'];
const TEXT = 0x40_0000n;
const CODE = 0x80_0000n;
const [READ, WRITE, EXEC] = [1n, 2n, 4n];
const RX = READ | EXEC;

/** A process with two pages of text of a file, both cached, and an area of its own at CODE. */
function drawn({ flags = RX, own = 1n } = {}) {
  const kernel = fakeKernel('init(1) bash(9)', { without: WITHOUT });
  const [areas, files, pages] = [new DrawnAreas(kernel), new DrawnFiles(kernel), new DrawnPages(kernel)];
  const file = files.entry(files.root, 'bash');
  kernel.write(file.inode, 'inode', { i_size: 0x2000 });
  const mapping = pages.mapping(file.inode);
  const cached = [0, 1].map((nth) => pages.page(nth, `text${nth}`, { mapping, index: nth }));
  pages.plant(mapping, pages.node(0, { 0: cached[0]!, 1: cached[1]! }));
  const vm_file = files.open(file, { f_mapping: mapping });
  const code = areas.area(CODE, CODE + 0x2000n, { vm_flags: flags });
  const text = areas.area(TEXT, TEXT + 0x2000n, { vm_file, vm_flags: RX, anon_vma: own });
  areas.giveTree(9, [text, code]);
  kernel.write(areas.memoryOf(9), 'mm_struct', { task_size: 0x7fff_ffff_f000n });
  const root = kernel.rootOf(9);
  /** Gives the process a page of its own. */
  const write = (address: bigint, content: string | Uint8Array): number => {
    const at = kernel.image.takePages(1);
    kernel.image.write(at, content);
    kernel.image.map(address, { to: at, root });
    return at;
  };
  const find = () => ask(malfind, linuxWith(kernel, { mem_map: pages.symbol }));
  return { kernel, areas, pages, mapping, code, write, find };
}

describe('malfind', () => {
  it('is silent about text that is the file’s, and about data', async () => {
    const { write, find } = drawn({ flags: READ | WRITE });
    write(CODE, 'data');
    write(TEXT, 'text0');
    expect(await find()).toEqual({ rows: [], notes: [] });
  });

  it('shows code in no file, from its first content on', async () => {
    const { write, find } = drawn({ flags: RX | WRITE });
    write(CODE, new Uint8Array(4096));
    write(CODE + 0x1000n, Buffer.from(`${'00'.repeat(32)}554889e5c3`, 'hex'));
    const { rows, notes } = await find();
    expect(notes).toEqual([]);
    expect(rows).toEqual([
      {
        ...{ pid: 9, name: 'bash', start: CODE, end: CODE + 0x2000n, flags: 'rwxp', path: null },
        ...{ why: 'writable,anonymous', changed: null, where: CODE + 0x1020n, container: null },
        hexdump: expect.stringMatching(/^55 48 89 e5 c3 00( 00){58}$/) as string,
        disassembly: expect.stringMatching(/^push rbp; mov rbp, rsp; ret; add /) as string,
      },
    ]);
  });

  it('decodes code of a program of 32 bits as such', async () => {
    const { kernel, areas, write, find } = drawn();
    kernel.write(areas.memoryOf(9), 'mm_struct', { task_size: 0xffff_e000n });
    write(CODE, Buffer.from('4889e5c3', 'hex'));
    expect(column(await find(), 'disassembly')).toEqual([
      expect.stringMatching(/^dec eax; mov ebp, esp; ret/),
    ]);
  });

  it('shows a program in memory that no file is behind', async () => {
    const { write, find } = drawn({ flags: READ });
    write(CODE, '\x7fELF\x02\x01\x01');
    const { rows } = await find();
    expect(rows).toMatchObject([{ why: 'elf', where: CODE, disassembly: null }]);
    expect(String(rows[0]!['hexdump'])).toMatch(/^7f 45 4c 46 02 01 01 00/);
  });

  it('shows text that is not the file’s, and where it begins to differ', async () => {
    const { write, find } = drawn({ flags: READ });
    write(TEXT, 'text0');
    write(TEXT + 0x1000n, 'tExt1');
    const { rows, notes } = await find();
    expect(notes).toEqual([]);
    expect(rows).toMatchObject([
      { start: TEXT, path: '/bash', why: 'changed', changed: 1, where: TEXT + 0x1001n },
    ]);
  });

  it('does not call text clean that it cannot compare', async () => {
    const { pages, mapping, write, find } = drawn({ flags: READ });
    pages.plant(mapping, 0n);
    write(TEXT, 'text0');
    expect((await find()).rows).toMatchObject([{ why: 'uncompared', changed: { absent: 'not-cached' } }]);
  });

  it('says that its own page of the text is lost', async () => {
    const { kernel, write, find } = drawn({ flags: READ });
    kernel.image.lose(write(TEXT, 'tExt0'));
    expect((await find()).rows).toMatchObject([
      { why: 'uncompared', changed: { absent: 'not-in-snapshot' } },
    ]);
  });

  it('says where a program could not be seen, for its page is lost', async () => {
    const { kernel, write, find } = drawn({ flags: READ });
    kernel.image.lose(write(CODE, '\x7fELF'));
    const { rows, notes } = await find();
    expect(rows).toEqual([]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^1 anonymous mapping cannot be looked at for the header of a program: physical page 0x\w+ is not in the snapshot$/,
      ),
    ]);
  });

  it('knows the code that the kernel gives every process', async () => {
    const { kernel, code, pages } = drawn();
    const operations = 0xffff_ffff_8111_0000n;
    const mapping = kernel.draw('vm_special_mapping', { name: drawWords(kernel, [0x5d6f_7364_765bn]) });
    kernel.write(code, 'vm_area_struct', { vm_ops: operations, vm_private_data: mapping });
    const linux = linuxWith(kernel, { mem_map: pages.symbol, special_mapping_vmops: operations });
    expect((await ask(malfind, linux)).rows).toEqual([]);
  });

  it('ends at a mapping of terabytes, and says what it did not look through', async () => {
    const { kernel, code, find } = drawn({ flags: RX });
    kernel.write(code, 'vm_area_struct', { vm_end: 0x7000_0000_0000n });
    const row = (await find()).rows[0]!;
    expect(row).toMatchObject({ why: 'anonymous', where: null, hexdump: null });
  });

  it('tells triage what each word means', () => {
    const told = (why: string, path: string | null = null) =>
      malfind.why!({ why, path } as never, undefined as never);
    expect(told('writable,anonymous')).toEqual(['memory is writable and executable']);
    expect(told('writable,anonymous', '[stack]')).toEqual(['[stack] is writable and executable']);
    expect(told('anonymous,elf')).toEqual([
      'code that is in no file',
      'the header of a program in memory that no file is behind',
    ]);
  });
});
