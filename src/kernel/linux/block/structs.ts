// Structs of block devices, and of the lists by which the driver core has them.
// Linux: include/linux/blk_types.h, include/linux/blkdev.h, block/holder.c, drivers/base/base.h, include/linux/klist.h.
import { inside, int, opt, place, pointer, ptr, text, uint, ulong } from '../../../types/fields.ts';

/**
 * Disks and partitions. Until Linux kernel commit 0d02129e76ed ("block: merge struct block_device and struct hd_struct")
 * (in v5.11), what a device is stands in a `hd_struct`, and a `block_device` is there only while somebody has opened it.
 */
export const blockStructs = {
  gendisk: {
    disk_name: text,
    // The whole disk: a struct inside, or a pointer.
    part0: place,
    private_data: pointer,
    flags: uint,
    state: opt(ulong),
    slave_bdevs: opt(place),
  },
  hd_struct: { start_sect: ulong, nr_sects: ulong, __dev: inside('device'), policy: int, partno: int },
  block_device: {
    bd_dev: uint,
    bd_disk: ptr('gendisk'),
    bd_holder: pointer,
    bd_device: opt(inside('device'), 'bd_part'),
    bd_part: opt(pointer, 'bd_device'),
    bd_start_sect: opt(ulong, 'hd_struct.start_sect'),
    // Between v5.11 and v5.16 the size is that of the inode alone.
    bd_nr_sectors: opt(ulong, 'bd_inode'),
    bd_inode: opt(ptr('inode'), 'bd_mapping'),
    bd_mapping: opt(ptr('address_space'), 'bd_inode'),
    bd_partno: opt(uint, '__bd_flags'),
    bd_read_only: opt(uint),
    // Since v6.10: the number of the partition in the lowest byte, and bits above.
    __bd_flags: opt(uint, 'bd_partno'),
    bd_holder_dir: opt(pointer, 'bd_holder_disks'),
    bd_holder_disks: opt(place, 'bd_holder_dir'),
  },
  bdev_inode: { bdev: place, vfs_inode: place },
  /** That a disk lies on a device: on the list of the device with the disk, or on that of the disk with the device. */
  bd_holder_disk: {
    list: place,
    disk: opt(ptr('gendisk')),
    bdev: opt(pointer),
    holder_dir: opt(pointer),
  },
  device: { kobj: inside('kobject'), parent: pointer, devt: uint, class: pointer },
  device_private: { knode_class: place, device: pointer },
  klist: { k_list: place },
  klist_node: { n_node: place },
  // Since Linux kernel commit 2df418cf4b72 ("driver core: class: remove subsystem private pointer from struct class") (in v6.4) a class does
  // not lead to its devices: they are found in the set of all classes.
  class: { p: opt(ptr('subsys_private')) },
  subsys_private: { subsys: place, klist_devices: inside('klist'), class: opt(pointer) },
} as const;
