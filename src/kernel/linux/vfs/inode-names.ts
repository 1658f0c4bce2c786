// The path of an inode that nobody has open: by its names in the cache, and by a mount in which one of them is seen.
// Linux: include/linux/dcache.h (d_alias), fs/mount.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { pathsOf } from './path.ts';
import { SuperBlock } from './super-blocks.ts';

/** Names of one inode that are looked at for one that is still in its folder. */
const MOST_NAMES = 16;
/** Folders above an entry that are sought for what is mounted. */
const MOST_FOLDERS = 2048;
/** Mounts of a file system that are looked at. */
const MOST_MOUNTS = 64;

/** A mount of a file system, and what of it is mounted. */
interface Place {
  readonly mount: Kernel<'mount'>;
  readonly root: VirtualAddress;
}

/** The mounts of a file system that could be read, and why another could not. */
interface Places {
  readonly all: readonly Place[];
  readonly fault: EvidenceFault | undefined;
}

/** Names inodes of a kernel. */
export class InodeNames {
  readonly #kernel: Linux;
  /** Super block → its mounts, those of the first namespace first. */
  readonly #places = new Map<VirtualAddress, Places>();
  #initial: VirtualAddress | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /**
   * The path of an inode; ` (deleted)` behind it where no name of it is left in a folder. Null where the kernel has no
   * name of it at all. Where its file system is mounted nowhere, the path begins at its root. @throws EvidenceFault where a mount of
   * it cannot be read, and no other shows it
   */
  of(inode: Kernel<'inode'>): string | null {
    const dentry = this.#entryOf(inode);
    if (dentry === null) return null;
    const place = this.#placeOf(inode.i_sb, dentry);
    const paths = pathsOf(this.#kernel);
    return place === undefined ? paths.within(dentry) : paths.in(place.mount, dentry);
  }

  /** A name of it that is in its folder, or else any. @throws EvidenceFault */
  #entryOf(inode: Kernel<'inode'>): Kernel<'dentry'> | null {
    const kernel = this.#kernel;
    const { types } = kernel;
    const back = BigInt(types.offsetOf('dentry', types.has('dentry', 'd_alias') ? 'd_alias' : 'd_u'));
    let any: Kernel<'dentry'> | null = null;
    let link = kernel.pointerAt(inode.i_dentry);
    for (let nth = 0; link !== 0n && nth < MOST_NAMES; nth++) {
      const dentry = kernel.at('dentry', link - back);
      // That by which a block device is open has no name.
      if (dentry.d_name.len > 0 || pathsOf(kernel).areNamed(dentry.d_sb)) {
        any ??= dentry;
        if (dentry.d_hash.pprev !== 0n) return dentry;
      }
      link = kernel.pointerAt(link);
    }
    return any;
  }

  #placeOf(block: Kernel<'super_block'>, dentry: Kernel<'dentry'>): Place | undefined {
    let places = this.#places.get(block.address);
    if (places === undefined) this.#places.set(block.address, (places = this.#placesOf(block)));
    const whole = block.s_root?.address;
    const { all, fault } = places;
    if (all[0] !== undefined && all[0].root === whole) return all[0];
    const roots = new Map(all.map((place) => [place.root, place]));
    for (let at = dentry, depth = 0; depth < MOST_FOLDERS; depth++) {
      const found = roots.get(at.address);
      if (found !== undefined) return found;
      const parent = at.d_parent;
      if (parent.address === at.address) break;
      at = parent;
    }
    const found = all.find(({ root }) => root === whole);
    if (found === undefined && fault !== undefined) throw fault;
    return found;
  }

  #placesOf(block: Kernel<'super_block'>): Places {
    const kernel = this.#kernel;
    const found: (Place & { readonly rank: number })[] = [];
    let fault: EvidenceFault | undefined;
    const whole = block.s_root?.address;
    for (const mount of new SuperBlock(block, kernel).mounts()) {
      if (found.length >= MOST_MOUNTS) break;
      try {
        found.push(this.#ranked(mount, whole));
      } catch (thrown) {
        if (!(thrown instanceof EvidenceFault)) throw thrown;
        fault ??= thrown;
      }
    }
    return { all: found.sort((a, b) => a.rank - b.rank), fault };
  }

  /** Of the first namespace before others, and of the whole file system before parts of it. */
  #ranked(mount: Kernel<'mount'>, whole: VirtualAddress | undefined): Place & { readonly rank: number } {
    const root = this.#kernel.at('vfsmount', mount.mnt).mnt_root;
    this.#initial ??= this.#kernel.attempt(() => this.#firstNamespace(), 0n, 'the first mount namespace');
    const isOurs = mount.mnt_ns === this.#initial;
    return { mount, root, rank: (isOurs ? 0 : 2) + (root === whole ? 0 : 1) };
  }

  #firstNamespace(): VirtualAddress {
    const kernel = this.#kernel;
    const { nsproxy } = kernel.at('task_struct', kernel.symbol('init_task'));
    return nsproxy?.mnt_ns?.address ?? 0n;
  }
}
