// Mounts of namespaces and their file systems, on drawn kernels: whole answers, and what damage costs.
import { describe, expect, it } from 'vitest';
import mounts from '../../plugins/mounts.ts';
import superblocks from '../../plugins/superblocks.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { ask, column } from '../support/rows.ts';

/** In kernels with a list of mounts, one word has all flags. */
const WITHOUT = ['mount.mnt_t_flags'];

/** Two namespaces: the first with a root, a disk on it, and a folder of that bound elsewhere; the other with a root of its own. */
function drawn(without: readonly string[] = WITHOUT) {
  const kernel = fakeKernel('init(1)', { without });
  const files = new DrawnFiles(kernel);
  const srv = files.entry(files.root, 'srv', 0o040755);
  const disk = files.mount('xfs', 0x80_00001, srv);
  const data = files.entry(disk, 'data', 0o040755);
  const bound = files.bind(data, files.entry(files.root, 'mnt', 0o040755));
  const other = files.mount('tmpfs', 0x1c);
  const world = new DrawnMounts(files);
  const first = world.namespace(4026531840, [
    [files.root, { id: 20, source: '/dev/vda', flags: 0x20 }],
    [disk, { id: 21, source: '/dev/sda', flags: 0x1000 | 0x41, group: 7 }],
    [bound, { id: 22, source: '/dev/sda', master: disk, flags: 0x2000 }],
  ]);
  world.namespace(4026532200, [[other, { id: 30 }]]);
  return { kernel, files, disk, first, symbols: world.publish() };
}

describe('mounts', () => {
  it('are told namespace by namespace, as mountinfo has them', async () => {
    const { kernel, symbols } = drawn();
    const answer = await ask(mounts, linuxWith(kernel, symbols));
    expect(answer.rows.slice(0, 3)).toEqual([
      {
        ...{ mountNamespace: 4026531840, id: 20, parent: 20, device: 'fe:01', root: '/', mountPoint: '/' },
        ...{
          options: 'rw,relatime',
          propagation: null,
          type: 'ext4',
          source: '/dev/vda',
          superOptions: 'rw',
        },
      },
      {
        ...{ mountNamespace: 4026531840, id: 21, parent: 20, device: '80:01', root: '/', mountPoint: '/srv' },
        ...{
          options: 'ro,nosuid',
          propagation: 'shared:7',
          type: 'xfs',
          source: '/dev/sda',
          superOptions: 'rw',
        },
      },
      {
        ...{
          mountNamespace: 4026531840,
          id: 22,
          parent: 20,
          device: '80:01',
          root: '/data',
          mountPoint: '/mnt',
        },
        ...{ options: 'rw', propagation: 'master:7 unbindable', type: 'xfs', source: '/dev/sda' },
        superOptions: 'rw',
      },
    ]);
    expect(column(answer, 'mountNamespace').at(-1)).toBe(4026532200);
  });

  it('that their namespace lost are found by their file system, and the count says so', async () => {
    const { kernel, symbols, first } = drawn();
    const list = kernel.member(first, 'mnt_namespace', 'list');
    const [a, c] = [0, 8].map((at) => kernel.image.get64(kernel.physical(list) + at)) as [bigint, bigint];
    // From the first to the last: the second is on the list no more.
    kernel.image.put64(kernel.physical(a), c);
    kernel.image.put64(kernel.physical(c) + 8, a);
    const answer = await ask(mounts, linuxWith(kernel, symbols));
    expect(column(answer, 'id')).toEqual([20, 22, 21, 30]);
    expect(answer.notes).toContain('mounts of a namespace: 2 are found, and the kernel counts 3');
  });

  it('lose a page as cells', async () => {
    const { kernel, symbols, disk } = drawn();
    kernel.lose(disk.block);
    const answer = await ask(mounts, linuxWith(kernel, symbols));
    expect(column(answer, 'id').sort()).toEqual([20, 21, 22, 30]);
    expect(column(answer, 'type').filter((type) => typeof type === 'object')).toHaveLength(2);
    expect(answer.notes).not.toEqual([]);
  });

  it('are taken from a tree where the kernel has one', async () => {
    const { kernel, symbols, first, disk } = drawn(['mount.mnt_t_flags', 'mnt_namespace.list']);
    const node = (mount: bigint): bigint => kernel.member(mount, 'mount', 'mnt_node');
    const root = kernel.member(first, 'mnt_namespace', 'mounts');
    kernel.image.put64(kernel.physical(root), node(disk.mount));
    kernel.write(node(disk.mount), 'rb_node', { rb_left: 0n, rb_right: node(disk.mount) });
    const answer = await ask(mounts, linuxWith(kernel, symbols));
    expect(column(answer, 'id').slice(0, 1)).toEqual([21]);
    expect(column(answer, 'id').sort()).toEqual([20, 21, 22, 30]);
    expect(answer.notes.some((note) => note.includes('nodes loop'))).toBe(true);
  });
});

describe('superblocks', () => {
  it('are told with what is mounted of them', async () => {
    const { kernel, symbols, disk } = drawn();
    kernel.write(disk.block, 'super_block', {
      s_id: 'sda\0',
      s_magic: 0x5846_5342n,
      s_flags: 1n,
      s_blocksize: 4096n,
    });
    const { rows, notes } = await ask(superblocks, linuxWith(kernel, symbols));
    expect(rows.map(({ type, mounts }) => [type, mounts])).toEqual([
      ['ext4', 1],
      ['xfs', 2],
      ['tmpfs', 1],
    ]);
    expect(rows[1]).toMatchObject({
      id: 'sda',
      magic: 0x5846_5342,
      options: 'ro',
      blockSize: 4096,
      uuid: null,
    });
    expect(notes).toEqual([]);
  });

  it('say where their list breaks', async () => {
    const { kernel, symbols, disk } = drawn();
    kernel.lose(disk.block);
    const { rows, notes } = await ask(superblocks, linuxWith(kernel, symbols));
    expect(rows.map(({ type }) => type)).toContain('tmpfs');
    expect(notes.join()).toMatch(/super_block.s_list list breaks after/);
  });
});

describe('file systems of a kernel that does not tell where their list is', () => {
  /** The list with its head in the image, as the kernel has it, and nothing that says where. */
  function unlisted() {
    const world = drawn();
    const { kernel, files, disk } = world;
    const head = kernel.symbol('elfcorehdr_addr') + 64n;
    const links = [files.root, disk].map(({ block }) => kernel.member(block, 'super_block', 's_list'));
    kernel.link([head, ...links]);
    return { ...world, links };
  }

  it('are found from the root of the first task on', async () => {
    const { rows, notes } = await ask(superblocks, unlisted().kernel.linux());
    expect(rows.map(({ device, type }) => `${String(device)} ${String(type)}`)).toEqual([
      'fe:01 ext4',
      '80:01 xfs',
    ]);
    expect(notes).toEqual([]);
  });

  it('are none where the ring does not come to the image, or breaks, and a note says so', async () => {
    const ring = unlisted();
    ring.kernel.link(ring.links);
    const looped = await ask(superblocks, ring.kernel.linux());
    expect(looped.rows).toEqual([]);
    expect(looped.notes.join()).toMatch(/no symbol super_blocks, and its file systems do not lead there/);
    const lost = unlisted();
    lost.kernel.lose(lost.disk.block);
    expect((await ask(superblocks, lost.kernel.linux())).notes.join()).toMatch(/file systems: /);
  });
});
