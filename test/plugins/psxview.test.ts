// Which structures have a task, on drawn memory: whoever is taken off one lacks that one alone, and nothing is false where
// a walk broke.
import { describe, expect, it } from 'vitest';
import psxview from '../../plugins/psxview.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { ask, column } from '../support/rows.ts';

const DRAWING = 'init(1) [kthreadd](2) sshd(200 < 1) rootkit(300 < 200)';

const asked = async (change: (drawn: FakeKernel) => void = () => undefined) => {
  const drawn = fakeKernel(DRAWING);
  change(drawn);
  const answer = await ask(psxview, drawn.linux());
  return { answer, row: answer.rows.find(({ pid }) => pid === 300) };
};

describe('psxview', () => {
  it('has a row for each task, and all views have it', async () => {
    const { answer } = await asked();
    expect(column(answer, 'pid')).toEqual([1, 2, 200, 300]);
    for (const view of ['taskList', 'pids', 'threads', 'children', 'carved'])
      expect(column(answer, view)).toEqual([true, true, true, true]);
  });

  it('tells what lacks a process', async () => {
    const { row } = await asked((drawn) => drawn.unlink(drawn.task(300), 'tasks'));
    expect(row).toMatchObject({ taskList: false, pids: true, threads: true, children: true, carved: true });
  });

  it('has a process that only its shape tells', async () => {
    const { row } = await asked((drawn) => {
      drawn.unlink(drawn.task(300), 'tasks');
      drawn.unlink(drawn.task(300), 'sibling');
      drawn.detach(300);
    });
    expect(row).toMatchObject({
      taskList: false,
      pids: false,
      threads: false,
      children: false,
      carved: true,
    });
  });

  it('says no more than it knows of a table that breaks', async () => {
    const { row } = await asked((drawn) => {
      drawn.detach(300);
      drawn.lose(drawn.pid(200));
    });
    expect(row).toMatchObject({ taskList: true, pids: { absent: 'walk-incomplete' } });
  });
});

/** Hides a process from everything that lists processes, and makes it look like no task to whoever looks for its shape. */
function hide(drawn: FakeKernel, pid: number): void {
  drawn.unlink(drawn.task(pid), 'tasks');
  drawn.unlink(drawn.task(pid), 'sibling');
  drawn.detach(pid);
  drawn.write(drawn.task(pid), 'task_struct', { sched_class: 8n });
}

describe('a process that nothing lists', () => {
  const FILES = { without: ['vm_area_struct.vm_next', 'mm_struct.mmap'] };

  /** A file that process 300 has mapped. @returns where the mapping is, and what opens the kernel */
  function mapped() {
    const drawn = fakeKernel(DRAWING, FILES);
    const files = new DrawnFiles(drawn);
    const { inode, block } = files.entry(files.root, 'libc.so');
    const mm = drawn.read(drawn.task(300), 'task_struct', 'mm');
    drawn.write(mm, 'mm_struct', { owner: drawn.task(300) });
    const area = drawn.draw('vm_area_struct', { vm_mm: mm });
    const cached = drawn.draw('address_space', { host: inode });
    drawn.write(inode, 'inode', { i_mapping: cached });
    const tree = drawn.member(cached, 'address_space', 'i_mmap');
    drawn.write(drawn.member(tree, 'rb_root_cached', 'rb_root'), 'rb_root', {
      rb_node: drawn.member(area, 'vm_area_struct', 'shared'),
    });
    drawn.link([drawn.member(block, 'super_block', 's_inodes'), drawn.member(inode, 'inode', 'i_sb_list')]);
    const head = drawn.virtual(drawn.image.take(16, 4096));
    drawn.link([head, drawn.member(block, 'super_block', 's_list')]);
    hide(drawn, 300);
    return { drawn, mm, area, tree, linux: () => linuxWith(drawn, { super_blocks: head }) };
  }

  it('is found by a file that it has mapped', async () => {
    const { rows, notes } = await ask(psxview, mapped().linux());
    expect(notes).toEqual([]);
    expect(rows.find(({ pid }) => pid === 300)).toMatchObject({
      ...{ taskList: false, pids: false, threads: false, children: false, carved: false, holders: true },
    });
    expect(rows.filter(({ pid }) => pid !== 300).map(({ holders }) => holders)).toEqual([null, null, null]);
  });

  it.each<[string, (found: ReturnType<typeof mapped>) => void]>([
    ['is given up', ({ drawn }) => drawn.write(drawn.task(300), 'task_struct', { mm: 0n })],
    ['is another’s now', ({ drawn, mm }) => drawn.write(mm, 'mm_struct', { owner: drawn.task(200) })],
    ['is nobody’s', ({ drawn, mm }) => drawn.write(mm, 'mm_struct', { owner: 0n })],
    ['is lost', ({ drawn, mm }) => drawn.lose(mm)],
    ['has a mapping that is lost', ({ drawn, area }) => drawn.lose(area)],
  ])('is not found by a memory that %s', async (_, change) => {
    const found = mapped();
    change(found);
    const { rows } = await ask(psxview, found.linux());
    expect(rows.map(({ pid }) => pid)).toEqual([1, 2, 200]);
  });

  it('costs a note where the tree of mappings loops', async () => {
    const { drawn, area, linux } = mapped();
    const node = drawn.member(area, 'vm_area_struct', 'shared');
    drawn.write(node, 'rb_node', { rb_left: node });
    const { rows, notes } = await ask(psxview, linux());
    expect(rows.some(({ pid }) => pid === 300)).toBe(true);
    expect(notes).toEqual([expect.stringMatching(/^mappings of a file: nodes loop at /)]);
  });

  it.each([false, true])('is found by a file whose owner it is, kept apart: %s', async (isApart) => {
    const drawn = fakeKernel(DRAWING, FILES);
    const files = new DrawnFiles(drawn);
    const file = files.open(files.entry(files.root, 'terminal'));
    files.give(200, { 3: file });
    const number = drawn.pid(300);
    hide(drawn, 300);
    // Off the table, the number still leads to its tasks.
    const link = drawn.member(drawn.task(300), 'task_struct', 'pid_links');
    const links = drawn.physical(drawn.member(number, 'pid', 'tasks'));
    for (const type of [0, 1]) drawn.image.put64(links + 8 * type, link + BigInt(16 * type));
    drawn.lose(drawn.symbol('init_pid_ns'));
    const place = drawn.member(file, 'file', 'f_owner');
    if (isApart) {
      const members = drawn.profile.types['file']!.members as Record<string, readonly [number, number]>;
      members['f_owner'] = [members['f_owner']![0], 8];
      drawn.write(file, 'file', { f_owner: drawn.draw('fown_struct', { pid: number }) });
    } else drawn.write(place, 'fown_struct', { pid: number });
    const { rows } = await ask(psxview, drawn.linux());
    expect(rows.find(({ pid }) => pid === 300)).toMatchObject({
      taskList: false,
      carved: false,
      holders: true,
    });
  });
});
