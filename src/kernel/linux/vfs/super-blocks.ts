// Every file system that is in use, mounted or the kernel's own.
// Linux: struct super_block of include/linux/fs/super_types.h (before: include/linux/fs.h), fs/super.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { MAXIMUM_LIST_ENTRIES } from '../../../types/fields.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from './device-number.ts';
import { superOptions } from './mount-options.ts';
import { pathsOf } from './path.ts';

/** No file system calls itself by a longer name. */
const MAXIMUM_NAME_BYTES = 255;

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
  const head = kernel.attempt(() => kernel.symbol('super_blocks'), null, 'file systems');
  if (head === null) return;
  for (const raw of kernel.list(head, 'super_block', 's_list')) yield new SuperBlock(raw, kernel);
}
