// What a mark is on: a file, a mount, a whole file system, a mount namespace.
// Linux: struct fsnotify_mark_connector of include/linux/fsnotify_backend.h, fs/notify/mark.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { deviceText } from '../vfs/device-number.ts';
import type { InodeNames } from '../vfs/inode-names.ts';
import { pathsOf } from '../vfs/path.ts';

/** By the number of the kernel: enum fsnotify_obj_type. */
const KINDS = ['file', 'mount', 'filesystem', 'namespace'] as const;
type Kind = (typeof KINDS)[number];

/** An object that is watched. Each part throws EvidenceFault where it cannot be read. */
export class Watched {
  readonly #kernel: Linux;
  readonly #names: InodeNames;
  readonly #connector: Kernel<'fsnotify_mark_connector'>;
  #object: VirtualAddress | undefined;
  #isLink = false;

  constructor(connector: Kernel<'fsnotify_mark_connector'>, kernel: Linux, names: InodeNames) {
    this.#connector = connector;
    this.#kernel = kernel;
    this.#names = names;
  }

  get kind(): Kind {
    const kind = KINDS[this.#connector.type];
    if (kind === undefined) throw new CorruptStructure('a mark on an object of no kind');
    return kind;
  }
  /** The file's path, where the mount is, or where the file system is mounted; null of a namespace. */
  get path(): string | null {
    const { kind } = this;
    if (kind === 'file') return this.#names.of(this.#inode);
    if (kind === 'mount') return pathsOf(this.#kernel).ofMount(this.#mount);
    if (kind === 'namespace') return null;
    const root = this.#superBlock.s_root?.d_inode ?? null;
    return root === null ? null : this.#names.of(root);
  }
  /** Of the file system: `fe:01`. */
  get device(): string | null {
    const { kind } = this;
    if (kind === 'namespace') return null;
    if (kind === 'file') return deviceText(this.#inode.i_sb.s_dev);
    if (kind === 'filesystem') return deviceText(this.#superBlock.s_dev);
    return deviceText(this.#kernel.at('vfsmount', this.#mount.mnt).mnt_sb.s_dev);
  }
  get inodeNumber(): bigint | null {
    return this.kind === 'file' ? this.#inode.i_ino : null;
  }
  get mountId(): number | null {
    return this.kind === 'mount' ? this.#mount.mnt_id : null;
  }

  get #inode(): Kernel<'inode'> {
    const at = this.#place;
    return this.#isLink
      ? this.#kernel.containerOf('inode', 'i_fsnotify_marks', at)
      : this.#kernel.at('inode', at);
  }
  get #mount(): Kernel<'mount'> {
    const at = this.#place;
    return this.#kernel.containerOf('mount', this.#isLink ? 'mnt_fsnotify_marks' : 'mnt', at);
  }
  get #superBlock(): Kernel<'super_block'> {
    const at = this.#place;
    return this.#isLink
      ? this.#kernel.containerOf('super_block', 's_fsnotify_marks', at)
      : this.#kernel.at('super_block', at);
  }

  /**
   * Where the object is, or until Linux kernel commit 687c217c6aa2 ("fsnotify: pass object pointer and type to fsnotify mark
   * helpers") (in v6.10) where its pointer to the connector is: that one leads back here.
   */
  get #place(): VirtualAddress {
    if (this.#object === undefined) {
      const { obj, address } = this.#connector;
      if (obj === 0n) throw new CorruptStructure('a mark on nothing');
      this.#isLink = this.#kernel.pointerAt(obj) === address;
      this.#object = obj;
    }
    return this.#object;
  }
}
