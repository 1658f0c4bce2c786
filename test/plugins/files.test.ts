import { describe, expect, it } from 'vitest';
import files from '../../plugins/files.ts';
import { openFiles } from '../../src/kernel/linux/process/open-files.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel, type KernelWishes } from '../support/kernel.ts';
import { DrawnPages } from '../support/page-cache.ts';
import { ask, column } from '../support/rows.ts';

/** A process 9 with a small world of files around it. */
function drawn(wishes: KernelWishes = {}) {
  const kernel = fakeKernel('init(1)  bash(9)', wishes);
  return { kernel, files: new DrawnFiles(kernel) };
}

/** The paths of what process 9 has open. */
const pathsOf = async (kernel: ReturnType<typeof fakeKernel>) =>
  column(await ask(files, kernel.linux()), 'path');

describe('files', () => {
  it('shows what each descriptor leads to', async () => {
    const { kernel, files: world } = drawn();
    const etc = world.entry(world.root, 'etc', 0o040755);
    const passwd = world.open(world.entry(etc, 'passwd'), { f_flags: 0o100002, f_pos: 77 });
    world.give(9, { 0: passwd, 63: world.open(etc, { f_flags: 0o200000 }) }, [63]);
    expect(await ask(files, kernel.linux())).toEqual({
      rows: [
        {
          pid: 9,
          fd: 0,
          path: '/etc/passwd',
          type: 'regular',
          device: 'fe:01',
          inode: 3,
          flags: 'O_RDWR|O_LARGEFILE',
          position: 77,
          tid: null,
          container: null,
        },
        {
          ...{ pid: 9, fd: 63, path: '/etc', type: 'directory', device: 'fe:01', inode: 2, position: 0 },
          flags: 'O_RDONLY|O_DIRECTORY|O_CLOEXEC',
          tid: null,
          container: null,
        },
      ],
      notes: [],
    });
  });

  it('crosses mounts, mounts on mounts and binds', async () => {
    const { kernel, files: world } = drawn();
    const srv = world.entry(world.root, 'srv', 0o040755);
    const disk = world.mount('xfs', 0x80_0001, srv);
    const deep = world.mount('tmpfs', 0x1c, world.entry(disk, 'deep', 0o040755));
    const over = world.mount('tmpfs', 0x1d, deep);
    const bound = world.bind(world.entry(deep, 'file'), world.entry(disk, 'elsewhere'));
    const opened = [disk, world.entry(deep, 'x'), world.entry(over, 'y'), bound].map((spot) =>
      world.open(spot),
    );
    world.give(9, Object.assign({}, opened));
    expect(await pathsOf(kernel)).toEqual(['/srv', '/srv/deep/x', '/srv/deep/y', '/srv/elsewhere']);
  });

  it('begins paths of other namespaces, and of mounts that are gone, at their own roots', async () => {
    const { kernel, files: world } = drawn();
    const other = world.mount('overlay', 0x30);
    const below = world.mount('proc', 0x31, world.entry(other, 'proc', 0o040555));
    world.give(9, { 0: world.open(other), 1: world.open(world.entry(below, 'self')) });
    expect(await pathsOf(kernel)).toEqual(['/', '/proc/self']);
  });

  it('names what is deleted, and what was never in a folder', async () => {
    const { kernel, files: world } = drawn();
    const gone = world.entry(world.root, 'gone', 0o100644, { deleted: true });
    const bare = (type: string, name: string, mode: number) =>
      world.open(world.entry(world.mount(type, 9), name, mode, { named: true, deleted: true }));
    world.give(9, {
      0: world.open(gone),
      1: bare('pipefs', '', 0o010600),
      2: bare('sockfs', '', 0o140777),
      3: bare('anon_inodefs', '[eventfd]', 0o000600),
      4: bare('tmpfs', 'memfd:code', 0o100777),
      5: bare('pidfs', '', 0o100700),
    });
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'path')).toEqual([
      '/gone (deleted)',
      'pipe:[4]',
      'socket:[6]',
      'anon_inode:[eventfd]',
      '/memfd:code (deleted)',
      'anon_inode:[pidfd]',
    ]);
    const types = ['regular', 'fifo', 'socket', 'anonymous', 'regular', 'anonymous'];
    expect(column(answer, 'type')).toEqual(types);
    expect(answer.notes).toEqual([]);
  });

  it('keeps bytes that are no text apart', async () => {
    const { kernel, files: world } = drawn();
    world.give(9, {
      0: world.open(world.entry(world.root, '\xff')),
      1: world.open(world.entry(world.root, 'a\nb')),
    });
    expect(await pathsOf(kernel)).toEqual(['/\\xff', '/a\nb']);
  });

  it('has no rows for processes that gave their files back', async () => {
    expect(await ask(files, drawn().kernel.linux())).toEqual({ rows: [], notes: [] });
  });

  it('loses one cell for one page', async () => {
    const { kernel, files: world } = drawn();
    const lost = world.entry(world.root, 'lost');
    world.give(9, { 0: world.open(lost), 1: world.open(world.entry(world.root, 'kept')) });
    kernel.lose(lost.dentry);
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'path')).toEqual([{ absent: 'not-in-snapshot' }, '/kept']);
    expect(column(answer, 'inode')).toEqual([2, 3]);
  });

  it('lists the rest of a table whose middle is lost, and says what it lacks', async () => {
    const { kernel, files: world } = drawn();
    const file = world.open(world.entry(world.root, 'f'));
    const array = world.give(9, { 1: file, 600: file, 1030: file }, [], 1536);
    kernel.lose(array + 4096n);
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'fd')).toEqual([1, 1030]);
    expect(answer.notes).toEqual(['file table of process 9: descriptors 512 to 1023 cannot be read']);
  });

  it('stops at a bound where a table claims too much', async () => {
    const { kernel, files: world } = drawn();
    world.give(9, { 0: world.open(world.entry(world.root, 'f')) });
    const table = kernel.read(kernel.task(9), 'task_struct', 'files');
    kernel.write(kernel.read(table, 'files_struct', 'fdt'), 'fdtable', { max_fds: 0xffff_ffff });
    const answer = await ask(files, kernel.linux());
    expect(answer.rows[0]).toMatchObject({ fd: 0, path: '/f' });
    expect(answer.notes).toContain(
      'file table of process 9 claims 4294967295 descriptors; the first 4194304 are listed',
    );
  });

  it('gives up a table of which page after page is not there', async () => {
    const { kernel, files: world } = drawn();
    world.give(9, { 0: world.open(world.entry(world.root, 'f')) });
    const table = kernel.read(kernel.task(9), 'task_struct', 'files');
    const nowhere = 0xffff_c900_dead_0000n;
    kernel.write(kernel.read(table, 'files_struct', 'fdt'), 'fdtable', { fd: nowhere, max_fds: 4_194_304 });
    const { rows, notes } = await ask(files, kernel.linux());
    expect(rows).toEqual([]);
    expect(notes).toHaveLength(65);
    expect(notes.at(-1)).toBe(
      'file table of process 9 is given up at descriptor 32768: no page of it is there',
    );
  });

  it('ends at folders that are within each other', async () => {
    const { kernel, files: world } = drawn();
    const [a, b] = [world.entry(world.root, 'a', 0o040755), world.entry(world.root, 'b', 0o040755)];
    kernel.write(a.dentry, 'dentry', { d_parent: b.dentry });
    kernel.write(b.dentry, 'dentry', { d_parent: a.dentry });
    world.give(9, { 0: world.open(a) });
    expect(await pathsOf(kernel)).toEqual([{ absent: 'corrupt-structure' }]);
  });

  it('names paths from their mounts where nobody can say what the root is', async () => {
    const { kernel, files: world } = drawn();
    world.give(9, { 0: world.open(world.entry(world.root, 'f')), 1: world.open(world.root) });
    kernel.write(kernel.task(0), 'task_struct', { fs: 0n });
    const answer = await ask(files, kernel.linux());
    expect(column(answer, 'path')).toEqual(['/f', '/']);
    expect(answer.notes).toEqual(['the root of all paths: the idle task has no root']);
  });

  it('has its columns in the order that others rely on', () => {
    expect(Object.keys(files.columns).join(' ')).toBe(
      'pid fd path type device inode flags position tid container',
    );
  });

  it('ends a table whose pages are one page of memory again and again', async () => {
    const { kernel, files: world } = drawn();
    const file = world.open(world.entry(world.root, 'file'));
    const array = world.give(
      9,
      Object.fromEntries(Array.from({ length: 512 }, (_, fd) => [fd, file])),
      [],
      512,
    );
    const forged = 0xffff_c900_0000_0000n;
    for (let page = 0n; page < 64n; page++)
      kernel.image.map(forged + 4096n * page, { to: kernel.physical(array) });
    const fdt = kernel.read(kernel.read(kernel.task(9), 'task_struct', 'files'), 'files_struct', 'fdt');
    kernel.write(fdt, 'fdtable', { fd: forged, max_fds: 64 * 512 });
    const { rows, notes } = await ask(files, kernel.linux());
    expect(rows).toHaveLength(512);
    expect(notes).toEqual([
      'file table of process 9 ends at descriptor 512: the rest is a page of memory that it has already',
    ]);
  });

  it('has the bytes of what is open, with its size, once for all who have it open', async () => {
    const { kernel, files: world } = drawn();
    const pages = new DrawnPages(kernel);
    const memory = world.mount('tmpfs', 1);
    const held = world.entry(memory, 'memfd:x', 0o100777, { named: true, deleted: true });
    const mapping = pages.mapping(held.inode);
    pages.plant(mapping, pages.page(0, 'in memory alone', { mapping, index: 0 }));
    kernel.write(mapping, 'address_space', { nrpages: 1 });
    kernel.write(held.inode, 'inode', { i_size: 5000, i_mapping: mapping });
    const uncached = world.entry(world.root, 'uncached');
    world.give(9, {
      3: world.open(held, { f_mapping: mapping }),
      4: world.open(held, { f_mapping: mapping }),
      5: world.open(uncached, { f_mapping: pages.mapping(uncached.inode) }),
    });
    const linux = linuxWith(kernel, { mem_map: pages.symbol });
    const [one, two, none] = await Promise.all([...openFiles(linux)].map((file) => files.artefact!(file)));
    expect(one).toMatchObject({ name: 'pid.9.fd3./memfd:x (deleted)', size: 5000 });
    expect(two!.same).toBe(one!.same);
    const told = [...one!.pieces()].map((piece) => ('bytes' in piece ? piece.bytes.length : piece));
    expect(told).toEqual([4096, { at: 4096, zeros: 904 }]);
    expect(none).toBeNull();
  });
});
