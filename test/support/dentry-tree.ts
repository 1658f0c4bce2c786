import type { DrawnFiles, Spot } from './files.ts';

/** Members that kernels with lists of entries lack, and those with chains. */
export const CHAINS_ONLY = ['dentry.d_subdirs', 'dentry.d_child'];

/** Links entries with their folder, as kernels with chains of entries have them. @returns those who can be linked otherwise */
export class DentryTree {
  readonly #files: DrawnFiles;

  constructor(files: DrawnFiles) {
    this.#files = files;
    this.rooted(files.root);
  }

  /** Makes this the root of its file system, with the name that roots have. */
  rooted({ dentry, inode, block }: Spot): void {
    const { drawn } = this.#files;
    drawn.write(block, 'super_block', { s_root: dentry });
    drawn.write(drawn.member(dentry, 'dentry', 'd_name'), 'qstr', { name: this.#files.text('/'), len: 1 });
    this.alias(inode, dentry);
  }

  /** Makes an entry the name that an inode has. */
  alias(inode: bigint, dentry: bigint): void {
    const { drawn } = this.#files;
    this.word(drawn.member(inode, 'inode', 'i_dentry'), drawn.member(dentry, 'dentry', 'd_alias'));
  }

  /** Makes these all the entries of a folder. */
  fill(folder: Spot, children: readonly Spot[]): void {
    const { drawn } = this.#files;
    const chain = [
      drawn.member(folder.dentry, 'dentry', 'd_children'),
      ...children.map(({ dentry }) => drawn.member(dentry, 'dentry', 'd_sib')),
      0n,
    ];
    for (let at = 0; at + 1 < chain.length; at++) {
      this.word(chain[at]!, chain[at + 1]!);
      if (chain[at + 1] !== 0n) this.word(chain[at + 1]! + 8n, chain[at]!);
    }
  }

  word(at: bigint, value: bigint): void {
    const { drawn } = this.#files;
    drawn.image.put64(drawn.physical(at), value);
  }
}
