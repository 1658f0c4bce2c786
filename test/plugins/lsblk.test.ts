// Disks and partitions on drawn kernels of both generations: what lies on what, and what damage costs.
import { describe, expect, it } from 'vitest';
import lsblk from '../../plugins/lsblk.ts';
import { linuxWith } from '../support/drawn-symbols.ts';
import { DrawnFiles } from '../support/files.ts';
import { fakeKernel } from '../support/kernel.ts';
import { DrawnMounts } from '../support/mounts.ts';
import { ask, column } from '../support/rows.ts';

const MIB = 1n << 20n;
/** What kernels since v6.10 lack, and those until v5.10. */
const OLD_ONLY = [
  'hd_struct',
  'block_device.bd_part',
  'block_device.bd_inode',
  'block_device.bd_partno',
].concat([
  'block_device.bd_read_only',
  'block_device.bd_holder_disks',
  'bd_holder_disk.disk',
  'bd_holder_disk.bdev',
  'class.p',
]);
const NEW_ONLY = [
  'block_device.bd_device',
  'block_device.bd_start_sect',
  'block_device.bd_nr_sectors',
].concat(
  ['block_device.bd_mapping', 'block_device.__bd_flags', 'block_device.bd_holder_dir', 'bd_holder_disk.bdev'],
  ['bd_holder_disk.holder_dir', 'gendisk.slave_bdevs', 'subsys_private.class', 'block_device.bd_partno'],
  ['block_device.bd_read_only'],
);

/** Structs inside others are wider than what is drawn for a place alone. */
const ROOM = { 'bdev_inode.vfs_inode': 1024, 'gendisk.part0': 1024, 'subsys_private.klist_devices': 1024 };

interface Wish {
  readonly name: string;
  readonly number: number;
  readonly mib: bigint;
  readonly partition?: number;
  readonly readOnly?: boolean;
}

/** A disk with a partition, on which a device of the mapper lies; a loop device that is read-only. */
function drawn(isOld: boolean) {
  const kernel = fakeKernel('init(1)', { without: isOld ? NEW_ONLY : OLD_ONLY, at: ROOM });
  const files = new DrawnFiles(kernel);
  const word = (at: bigint, value: bigint): void => kernel.image.put64(kernel.physical(at), value);
  const inode = (i_rdev: number): readonly [bdev: bigint, inode: bigint] => {
    const whole = kernel.draw('bdev_inode');
    const own = kernel.member(whole, 'bdev_inode', 'bdev');
    kernel.write(own, 'block_device', { bd_dev: i_rdev });
    return [own, kernel.member(whole, 'bdev_inode', 'vfs_inode')];
  };
  const inodes: bigint[] = [];
  const links: bigint[] = [];

  const device = ({ name, number, mib, partition = 0, readOnly = false }: Wish, disk?: bigint) => {
    const gendisk = disk ?? kernel.draw('gendisk', { disk_name: `${name}\0`, flags: 1 });
    const [bdev, own] = inode(number);
    inodes.push(own);
    const sectors = (mib * MIB) / 512n;
    const start = partition === 0 ? 0n : 2048n;
    let struct = bdev;
    if (isOld) {
      struct = partition === 0 ? kernel.member(gendisk, 'gendisk', 'part0') : kernel.draw('hd_struct');
      kernel.write(struct, 'hd_struct', {
        start_sect: start,
        nr_sects: sectors,
        policy: readOnly ? 1 : 0,
        partno: partition,
      });
      kernel.write(bdev, 'block_device', { bd_part: struct, bd_disk: gendisk });
      kernel.link([kernel.member(bdev, 'block_device', 'bd_holder_disks')]);
    } else {
      const flags = partition | (readOnly ? 0x100 : 0);
      kernel.write(bdev, 'block_device', {
        bd_disk: gendisk,
        bd_start_sect: start,
        bd_nr_sectors: sectors,
        __bd_flags: flags,
      });
      kernel.write(bdev, 'block_device', { bd_holder_dir: 0x5000n + BigInt(number) });
      if (partition === 0) {
        word(kernel.member(gendisk, 'gendisk', 'part0'), bdev);
        kernel.link([kernel.member(gendisk, 'gendisk', 'slave_bdevs')]);
      }
    }
    const [type, member] = isOld ? ['hd_struct', '__dev'] : ['block_device', 'bd_device'];
    const dev = kernel.member(struct, type!, member!);
    kernel.write(dev, 'device', { devt: number });
    kernel.write(kernel.member(dev, 'device', 'kobj'), 'kobject', { name: files.text(name) });
    if (disk !== undefined && isOld) {
      const above = kernel.member(kernel.member(disk, 'gendisk', 'part0'), 'hd_struct', '__dev');
      kernel.write(dev, 'device', { parent: above });
    }
    const hidden = kernel.draw('device_private', { device: dev });
    links.push(kernel.member(kernel.member(hidden, 'device_private', 'knode_class'), 'klist_node', 'n_node'));
    return { gendisk, bdev, struct, own: hidden };
  };

  const disk = device({ name: 'sda', number: 0x80_0000, mib: 8n });
  const part = device({ name: 'sda1', number: 0x80_0001, mib: 2n, partition: 1 }, disk.gendisk);
  const mapped = device({ name: 'dm-0', number: 0xfd_00000, mib: 2n });
  const loop = device({ name: 'loop0', number: 0x70_0000, mib: 1n, readOnly: true });

  // The mapper's device lies on the partition.
  const holding = isOld
    ? kernel.draw('bd_holder_disk', { disk: mapped.gendisk })
    : kernel.draw('bd_holder_disk', { holder_dir: 0x5000n + 0x80_0001n });
  const head = isOld
    ? kernel.member(part.bdev, 'block_device', 'bd_holder_disks')
    : kernel.member(mapped.gendisk, 'gendisk', 'slave_bdevs');
  kernel.link([head, kernel.member(holding, 'bd_holder_disk', 'list')]);

  // The structs of drivers, as far as they lead back.
  const driver = (words: readonly bigint[]): bigint => {
    const at = kernel.virtual(kernel.image.take(4096, 4096));
    for (const [nth, value] of words.entries()) word(at + BigInt(8 * nth), value);
    return at;
  };
  const image = files.open(files.entry(files.root, 'disk.img'));
  kernel.write(loop.gendisk, 'gendisk', { private_data: driver([7n, 0n, 1n, image, 512n, loop.bdev]) });
  const mappedDevice = driver([1n, 2n, 0n, 0n]);
  // Another struct that leads back, behind a pointer to a table of functions.
  const functions = driver([0xffff_ffff_c052_9770n]);
  word(mappedDevice + 8n, driver([functions, functions, mappedDevice]));
  const cell = driver([0n, 0n, 0n, 0n, files.text('vg-home'), files.text('LVM-1'), mappedDevice]);
  word(mappedDevice + 16n, cell);
  kernel.write(mapped.gendisk, 'gendisk', { private_data: mappedDevice });

  const own = kernel.draw('subsys_private');
  const list = kernel.member(kernel.member(own, 'subsys_private', 'klist_devices'), 'klist', 'k_list');
  kernel.link([list, ...links]);
  const block_class = kernel.draw('class', isOld ? { p: own } : {});
  let class_kset = 0n;
  if (!isOld) {
    kernel.write(own, 'subsys_private', { class: block_class });
    const other = kernel.draw('subsys_private', { class: 0x77n });
    const kobject = (subsys: bigint): bigint =>
      kernel.member(
        kernel.member(kernel.member(subsys, 'subsys_private', 'subsys'), 'kset', 'kobj'),
        'kobject',
        'entry',
      );
    const set = kernel.draw('kset');
    kernel.link([kernel.member(set, 'kset', 'list'), kobject(other), kobject(own)]);
    class_kset = kernel.draw('klist');
    word(class_kset, set);
  }
  const world = new DrawnMounts(files);
  const bdevs = files.mount('bdev', 5);
  const home = files.mount('xfs', 0xfd_00000, files.entry(files.root, 'home', 0o040755));
  kernel.write(home.block, 'super_block', { s_root: home.dentry });
  word(kernel.member(home.inode, 'inode', 'i_dentry'), kernel.member(home.dentry, 'dentry', 'd_alias'));
  kernel.write(kernel.member(home.dentry, 'dentry', 'd_name'), 'qstr', { name: files.text('/'), len: 1 });
  world.namespace(1, [
    [files.root, { id: 1 }],
    [home, { id: 2 }],
    [bdevs, { id: 3 }],
  ]);
  const classify = (struct: bigint): void => {
    const [type, member] = isOld ? ['hd_struct', '__dev'] : ['block_device', 'bd_device'];
    kernel.write(kernel.member(struct, type!, member!), 'device', { class: block_class });
  };
  const symbols = {
    ...world.publish(new Map([[bdevs.block, inodes]])),
    block_class,
    ...(isOld ? {} : { class_kset }),
  };
  return {
    kernel,
    symbols,
    disk,
    part,
    mapped,
    loop,
    list,
    links,
    holding,
    classify,
    head,
    word,
    linux: () => linuxWith(kernel, symbols),
  };
}

describe.each([
  ['structs for parts', true],
  ['block devices alone', false],
])('lsblk of kernels with %s', (_, isOld) => {
  it('tells what lies on what, and where it is mounted', async () => {
    const world = drawn(isOld);
    const { rows, notes } = await ask(lsblk, world.linux());
    const none = {
      start: null,
      parent: null,
      slaves: null,
      holders: null,
      backingFile: null,
      mapperName: null,
    };
    const all = {
      ...none,
      fileSystem: null,
      mountPoint: null,
      readOnly: false,
      removable: true,
      views: 'class,inode',
    };
    const bytes = (mib: bigint): number => Number(mib * MIB);
    expect(rows).toEqual([
      { ...all, name: 'sda', device: '08:00', kind: 'disk', size: bytes(8n), address: world.disk.struct },
      {
        ...{
          ...all,
          name: 'sda1',
          device: '08:01',
          kind: 'part',
          size: bytes(2n),
          address: world.part.struct,
        },
        ...{ start: bytes(1n), parent: 'sda', holders: 'dm-0' },
      },
      {
        ...{
          ...all,
          name: 'dm-0',
          device: 'fd:00',
          kind: 'dm',
          size: bytes(2n),
          address: world.mapped.struct,
        },
        ...{ slaves: 'sda1', mapperName: 'vg-home', fileSystem: 'xfs', mountPoint: '/home' },
      },
      {
        ...{
          ...all,
          name: 'loop0',
          device: '07:00',
          kind: 'loop',
          size: bytes(1n),
          address: world.loop.struct,
        },
        ...{ readOnly: true, backingFile: '/disk.img' },
      },
    ]);
    expect(notes).toEqual([]);
  });

  it('finds by inodes what is not in the class, and does without it', async () => {
    const { kernel, linux, list, links } = drawn(isOld);
    kernel.link([list, ...links.slice(0, 2)]);
    expect(column(await ask(lsblk, linux()), 'views')).toEqual([
      'class,inode',
      'class,inode',
      'inode',
      'inode',
    ]);
    const bare = drawn(isOld);
    const { super_blocks } = bare.symbols;
    const answer = await ask(lsblk, linuxWith(bare.kernel, { super_blocks }));
    expect(column(answer, 'name')).toEqual(['sda', 'sda1', 'dm-0', 'loop0']);
    expect(answer.notes.length).toBe(isOld ? 1 : 0);
    // A device says of what class it is.
    for (const { struct } of [bare.disk, bare.part, bare.mapped, bare.loop]) bare.classify(struct);
    const found = await ask(lsblk, linuxWith(bare.kernel, { super_blocks }));
    expect(column(found, 'views')).toEqual(isOld ? Array(4).fill('class,inode') : Array(4).fill('inode'));
    expect(found.notes).toEqual([]);
  });

  it('loses a page as cells or with a note, and ends where lists loop', async () => {
    const lost = drawn(isOld);
    lost.kernel.lose(lost.loop.own);
    const broken = await ask(lsblk, lost.linux());
    expect(broken.rows).toHaveLength(4);
    expect(broken.notes.join()).toMatch(/list breaks/);
    const ring = drawn(isOld);
    const link = ring.kernel.member(ring.holding, 'bd_holder_disk', 'list');
    ring.word(link, link);
    const looped = await ask(lsblk, ring.linux());
    expect(column(looped, 'slaves')[2]).toBe('sda1');
    expect(looped.notes.join()).toMatch(/bd_holder_disk.list list loops/);
  });
});
