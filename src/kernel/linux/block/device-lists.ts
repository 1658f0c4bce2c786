// Where the kernel has its block devices: in the class of the driver core, and as inodes of a file system of its own.
// Linux: block/genhd.c (block_class), drivers/base/class.c, block/bdev.c (before: fs/block_dev.c).
import { type VirtualAddress, wrapped } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, NotInKernel } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { superBlocks } from '../vfs/super-blocks.ts';

/** Whether devices stand in structs of their own, and a `block_device` is made of those that are open. */
export const hasParts = ({ types }: Linux): boolean => types.has('hd_struct', '__dev');

/** The struct that a device is inside of: `hd_struct` or `block_device`. @throws NotInKernel */
export function ownerOf({ types }: Linux, device: VirtualAddress): VirtualAddress {
  const [type, member] = types.has('hd_struct', '__dev')
    ? ['hd_struct', '__dev']
    : ['block_device', 'bd_device'];
  return wrapped(device - BigInt(types.offsetOf(type!, member!)), types.pointerBytes);
}

/** Every device of the class of block devices, by the struct that it is. @returns whether all were found @throws NotInKernel */
export function* devicesOfClass(kernel: Linux): Walk<VirtualAddress> {
  const { k_list } = devicesOf(kernel).klist_devices;
  const into = BigInt(kernel.types.offsetOf('klist_node', 'n_node'));
  let isWhole = true;
  const nodes = kernel.list(k_list, 'klist_node', 'n_node');
  let step = nodes.next();
  for (; step.done !== true; step = nodes.next()) {
    const link = step.value.n_node;
    try {
      const { device } = kernel.containerOf('device_private', 'knode_class', link - into);
      if (device === 0n) throw new CorruptStructure('a member of the class of block devices is none');
      yield ownerOf(kernel, device);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      isWhole = false;
      kernel.note(`block devices: ${fault.message}`);
    }
  }
  return isWhole && step.value;
}

/** What the class of block devices has of its own. @throws EvidenceFault */
function devicesOf(kernel: Linux): Kernel<'subsys_private'> {
  const { types } = kernel;
  const own = kernel.hasSymbol('block_class') ? kernel.symbol('block_class') : classOfAny(kernel);
  if (types.has('class', 'p')) {
    const { p } = kernel.at('class', own);
    if (p == null) throw new CorruptStructure('the class of block devices has no devices');
    return p;
  }
  const set = kernel.at('kset', kernel.pointerOf('class_kset'));
  const into = BigInt(types.offsetOf('subsys_private', 'subsys') + types.offsetOf('kset', 'kobj'));
  for (const { address } of kernel.list(set.list, 'kobject', 'entry')) {
    const found = kernel.at('subsys_private', wrapped(address - into, types.pointerBytes));
    if (kernel.attempt(() => found.class, 0n, 'a class') === own) return found;
  }
  throw new CorruptStructure('the class of block devices is not among the classes');
}

/** The class that a device says it is of: a kernel that lists only functions of itself does not tell where it is. @throws EvidenceFault */
function classOfAny(kernel: Linux): VirtualAddress {
  for (const device of blockInodes(kernel)) {
    const part = hasParts(kernel) ? (device.bd_part ?? 0n) : device.address;
    if (part === 0n) continue;
    const own = hasParts(kernel) ? kernel.at('hd_struct', part).__dev : device.bd_device;
    if (own !== undefined && own.class !== 0n) return own.class;
  }
  throw new NotInKernel('this kernel has no symbol block_class, and no device that leads there');
}

/** Every `block_device` that has an inode in the file system of block devices. @returns whether all were found */
export function* blockInodes(kernel: Linux): Walk<Kernel<'block_device'>> {
  const { types } = kernel;
  const into = BigInt(types.offsetOf('bdev_inode', 'vfs_inode') - types.offsetOf('bdev_inode', 'bdev'));
  for (const block of superBlocks(kernel)) {
    if (kernel.attempt(() => block.type, '', 'a file system') !== 'bdev') continue;
    const inodes = block.raw.s_inodes;
    let step = inodes.next();
    for (; step.done !== true; step = inodes.next()) {
      const device = kernel.at('block_device', step.value.address - into);
      // The root of that file system is no device.
      if (kernel.attempt(() => device.bd_dev, 0, 'a block device') !== 0) yield device;
    }
    return step.value;
  }
  throw new NotInKernel('this kernel has no file system of block devices');
}
