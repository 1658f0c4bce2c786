import { describe, expect, it } from 'vitest';
import keys from '../../plugins/keys.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { DrawnAreas } from '../support/areas.ts';
import { fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const KEY = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const HEAP = 0x5555_0000_0000n;

/** A kernel with a key schedule 64 bytes into a page of memory that is nobody's yet. */
function drawn() {
  const kernel = fakeKernel('init(1)  gpg(9)  agent(10)', {
    without: ['mm_struct.mmap', 'vm_area_struct.vm_next', 'vm_area_struct.shared'],
  });
  const page = kernel.image.takePages(1);
  kernel.image.write(page + 64, drawSchedule(KEY).bytes);
  return { kernel, areas: new DrawnAreas(kernel), page };
}

describe('keys', () => {
  it('names who holds a key, and where', async () => {
    const { kernel, areas, page } = drawn();
    kernel.image.map(HEAP, { to: page, root: kernel.rootOf(9) });
    kernel.write(areas.memoryOf(9), 'mm_struct', { start_brk: HEAP, brk: HEAP + 0x1000n });
    areas.giveTree(9, [areas.area(HEAP, HEAP + 0x1000n)]);
    expect(await ask(keys, kernel.linux(), { reveal: true })).toEqual({
      rows: [
        {
          ...{
            size: 128,
            key: KEY.toString('hex'),
            fingerprint: 'be45cb2605bf36be',
            physical: BigInt(page + 64),
          },
          ...{ pid: 9, process: 'gpg', mapping: '[heap]', address: HEAP + 64n, form: 'encryption' },
          use: 'public constant',
          container: null,
        },
      ],
      notes: [],
    });
  });

  it('hides keys unless asked', async () => {
    const answer = await ask(keys, drawn().kernel.linux(), { reveal: false });
    expect(column(answer, 'key')).toEqual(['hidden']);
    expect(column(answer, 'fingerprint')).toEqual(['be45cb2605bf36be']);
  });

  it('has one row for each process that shares the page, and one where none has it', async () => {
    const { kernel, page } = drawn();
    expect(column(await ask(keys, kernel.linux()), 'pid')).toEqual([null]);
    for (const pid of [9, 10]) kernel.image.map(HEAP, { to: page, root: kernel.rootOf(pid) });
    const answer = await ask(keys, kernel.linux());
    expect(column(answer, 'process')).toEqual(['gpg', 'agent']);
    expect(column(answer, 'mapping')).toEqual([null, null]);
  });

  it('knows the holder of a page that its process has locked away', async () => {
    const { kernel, areas, page } = drawn();
    const root = kernel.rootOf(10);
    // PROT_NONE: not present, the global bit set, the frame inverted (arch/x86/include/asm/pgtable-invert.h).
    const entry = (~BigInt(page) & 0x000f_ffff_ffff_f000n) | 0x100n;
    kernel.image.put64(kernel.image.entry(HEAP, 1, root), entry);
    areas.giveTree(10, [areas.area(HEAP, HEAP + 0x1000n)]);
    const answer = await ask(keys, kernel.linux());
    expect(answer.rows).toMatchObject([
      { pid: 10, mapping: 'anonymous 0x555500000000-0x555500001000', address: HEAP + 64n },
    ]);
  });

  it('finds the holder in a large page', async () => {
    const { kernel, areas } = drawn();
    const large = kernel.image.map(0x4000_0000n, { size: '2M', root: kernel.rootOf(9) });
    kernel.image.write(large + 0x12_3456, drawSchedule(KEY).bytes);
    areas.giveTree(9, [areas.area(0x4000_0000n, 0x4020_0000n)]);
    const answer = await ask(keys, kernel.linux());
    expect(column(answer, 'address')).toEqual([null, 0x4012_3456n]);
  });

  it('says whose page tables it could not read', async () => {
    const { kernel } = drawn();
    kernel.image.lose(kernel.rootOf(9));
    const answer = await ask(keys, kernel.linux());
    expect(column(answer, 'pid')).toEqual([null]);
    expect(answer.notes).toContain('process 9: 1 page tables are not in the snapshot');
  });

  it('says of a mapping that it cannot be read, and still names who holds the key', async () => {
    const { kernel, areas, page } = drawn();
    kernel.image.map(HEAP, { to: page, root: kernel.rootOf(9) });
    const [lost, other] = [areas.area(HEAP, HEAP + 0x1000n), areas.area(HEAP + 0x8000n, HEAP + 0x9000n)];
    areas.giveTree(9, [lost, other]);
    kernel.lose(lost);
    const { rows, notes } = await ask(keys, kernel.linux());
    expect(notes).toEqual([]);
    expect(rows).toMatchObject([{ pid: 9, mapping: { absent: 'not-in-snapshot' }, address: HEAP + 64n }]);
  });

  it('keeps what others hold where the memory of one process is lost', async () => {
    const { kernel, page } = drawn();
    for (const pid of [9, 10]) kernel.image.map(HEAP, { to: page, root: kernel.rootOf(pid) });
    kernel.lose(kernel.read(kernel.task(9), 'task_struct', 'mm'));
    const answer = await ask(keys, kernel.linux());
    expect(column(answer, 'process')).toEqual(['agent']);
    expect(answer.notes).toEqual([expect.stringMatching(/^page tables of process 9: physical page/)]);
  });

  it('walks an address space once, whoever shares it', async () => {
    const { kernel, page } = drawn();
    kernel.image.map(HEAP, { to: page, root: kernel.rootOf(9) });
    const mm = kernel.read(kernel.task(9), 'task_struct', 'mm');
    kernel.write(kernel.task(10), 'task_struct', { mm });
    kernel.image.put64(kernel.image.entry(HEAP + 0x20_0000n, 2, kernel.rootOf(9)), 0x7fff_ffff_f000n | 7n);
    const answer = await ask(keys, kernel.linux());
    expect(column(answer, 'process')).toEqual(['gpg', 'agent']);
    // A note of the one walk, which another would repeat.
    expect(answer.notes).toEqual(['process 9: 1 page tables are not in the snapshot']);
  });
});
