// Cached names on drawn kernels of both generations: trees, names that only the table has, and what damage costs.
import { describe, expect, it } from 'vitest';
import dentries from '../../plugins/dentries.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles, type Spot } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { ask, column, observed } from '../support/rows.ts';

const OLD_ONLY = ['dentry.d_subdirs', 'dentry.d_child'];
const NEW_ONLY = ['dentry.d_children', 'dentry.d_sib'];

/** A disk with a folder of three files, of which one is gone and one never was; and a file that only the table has. */
function drawn(isOld: boolean) {
  const kernel = fakeKernel('init(1)', {
    without: isOld ? NEW_ONLY : OLD_ONLY,
    at: { 'hlist_bl_node.pprev': 8 },
  });
  const files = new DrawnFiles(kernel);
  const word = (at: bigint, value: bigint): void => kernel.image.put64(kernel.physical(at), value);
  const member = ({ dentry }: Spot, name: string): bigint => kernel.member(dentry, 'dentry', name);
  const head = (spot: Spot): bigint => member(spot, isOld ? 'd_subdirs' : 'd_children');
  const link = (spot: Spot): bigint => member(spot, isOld ? 'd_child' : 'd_sib');
  const fill = (folder: Spot, children: readonly Spot[]): void => {
    if (isOld) kernel.link([head(folder), ...children.map(link)]);
    if (isOld) return;
    const chain = [head(folder), ...children.map(link), 0n];
    for (let at = 0; at + 1 < chain.length; at++) {
      word(chain[at]!, chain[at + 1]!);
      if (chain[at + 1] !== 0n) word(chain[at + 1]! + 8n, chain[at]!);
    }
  };
  const { root } = files;
  kernel.write(root.block, 'super_block', { s_root: root.dentry });
  word(kernel.member(root.inode, 'inode', 'i_dentry'), member(root, 'd_alias'));
  kernel.write(member(root, 'd_name'), 'qstr', { name: files.text('/'), len: 1 });
  const folder = files.entry(root, 'etc', 0o040755);
  const note = files.entry(folder, 'note');
  const gone = files.entry(folder, 'gone\n', 0o100600, { deleted: true });
  const never = files.entry(folder, 'never');
  const cursor = files.entry(folder, '/');
  const hidden = files.entry(folder, 'hidden');
  for (const { dentry } of [never, cursor]) kernel.write(dentry, 'dentry', { d_inode: 0n });
  for (const spot of [note, gone, never, cursor, hidden]) if (isOld) kernel.link([head(spot)]);
  fill(root, [folder]);
  fill(folder, [note, cursor, gone, never]);
  // Two chains, of which one has a lock in its head.
  const table = kernel.virtual(kernel.image.take(4096, 4096));
  const hash = (chain: bigint, spots: readonly Spot[]): void => {
    const links = [table + chain, ...spots.map((spot) => member(spot, 'd_hash')), 0n];
    for (let at = 0; at + 1 < links.length; at++) {
      word(links[at]!, links[at + 1]! | (at === 0 ? 1n : 0n));
      if (links[at + 1] !== 0n) word(links[at + 1]! + 8n, links[at]!);
    }
  };
  hash(0n, [folder, note]);
  hash(8n, [never, hidden]);
  const variables = kernel.virtual(kernel.image.take(4096, 4096));
  word(variables, table);
  word(variables + 8n, 31n);
  const world = new DrawnMounts(files);
  world.namespace(1, [[root, { id: 1 }]]);
  const symbols = { ...world.publish(), dentry_hashtable: variables, d_hash_shift: variables + 8n };
  return {
    kernel,
    files,
    folder,
    note,
    gone,
    hidden,
    link,
    head,
    word,
    fill,
    linux: () => linuxWith(kernel, symbols),
  };
}

describe.each([
  ['lists', true],
  ['chains', false],
])('dentries of kernels with %s of entries', (_, isOld) => {
  it('tells every name below a root, and those that only the table has', async () => {
    const { rows, notes } = await ask(dentries, drawn(isOld).linux());
    const all = { device: 'fe:01', fileSystem: 'ext4', uses: 0 };
    const regular = { ...all, type: 'regular' };
    const none = { ...all, type: null, inode: null };
    expect(rows.map(({ address, ...row }) => row)).toEqual([
      { ...all, path: '/', state: 'linked', type: 'directory', inode: 1, views: 'tree' },
      { ...all, path: '/etc', state: 'linked', type: 'directory', inode: 2, views: 'tree,table' },
      { ...regular, path: '/etc/note', state: 'linked', inode: 3, views: 'tree,table' },
      { ...regular, path: '/etc/gone\n', state: 'unlinked', inode: 4, views: 'tree' },
      { ...none, path: '/etc/never', state: 'negative', views: 'tree,table' },
      { ...regular, path: '/etc/hidden', state: 'linked', inode: 7, views: 'table' },
    ]);
    expect(notes).toEqual([]);
    expect(observed(dentries, { rows, notes })).toEqual([
      expect.stringMatching(/^1 name is found by paths and not in the list of the folder.*: \/etc\/hidden$/),
    ]);
  });

  it('goes into no folder twice, and says what is none of a folder', async () => {
    const ring = drawn(isOld);
    // The file leads back to its folder, and an entry of the folder names another as its own.
    ring.fill(ring.note, [ring.folder]);
    ring.kernel.write(ring.gone.dentry, 'dentry', { d_parent: ring.note.dentry });
    const { rows, notes } = await ask(dentries, ring.linux());
    expect(rows.map(({ path }) => path)).toEqual(['/', '/etc', '/etc/note', '/etc/never', '/etc/hidden']);
    expect(notes.join()).toMatch(/entries of folders name another folder/);
  });

  it('ends where entries loop, and loses a page with a note', async () => {
    const loop = drawn(isOld);
    loop.word(loop.link(loop.note), loop.link(loop.note));
    const looped = await ask(dentries, loop.linux());
    expect(column(looped, 'path')).toContain('/etc/note');
    expect(looped.notes.join()).toMatch(/loop/);
    const lost = drawn(isOld);
    lost.kernel.lose(lost.gone.dentry);
    const short = await ask(dentries, lost.linux());
    expect(column(short, 'path')).toEqual(expect.arrayContaining(['/etc/note']));
    expect(short.notes.join()).toMatch(/break/);
  });

  it('does without the table of names, and believes in none that is larger than any', async () => {
    const world = drawn(isOld);
    const huge = world.linux();
    world.word(huge.symbol('d_hash_shift'), 0n);
    const answer = await ask(dentries, world.linux());
    expect(column(answer, 'path')).not.toContain('/etc/hidden');
    expect(answer.notes.join()).toMatch(/holds nothing but zeros|2 to the power of 32/);
  });
});
