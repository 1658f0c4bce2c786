// Which block devices lie on which: arrays and the device mapper on disks and partitions.
// Linux: block/holder.c (bd_link_disk_holder; before: fs/block_dev.c).
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { hasParts } from './device-lists.ts';
import { partAt, wholeDisk } from './part.ts';

type Devices = Iterable<VirtualAddress>;

/**
 * Who lies on whom, by the structs that devices are. The link is on a list of the device below, with the disk above; since v5.16
 * on one of the disk above, with the device below, and since v6.1 with that one's folder in sysfs.
 */
export class Stacking {
  readonly #above = new Map<VirtualAddress, VirtualAddress[]>();
  readonly #below = new Map<VirtualAddress, VirtualAddress[]>();
  readonly #kernel: Linux;

  /** @param devices all of them @param opened those that have an inode of their own */
  constructor(kernel: Linux, devices: Devices, opened: Iterable<Kernel<'block_device'>>) {
    this.#kernel = kernel;
    if (!kernel.types.has('bd_holder_disk', 'list')) return;
    if (kernel.types.has('bd_holder_disk', 'disk')) this.#byDevicesBelow(opened);
    else this.#byDisksAbove([...devices]);
  }

  /** The devices that this one lies on. */
  below(device: VirtualAddress): readonly VirtualAddress[] {
    return this.#below.get(device) ?? [];
  }
  /** The devices that lie on this one. */
  above(device: VirtualAddress): readonly VirtualAddress[] {
    return this.#above.get(device) ?? [];
  }

  #link(below: VirtualAddress, above: VirtualAddress): void {
    for (const [map, from, to] of [
      [this.#above, below, above],
      [this.#below, above, below],
    ] as const) {
      const known = map.get(from);
      if (known === undefined) map.set(from, [to]);
      else known.push(to);
    }
  }

  #byDevicesBelow(opened: Iterable<Kernel<'block_device'>>): void {
    const kernel = this.#kernel;
    for (const device of opened) {
      const head = device.bd_holder_disks;
      if (head === undefined) continue;
      kernel.attempt(
        () => {
          for (const { disk } of kernel.list(head, 'bd_holder_disk', 'list')) {
            const below = hasParts(kernel) ? (device.bd_part ?? 0n) : device.address;
            if (disk != null) this.#link(below, wholeDisk(kernel, disk));
          }
        },
        undefined,
        'what lies on a block device',
      );
    }
  }

  #byDisksAbove(devices: readonly VirtualAddress[]): void {
    const kernel = this.#kernel;
    const folders = new Map<VirtualAddress, VirtualAddress>();
    for (const address of devices) {
      const folder = kernel.attempt(
        () => kernel.at('block_device', address).bd_holder_dir ?? 0n,
        0n,
        'a block device',
      );
      if (folder !== 0n) folders.set(folder, address);
    }
    for (const address of devices) {
      kernel.attempt(
        () => {
          const { number, disk } = partAt(kernel, address);
          if (number !== 0 || disk.slave_bdevs === undefined) return;
          for (const { bdev, holder_dir } of kernel.list(disk.slave_bdevs, 'bd_holder_disk', 'list')) {
            const below = bdev ?? folders.get(holder_dir ?? 0n);
            if (below !== undefined) this.#link(below, address);
          }
        },
        undefined,
        'what a disk lies on',
      );
    }
  }
}
