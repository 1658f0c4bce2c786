// Every file system that is in use, mounted or the kernel's own.
// Linux: struct super_block of include/linux/fs/super_types.h (before: include/linux/fs.h), fs/super.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { NotInKernel } from '../../../base/errors.ts';
import { MAXIMUM_LIST_ENTRIES } from '../../../types/fields.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from './device-number.ts';
import { superOptions } from './mount-options.ts';
import { pathsOf } from './path.ts';

/** No file system calls itself by a longer name. */
const MAXIMUM_NAME_BYTES = 255;

/** File systems that are passed on the way to the head of their list. */
const MOST_LINKS = 100_000;
/** No kernel's image is larger; what it allocates on 64 bits lies terabytes away (Documentation/arch/x86/x86_64/mm.rst, arm64/memory.rst). */
const IMAGE_BYTES = 1n << 28n;

/** A file system that is in use. `raw` is the kernel's own. */
export class SuperBlock {
  readonly raw: Kernel<'super_block'>;
  readonly kernel: Linux;

  constructor(raw: Kernel<'super_block'>, kernel: Linux) {
    this.raw = raw;
    this.kernel = kernel;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** `fe:01`, as /proc/PID/maps has devices. @throws EvidenceFault */
  get device(): string {
    return deviceText(this.raw.s_dev);
  }
  /** `ext4`; where it is one of several kinds, `fuse.sshfs`. @throws EvidenceFault */
  get type(): string {
    const { raw, kernel } = this;
    const type = pathsOf(kernel).fileSystem(raw);
    const { s_subtype: subtype } = raw;
    if (subtype === undefined || subtype === 0n) return type;
    return `${type}.${kernel.nameAt(subtype, MAXIMUM_NAME_BYTES)}`;
  }
  /** What kernel messages call it: the device's name, or the type's. Empty where it has none. @throws EvidenceFault */
  get id(): string {
    return this.raw.s_id;
  }
  /** The number that the file system's image begins with, or statfs(2) tells. @throws EvidenceFault */
  get magic(): bigint {
    return this.raw.s_magic;
  }
  /** In the usual form; null where it has none. @throws EvidenceFault */
  get uuid(): string | null {
    const hex = Buffer.from(this.raw.s_uuid).toString('hex');
    return /^0*$/.test(hex) ? null : hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
  /** Options that every file system can have: `rw,lazytime`. @throws EvidenceFault */
  get options(): string {
    return superOptions(this.raw.s_flags);
  }
  get mountCount(): number {
    let count = 0;
    for (const _ of this.mounts()) count++;
    return count;
  }
  /** Its mounts in all namespaces, and those that the kernel keeps for itself. */
  *mounts(): Generator<Kernel<'mount'>> {
    const { kernel, raw } = this;
    if (kernel.types.has('mount', 'mnt_instance')) yield* kernel.list(raw.s_mounts, 'mount', 'mnt_instance');
    else yield* kernel.untilFault(this.#chained(), 'mounts of a file system');
  }

  /** Later kernels lead from one mount to the next: `mount.mnt_next_for_sb` of fs/mount.h. @throws EvidenceFault */
  *#chained(): Generator<Kernel<'mount'>> {
    const { kernel, raw } = this;
    const seen = new Set<VirtualAddress>();
    const first = kernel.pointerAt(raw.s_mounts);
    for (let mount = first === 0n ? null : kernel.at('mount', first); mount !== null; ) {
      if (seen.has(mount.address) || seen.size >= MAXIMUM_LIST_ENTRIES)
        return kernel.note(`mounts of a file system loop after ${seen.size}`);
      kernel.space.memory.spend(ENTRY_COST);
      seen.add(mount.address);
      yield mount;
      mount = mount.mnt_next_for_sb ?? null;
    }
  }
}

/** Every file system, in the order in which they came. What cannot be read is noted. */
export function* superBlocks(kernel: Linux): Generator<SuperBlock> {
  const head = kernel.attempt(() => headOfAll(kernel), null, 'file systems');
  if (head === null) return;
  for (const raw of kernel.list(head, 'super_block', 's_list')) yield new SuperBlock(raw, kernel);
}

/**
 * The head of the list of all. A kernel that lists only functions of itself does not tell where it is: there the ring is followed
 * from the first root's file system to the one link that lies in the image of the kernel, as file systems never do.
 * @throws EvidenceFault
 */
function headOfAll(kernel: Linux): VirtualAddress {
  if (kernel.hasSymbol('super_blocks')) return kernel.symbol('super_blocks');
  const { fs } = kernel.at('task_struct', kernel.symbol('init_task'));
  const root = fs?.root.mnt;
  if (root == null)
    throw new NotInKernel('this kernel has no symbol super_blocks, and no root that leads there');
  const first = root.mnt_sb.s_list;
  let link = first;
  for (let nth = 0; nth < MOST_LINKS; nth++) {
    link = kernel.pointerAt(link);
    if (link === first) break;
    kernel.space.memory.spend(ENTRY_COST);
    if (isInImage(kernel, link)) return link;
  }
  throw new NotInKernel('this kernel has no symbol super_blocks, and its file systems do not lead there');
}

/** Near the idle task, which is part of the image. 32-bit kernels map all memory so near, and theirs list everything. */
function isInImage(kernel: Linux, address: VirtualAddress): boolean {
  const distance = address - kernel.symbol('init_task');
  return kernel.types.pointerBytes === 8 && distance < IMAGE_BYTES && -distance < IMAGE_BYTES;
}
