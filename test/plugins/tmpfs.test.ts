// Files in memory alone on drawn kernels: what is told of them, what is in swap, and what damage costs.
import { describe, expect, it } from 'vitest';
import tmpfs from '../../plugins/tmpfs.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles, type Spot } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { DrawnPages } from '../support/page-cache.ts';
import { ask, column } from '../support/rows.ts';

const PAGE = 4096;

/** A disk, which is no matter, and a file system in memory with a file and two links, a short one and a long one. */
function drawn(type = 'tmpfs') {
  // The inode stands in what mm/shmem.c has of a file.
  const kernel = fakeKernel('init(1)', { at: { 'shmem_inode_info.vfs_inode': 64 } });
  const files = new DrawnFiles(kernel);
  const pages = new DrawnPages(kernel);
  const memory = files.mount(type, 0x1b, files.entry(files.root, 'run', 0o040755));
  const write = ({ inode }: Spot, values: Readonly<Record<string, bigint | number>>): void =>
    kernel.write(inode, 'inode', values);
  /** The inode of a file made anew inside of its struct of mm/shmem.c. */
  const inMemory = (name: string, mode: number, swapped: number): Spot => {
    const spot = files.entry(memory, name, mode);
    const own = kernel.draw('shmem_inode_info', { swapped });
    const inode = kernel.member(own, 'shmem_inode_info', 'vfs_inode');
    const { i_ino, i_sb } = { i_ino: kernel.read(spot.inode, 'inode', 'i_ino'), i_sb: memory.block };
    kernel.write(inode, 'inode', { i_ino, i_mode: mode, i_sb });
    kernel.write(spot.dentry, 'dentry', { d_inode: inode });
    const alias = kernel.member(spot.dentry, 'dentry', 'd_alias');
    kernel.image.put64(kernel.physical(kernel.member(inode, 'inode', 'i_dentry')), alias);
    return { ...spot, inode };
  };
  const file = inMemory('secret', 0o100600, 3);
  const mapping = pages.mapping(file.inode);
  pages.plant(mapping, pages.page(0, 'secret', { mapping, index: 0 }));
  kernel.write(mapping, 'address_space', { nrpages: 1 });
  write(file, { i_uid: 1000, i_nlink: 1, i_size: PAGE - 6, i_mapping: mapping });
  const short = inMemory('short', 0o120777, 0);
  write(short, { i_link: files.text('../etc/shadow'), i_size: 13 });
  const long = inMemory('long', 0o120777, 0);
  const target = pages.mapping(long.inode);
  pages.plant(target, pages.page(1, 'far/away', { mapping: target, index: 0 }));
  kernel.write(target, 'address_space', { nrpages: 1 });
  write(long, { i_size: 8, i_mapping: target });
  const world = new DrawnMounts(files);
  world.namespace(1, [
    [files.root, { id: 1 }],
    [memory, { id: 2 }],
  ]);
  const inodes = new Map([
    [files.root.block, [files.root.inode]],
    [memory.block, [file.inode, short.inode, long.inode]],
  ]);
  const symbols = { ...world.publish(inodes), mem_map: pages.symbol };
  return { kernel, file, short, long, pages, linux: () => linuxWith(kernel, symbols) };
}

describe('tmpfs', () => {
  it('tells of files in memory alone what stat does, and how much is in swap', async () => {
    const { rows, notes } = await ask(tmpfs, drawn().linux());
    const [file] = rows;
    expect(file).toMatchObject({
      ...{
        path: '/run/secret',
        device: '00:1b',
        fileSystem: 'tmpfs',
        type: 'regular',
        mode: '0600',
        uid: 1000,
      },
      ...{ size: PAGE - 6, links: 1, target: null, pages: 1, swappedPages: 3 },
    });
    expect(rows.map(({ path }) => path)).toEqual(['/run/secret', '/run/short', '/run/long']);
    expect(rows.map(({ target }) => target)).toEqual([null, '../etc/shadow', 'far/away']);
    expect(notes).toEqual([]);
  });

  it('knows no swap of a file system that has none, and no file of a disk', async () => {
    expect(column(await ask(tmpfs, drawn('ramfs').linux()), 'swappedPages')).toEqual([null, null, null]);
    expect((await ask(tmpfs, drawn('ext4').linux())).rows).toEqual([]);
  });

  it('loses a page as cells, and a broken list with a note', async () => {
    const lost = drawn();
    lost.kernel.image.lose(lost.pages.memory + PAGE);
    expect(column(await ask(tmpfs, lost.linux()), 'target')[2]).toEqual({ absent: 'not-in-snapshot' });
    const odd = drawn();
    odd.kernel.write(odd.long.inode, 'inode', { i_size: 2n ** 40n });
    expect(column(await ask(tmpfs, odd.linux()), 'target')[2]).toEqual({ absent: 'corrupt-structure' });
    const broken = drawn();
    broken.kernel.lose(broken.short.inode);
    const { rows, notes } = await ask(tmpfs, broken.linux());
    expect(rows[1]?.['size']).toEqual({ absent: 'not-in-snapshot' });
    expect(notes.join()).toMatch(/inode.i_sb_list list breaks/);
  });
});
