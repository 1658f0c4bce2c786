// Cached files on drawn kernels: what is told of them, their bytes, and what damage costs.
import { describe, expect, it } from 'vitest';
import pagecache from '../../plugins/pagecache.ts';
import { cachedFiles } from '../../src/kernel/linux/memory/cached-files.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles, type Spot } from '../support/files.ts';
import { type FakeKernel, fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { DrawnPages } from '../support/page-cache.ts';
import { ask, column } from '../support/rows.ts';

const PAGE = 4096;
/** What kernels with times of two numbers each have. */
const TIMES = { i_mtime_sec: 1_000_000_000, i_mtime_nsec: 987_654_321 };

/** A disk with a file of three pages less a hundred bytes, of which the second is not cached; and a file in memory like it. */
function drawn(type = 'ext4') {
  const kernel = fakeKernel('init(1)');
  const files = new DrawnFiles(kernel);
  const pages = new DrawnPages(kernel);
  const disk = files.mount(type, 0x80_00001, files.entry(files.root, 'srv', 0o040755));
  const file = files.entry(disk, 'note', 0o104750);
  const mapping = pages.mapping(file.inode);
  const first = pages.page(0, 'first', { mapping, index: 0 });
  const third = pages.page(1, 'third', { mapping, index: 2 });
  const node = pages.node(0, { 0: first, 2: third });
  pages.plant(mapping, node);
  kernel.write(mapping, 'address_space', { nrpages: 2 });
  const own = { i_uid: 1000, i_gid: 100, i_nlink: 1, i_size: 3 * PAGE - 100, i_mapping: mapping };
  kernel.write(file.inode, 'inode', { ...own, ...TIMES });
  name(kernel, file);
  const world = new DrawnMounts(files);
  world.namespace(1, [
    [files.root, { id: 1 }],
    [disk, { id: 2 }],
  ]);
  const symbols = { ...world.publish(new Map([[disk.block, [file.inode]]])), mem_map: pages.symbol };
  const linux = () => linuxWith(kernel, symbols);
  return { kernel, files, pages, disk, file, mapping, node, linux };
}

/** Makes an entry the one name that its inode has. */
function name(kernel: FakeKernel, { dentry, inode }: Spot): void {
  const place = kernel.physical(kernel.member(inode, 'inode', 'i_dentry'));
  kernel.image.put64(place, kernel.member(dentry, 'dentry', 'd_alias'));
}

/** The bytes of the only file, each piece in a word. */
function piecesOf({ linux }: ReturnType<typeof drawn>): string[] {
  const [file] = [...cachedFiles(linux())];
  const { content } = file!;
  return [...content!.pieces()].map((piece) => {
    if ('bytes' in piece)
      return `${piece.at} ${Buffer.from(piece.bytes.subarray(0, 5)).toString()} ${piece.bytes.length}`;
    return 'zeros' in piece
      ? `${piece.at} zeros ${piece.zeros}`
      : `${piece.at} ${piece.why} ${piece.missing}`;
  });
}

describe('pagecache', () => {
  it('tells of a file what stat does, and how much of it is cached', async () => {
    const { rows, notes } = await ask(pagecache, drawn().linux());
    expect(rows).toEqual([
      {
        ...{
          path: '/srv/note',
          device: '80:01',
          fileSystem: 'ext4',
          inode: 4,
          type: 'regular',
          mode: '4750',
        },
        ...{ uid: 1000, gid: 100, size: 3 * PAGE - 100, links: 1, cachedPages: 2 },
        modified: new Date(1_000_000_000_987),
        ...{ changed: new Date(0), accessed: new Date(0), address: rows[0]!['address'] },
      },
    ]);
    expect(notes).toEqual([]);
  });

  it('has the bytes of what is cached, and of the rest the reason', () => {
    expect(piecesOf(drawn())).toEqual(['0 first 4096', '4096 not-cached 4096', '8192 third 3996']);
  });

  it('knows that what a file in memory lacks are zeros', () => {
    expect(piecesOf(drawn('tmpfs'))).toEqual(['0 first 4096', '4096 zeros 4096', '8192 third 3996']);
  });

  it('loses a page, or a node with all below it, as holes', () => {
    const one = drawn();
    one.kernel.image.lose(one.pages.memory);
    expect(piecesOf(one)).toEqual(['0 not-in-snapshot 4096', '4096 not-cached 4096', '8192 third 3996']);
    const all = drawn();
    all.kernel.lose(all.node - 2n);
    expect(piecesOf(all)).toEqual(['0 not-in-snapshot 12188']);
  });

  it('takes no page of another file, and no tree that leads back to itself', () => {
    const other = drawn();
    other.pages.page(0, 'first', { mapping: other.mapping + 64n, index: 0 });
    expect(piecesOf(other)[0]).toBe('0 corrupt-structure 4096');
    const loop = drawn();
    loop.pages.plant(loop.mapping, loop.pages.node(3, { 0: loop.node, 1: loop.node }));
    loop.pages.fill(loop.node, { 1: loop.node });
    expect(piecesOf(loop)).toEqual(['0 first 4096', '4096 not-cached 4096', '8192 third 3996']);
    const self = drawn();
    const node = self.pages.node(3, {});
    self.pages.fill(node, { 0: node });
    self.pages.plant(self.mapping, node);
    expect(piecesOf(self)).toEqual(['0 corrupt-structure 12188']);
  });

  it('passes over a terabyte of nothing', () => {
    const world = drawn('tmpfs');
    world.kernel.write(world.file.inode, 'inode', { i_size: 2n ** 40n });
    expect(piecesOf(world).at(-1)).toBe(`${3 * PAGE} zeros ${2 ** 40 - 3 * PAGE}`);
  });

  it('believes in no file that is larger than any', () => {
    const world = drawn();
    world.kernel.write(world.file.inode, 'inode', { i_size: 2n ** 62n });
    expect(() => piecesOf(world)).toThrow('a file of');
  });

  it('tells what is deleted, and what has no name', async () => {
    const gone = drawn();
    const hash = gone.kernel.member(gone.file.dentry, 'dentry', 'd_hash');
    gone.kernel.write(hash, 'hlist_bl_node', { pprev: 0n });
    expect(column(await ask(pagecache, gone.linux()), 'path')).toEqual(['/srv/note (deleted)']);
    const bare = drawn();
    bare.kernel.image.put64(
      bare.kernel.physical(bare.kernel.member(bare.file.inode, 'inode', 'i_dentry')),
      0n,
    );
    expect(column(await ask(pagecache, bare.linux()), 'path')).toEqual([null]);
  });

  it('ends where the names of files are in a ring, and says where a list breaks', async () => {
    const ring = drawn();
    const alias = ring.kernel.member(ring.file.dentry, 'dentry', 'd_alias');
    ring.kernel.write(ring.kernel.member(ring.file.dentry, 'dentry', 'd_hash'), 'hlist_bl_node', {
      pprev: 0n,
    });
    ring.kernel.image.put64(ring.kernel.physical(alias), alias);
    expect(column(await ask(pagecache, ring.linux()), 'path')).toEqual(['/srv/note (deleted)']);
    const broken = drawn();
    broken.kernel.lose(broken.file.inode);
    const { rows, notes } = await ask(pagecache, broken.linux());
    expect(rows.map(({ size }) => size)).toEqual([{ absent: 'not-in-snapshot' }]);
    expect(notes.join()).toMatch(/inode.i_sb_list list breaks after 1 entries/);
  });
});
