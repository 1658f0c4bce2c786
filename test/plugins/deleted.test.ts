// Files without a name, on drawn kernels: deleted ones and memory that passes for a file, and what damage costs.
import { describe, expect, it } from 'vitest';
import deleted from '../../plugins/deleted.ts';
import { deletedFiles } from '../../src/kernel/linux/process/deleted-files.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnPages } from '../support/page-cache.ts';
import { ask, column } from '../support/rows.ts';

/** Process 9 runs memory that passes for a file, has a deleted file open, one that is called so, a pipe, and is in a deleted folder. */
function drawn() {
  const kernel = fakeKernel('init(1)  dropper(9)');
  const files = new DrawnFiles(kernel);
  const pages = new DrawnPages(kernel);
  const memory = files.mount('tmpfs', 1);
  const program = files.entry(memory, 'memfd:x', 0o100777, { named: true, deleted: true });
  const mapping = pages.mapping(program.inode);
  pages.plant(mapping, pages.page(0, '\x7fELF', { mapping, index: 0 }));
  kernel.write(mapping, 'address_space', { nrpages: 1 });
  kernel.write(program.inode, 'inode', { i_size: 5000, i_mapping: mapping });
  const exe = files.open(program, { f_mapping: mapping });
  kernel.write(kernel.read(kernel.task(9), 'task_struct', 'mm'), 'mm_struct', { exe_file: exe });
  const gone = files.entry(files.root, 'gone', 0o100600, { deleted: true });
  const called = files.entry(files.root, 'called (deleted)');
  const pipe = files.entry(files.mount('pipefs', 2), '', 0o010600, { named: true, deleted: true });
  files.give(9, { 3: files.open(gone), 4: files.open(called), 5: files.open(pipe) });
  const folder = files.entry(files.root, 'old', 0o040755, { deleted: true });
  const folders = kernel.draw('fs_struct');
  for (const [member, { dentry, mount }] of [
    ['root', files.root],
    ['pwd', folder],
  ] as const)
    kernel.write(kernel.member(folders, 'fs_struct', member), 'path', {
      dentry,
      mnt: kernel.member(mount, 'mount', 'mnt'),
    });
  kernel.write(kernel.task(9), 'task_struct', { fs: folders });
  return { kernel, gone, program, linux: () => linuxWith(kernel, { mem_map: pages.symbol }) };
}

describe('deleted', () => {
  it('has what a process runs, has open and is in, and nothing that is only called so', async () => {
    const { rows } = await ask(deleted, drawn().linux());
    expect(rows.map(({ pid, how, fd, path }) => [pid, how, fd, path])).toEqual([
      [9, 'exe', null, '/memfd:x (deleted)'],
      [9, 'fd', 3, '/gone (deleted)'],
      [9, 'cwd', null, '/old (deleted)'],
    ]);
    expect(rows[0]).toMatchObject({ process: 'dropper', type: 'regular', size: 5000, cachedPages: 1 });
  });

  it('has the bytes of a program that runs from memory only', () => {
    const [first] = [...deletedFiles(drawn().linux())];
    const { size, pieces } = first!.file!.content!;
    expect(size).toBe(5000);
    const told = [...pieces()].map((piece) => ('bytes' in piece ? piece.bytes.length : piece));
    expect(told).toEqual([4096, { at: 4096, zeros: 904 }]);
  });

  it('loses an entry as a note, and keeps the others', async () => {
    const { kernel, gone, linux } = drawn();
    kernel.lose(gone.dentry);
    const answer = await ask(deleted, linux());
    expect(column(answer, 'how')).toEqual(['exe', 'cwd']);
    expect(answer.notes.join()).toMatch(/deleted files of process 9: .*not in the snapshot/);
  });

  it('loses an inode as cells', async () => {
    const { kernel, gone, linux } = drawn();
    kernel.lose(gone.inode);
    const answer = await ask(deleted, linux());
    expect(column(answer, 'size')[1]).toEqual({ absent: 'not-in-snapshot' });
    expect(column(answer, 'path')[1]).toBe('/gone (deleted)');
  });
});
