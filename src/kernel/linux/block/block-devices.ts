// Disks and partitions, what each lies on and what lies on it, and where it is mounted, as lsblk tells of them.
// Linux: block/genhd.c, block/holder.c, include/linux/blkdev.h.
import { fromWords, type VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import { pointersAt } from '../containers/pointers.ts';
import { CrossView } from '../cross-view.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import { InodeNames } from '../vfs/inode-names.ts';
import { pathsOf } from '../vfs/path.ts';
import { type SuperBlock, superBlocks } from '../vfs/super-blocks.ts';
import { blockInodes, devicesOfClass, hasParts } from './device-lists.ts';
import { backingFile, mapperName } from './driver-data.ts';
import { type Part, partAt } from './part.ts';
import { Stacking } from './stacking.ts';

const MAXIMUM_NAME_BYTES = 64;
/** LOOP_MAJOR and MD_MAJOR of include/uapi/linux/major.h. */
const [LOOP, MD] = [7, 9];
/** MAX_SWAPFILES of include/linux/swap.h, less what a kernel may take of it for other entries. */
const SWAP_AREAS = 23;
const GENHD_FL_REMOVABLE = 1;
const VIEWS = ['class', 'inode'] as const;
type ViewName = (typeof VIEWS)[number];

/** What all devices of one answer share. */
interface Shared {
  readonly kernel: Linux;
  readonly views: CrossView<ViewName>;
  /** Those that have an inode of their own, by device number. */
  readonly opened: ReadonlyMap<number, Kernel<'block_device'>>;
  readonly stacking: Stacking;
  readonly mounted: ReadonlyMap<number, SuperBlock>;
  /** The `block_device` of each swap area on one; null where the kernel does not tell where they are. */
  readonly swapped: ReadonlySet<VirtualAddress> | null;
  readonly names: InodeNames;
}

/** A disk or partition. Each part throws EvidenceFault where it cannot be read. */
export class BlockDevice {
  readonly address: VirtualAddress;
  readonly part: Part;
  readonly #of: Shared;

  constructor(address: VirtualAddress, of: Shared) {
    this.address = address;
    this.part = partAt(of.kernel, address);
    this.#of = of;
  }

  get name(): string {
    return nameOf(this.#of.kernel, this.part);
  }
  /** `fe:01`. */
  get device(): string {
    return deviceText(this.part.device.devt);
  }
  get kind(): 'disk' | 'part' | 'loop' | 'dm' | 'md' {
    if (this.part.number !== 0) return 'part';
    const major = this.part.device.devt >>> 20;
    if (major === LOOP) return 'loop';
    if (major === MD) return 'md';
    return this.#isMapped ? 'dm' : 'disk';
  }
  /** Of a partition where it begins on its disk, in bytes; null of others. */
  get start(): bigint | null {
    return this.part.number === 0 ? null : this.part.start;
  }
  get isRemovable(): boolean {
    return (this.part.disk.flags & GENHD_FL_REMOVABLE) !== 0;
  }
  /** The disk that a partition is on; null of others. */
  get parent(): string | null {
    return this.part.number === 0 ? null : this.part.disk.disk_name;
  }
  /** The devices that it lies on: `sda1,sdb1`; null where there are none. */
  get slaves(): string | null {
    return this.#named(this.#of.stacking.below(this.address));
  }
  /** The devices that lie on it. */
  get holders(): string | null {
    return this.#named(this.#of.stacking.above(this.address));
  }
  /** What the device mapper calls it; null of others. */
  get mapperName(): string | null {
    return this.#isMapped && this.part.number === 0
      ? (mapperName(this.#of.kernel, this.part.disk.private_data) ?? null)
      : null;
  }
  /** The file behind a loop device; null of others. */
  get backingFile(): string | null {
    if (this.kind !== 'loop') return null;
    const { kernel } = this.#of;
    const own = this.#blockDevice;
    const file =
      own === undefined ? undefined : backingFile(kernel, this.part.disk.private_data, own.address);
    return file === undefined ? null : pathsOf(kernel).of(file.f_path);
  }
  /** What is mounted from it. */
  get fileSystem(): string | null {
    return this.#of.mounted.get(this.part.device.devt)?.type ?? null;
  }
  /** Where the first mount namespace sees that; `[SWAP]` where it is swapped to. */
  get mountPoint(): string | null {
    const root = this.#of.mounted.get(this.part.device.devt)?.raw.s_root?.d_inode;
    if (root != null) return this.#of.names.of(root);
    return this.#isSwap ? '[SWAP]' : null;
  }
  get views(): string {
    return this.#of.views.among(VIEWS, this.address, true).join(',');
  }

  get #isMapped(): boolean {
    // The kernel makes this name by itself: drivers/md/dm.c, alloc_dev.
    return /^dm-\d+$/.test(this.part.disk.disk_name);
  }
  get #blockDevice(): Kernel<'block_device'> | undefined {
    const { kernel, opened } = this.#of;
    return hasParts(kernel) ? opened.get(this.part.device.devt) : kernel.at('block_device', this.address);
  }
  get #isSwap(): boolean {
    const own = this.#blockDevice;
    if (own === undefined) return false;
    const { kernel, swapped } = this.#of;
    if (swapped !== null) return swapped.has(own.address);
    // Until v6.10, whoever swaps to it claims it with what he knows of the swap area: mm/swapfile.c, claim_swapfile.
    const { bd_holder: holder } = own;
    return holder !== 0n && unlessFault(() => kernel.at('swap_info_struct', holder).bdev, 0n) === own.address;
  }
  #named(addresses: readonly VirtualAddress[]): string | null {
    const { kernel } = this.#of;
    return addresses.map((address) => nameOf(kernel, partAt(kernel, address))).join(',') || null;
  }
}

const nameOf = (kernel: Linux, { device }: Part): string =>
  kernel.nameAt(device.kobj.name, MAXIMUM_NAME_BYTES);

/** Every disk and partition: those of the class, in its order, and behind them what only has an inode. */
export function* blockDevices(kernel: Linux): Generator<BlockDevice> {
  const views = new CrossView<ViewName>();
  const opened = new Map<number, Kernel<'block_device'>>();
  views.addNoted(kernel, 'class', devicesOfClass(kernel), 'block devices');
  views.addNoted(kernel, 'inode', devicesWithInodes(kernel, opened), 'block devices');
  if (views.isWithout('class') && views.isWithout('inode'))
    kernel.note('block devices: this kernel tells of none');
  else if (views.isWithout('class') && hasParts(kernel))
    kernel.note(
      'block devices: this kernel does not tell where all are; only those that are open are listed',
    );
  const mounted = new Map<number, SuperBlock>();
  for (const block of superBlocks(kernel)) {
    const device = kernel.attempt(() => block.raw.s_dev, 0, 'a file system');
    if (device >>> 20 !== 0) mounted.set(device, block);
  }
  const stacking = new Stacking(kernel, views.all, opened.values());
  const swapped = kernel.hasSymbol('swap_info')
    ? new Set(kernel.untilFault(swapAreas(kernel), 'swap areas'))
    : null;
  const of = { kernel, views, opened, stacking, mounted, swapped, names: new InodeNames(kernel) };
  for (const address of views.all) yield new BlockDevice(address, of);
}

/** The devices that have an inode: of kernels with a struct for each part, those that somebody has open. */
function* devicesWithInodes(
  kernel: Linux,
  opened: Map<number, Kernel<'block_device'>>,
): Generator<VirtualAddress, boolean> {
  const devices = blockInodes(kernel);
  let step = devices.next();
  for (; step.done !== true; step = devices.next()) {
    const device = step.value;
    kernel.space.memory.spend(ENTRY_COST);
    const number = kernel.attempt(() => device.bd_dev, 0, 'a block device');
    opened.set(number, device);
    const part = hasParts(kernel)
      ? kernel.attempt(() => device.bd_part ?? 0n, 0n, 'a block device')
      : device.address;
    if (part !== 0n) yield part;
  }
  return step.value;
}

/** The `block_device` of each area that is swapped to: mm/swapfile.c. @throws EvidenceFault */
function* swapAreas(kernel: Linux): Generator<VirtualAddress> {
  const pairs = pointersAt(kernel, kernel.symbol('swap_info'), SWAP_AREAS);
  for (let at = 0; at < pairs.length; at += 2) {
    const address = fromWords(pairs[at + 1]!, pairs[at]!);
    if (address === 0n) continue;
    // What is no longer swapped to keeps its struct, and its pages are gone.
    const { max, bdev } = kernel.at('swap_info_struct', address);
    if (max !== 0 && bdev !== 0n) yield bdev;
  }
}
