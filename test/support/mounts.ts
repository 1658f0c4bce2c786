import { drawWords } from './drawn-symbols.ts';
import type { DrawnFiles, Spot } from './files.ts';
import type { FakeKernel } from './kernel.ts';

/** What is particular about a drawn mount. */
export interface MountTraits {
  readonly id: number;
  readonly source?: string;
  /** MNT_… */
  readonly flags?: number;
  readonly group?: number;
  readonly master?: Spot;
}

/** Draws mount namespaces, and the lists by which the kernel finds file systems, their mounts and their inodes. */
export class DrawnMounts {
  readonly #drawn: FakeKernel;
  readonly #files: DrawnFiles;
  readonly #mountsOf = new Map<bigint, bigint[]>();

  constructor(files: DrawnFiles) {
    this.#files = files;
    this.#drawn = files.drawn;
  }

  /** A namespace with these mounts, in this order. @returns where its struct is */
  namespace(inode: number, mounts: readonly (readonly [Spot, MountTraits])[]): bigint {
    const drawn = this.#drawn;
    const space = drawn.draw('mnt_namespace', { nr_mounts: mounts.length });
    drawn.write(drawn.member(space, 'mnt_namespace', 'ns'), 'ns_common', { inum: inode });
    for (const [spot, traits] of mounts) this.#mount(spot, space, traits);
    const links = mounts.map(([{ mount }]) => drawn.member(mount, 'mount', 'mnt_list'));
    if (drawn.profile.types['mnt_namespace']!.members['list'] !== undefined)
      drawn.link([drawn.member(space, 'mnt_namespace', 'list'), ...links]);
    return space;
  }

  /** Links what is drawn so far, each file system with these inodes. @returns the variables of the kernel that lead to it */
  publish(inodes: ReadonlyMap<bigint, readonly bigint[]> = new Map()): { readonly super_blocks: bigint } {
    const drawn = this.#drawn;
    const blocks = [...this.#mountsOf];
    for (const [block, mounts] of blocks) {
      const links = mounts.map((mount) => drawn.member(mount, 'mount', 'mnt_instance'));
      drawn.link([drawn.member(block, 'super_block', 's_mounts'), ...links]);
      const own = (inodes.get(block) ?? []).map((inode) => drawn.member(inode, 'inode', 'i_sb_list'));
      drawn.link([drawn.member(block, 'super_block', 's_inodes'), ...own]);
    }
    const head = drawWords(drawn, [0n, 0n, 1n]);
    drawn.link([head, ...blocks.map(([block]) => drawn.member(block, 'super_block', 's_list'))]);
    return { super_blocks: head };
  }

  #mount(
    { mount, block }: Spot,
    space: bigint,
    { id, source, flags = 0, group = 0, master }: MountTraits,
  ): void {
    const drawn = this.#drawn;
    drawn.write(mount, 'mount', {
      mnt_id: id,
      mnt_group_id: group,
      mnt_master: master?.mount ?? 0n,
      mnt_ns: space,
      mnt_devname: source === undefined ? 0n : this.#files.text(source),
    });
    const own = drawn.member(mount, 'mount', 'mnt');
    drawn.write(own, 'vfsmount', { mnt_sb: block, mnt_flags: flags });
    this.#mountsOf.set(block, [...(this.#mountsOf.get(block) ?? []), mount]);
  }
}
