// A disk or partition in either of the structs that kernels have for one.
// Linux: include/linux/genhd.h (struct hd_struct), include/linux/blk_types.h (struct block_device).
import type { VirtualAddress } from '../../../base/address.ts';
import { NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { hasParts, ownerOf } from './device-lists.ts';

/** Bits of `__bd_flags` (include/linux/blk_types.h), and of `gendisk.state` (include/linux/blkdev.h). */
const BD_PARTNO = 0xff;
const BD_READ_ONLY = 0x100;
const GD_READ_ONLY = 2n;
const SECTOR_BYTES = 512n;

/** What is told of a disk or partition. Each part throws EvidenceFault where it cannot be read. */
export interface Part {
  readonly device: Kernel<'device'>;
  readonly disk: Kernel<'gendisk'>;
  /** 0 of a whole disk. */
  readonly number: number;
  /** Where it begins on its disk, and how long it is, in bytes. */
  readonly start: bigint;
  readonly size: bigint;
  readonly isReadOnly: boolean;
}

/** The disk or partition whose struct is at an address. */
export const partAt = (kernel: Linux, address: VirtualAddress): Part =>
  hasParts(kernel)
    ? new OldPart(kernel.at('hd_struct', address), kernel)
    : new OwnPart(kernel.at('block_device', address), kernel);

/** The struct of a whole disk. @throws EvidenceFault */
export const wholeDisk = (kernel: Linux, disk: Kernel<'gendisk'>): VirtualAddress =>
  hasParts(kernel) ? disk.part0 : kernel.pointerAt(disk.part0);

class OldPart implements Part {
  readonly #raw: Kernel<'hd_struct'>;
  readonly #kernel: Linux;
  constructor(raw: Kernel<'hd_struct'>, kernel: Linux) {
    this.#raw = raw;
    this.#kernel = kernel;
  }
  get device(): Kernel<'device'> {
    return this.#raw.__dev;
  }
  get disk(): Kernel<'gendisk'> {
    const whole = this.number === 0 ? this.#raw.address : ownerOf(this.#kernel, this.device.parent);
    return this.#kernel.containerOf('gendisk', 'part0', whole);
  }
  get number(): number {
    return this.#raw.partno;
  }
  get start(): bigint {
    return this.#raw.start_sect * SECTOR_BYTES;
  }
  get size(): bigint {
    return this.#raw.nr_sects * SECTOR_BYTES;
  }
  get isReadOnly(): boolean {
    return this.#raw.policy !== 0;
  }
}

class OwnPart implements Part {
  readonly #raw: Kernel<'block_device'>;
  readonly #kernel: Linux;
  constructor(raw: Kernel<'block_device'>, kernel: Linux) {
    this.#raw = raw;
    this.#kernel = kernel;
  }
  get device(): Kernel<'device'> {
    return there(this.#raw.bd_device, 'bd_device');
  }
  get disk(): Kernel<'gendisk'> {
    return there(this.#raw.bd_disk ?? undefined, 'bd_disk');
  }
  get number(): number {
    return this.#raw.bd_partno ?? there(this.#raw.__bd_flags, '__bd_flags') & BD_PARTNO;
  }
  get start(): bigint {
    return there(this.#raw.bd_start_sect, 'bd_start_sect') * SECTOR_BYTES;
  }
  get size(): bigint {
    const { bd_nr_sectors: sectors } = this.#raw;
    return sectors === undefined
      ? there(this.#raw.bd_inode ?? undefined, 'bd_inode').i_size
      : sectors * SECTOR_BYTES;
  }
  /** Its own, or its disk's: bdev_read_only of include/linux/blkdev.h. */
  get isReadOnly(): boolean {
    if (isMarkedReadOnly(this.#raw)) return true;
    const { disk } = this;
    const whole = this.#kernel.at('block_device', wholeDisk(this.#kernel, disk));
    return ((disk.state ?? 0n) & GD_READ_ONLY) !== 0n || isMarkedReadOnly(whole);
  }
}

const isMarkedReadOnly = ({ bd_read_only: own, __bd_flags: flags = 0 }: Kernel<'block_device'>): boolean =>
  own === undefined ? (flags & BD_READ_ONLY) !== 0 : own !== 0;

function there<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new NotInKernel(`this block_device has no ${name}`);
  return value;
}
