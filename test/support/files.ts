import type { FakeKernel } from './kernel.ts';

/** Where the kernel's functions are that name files of no folder. */
const NAMING = 0xffff_ffff_8165_4320n;

/** What is particular about a drawn directory entry. */
export interface EntryTraits {
  /** Its name is gone from its folder. */
  readonly deleted?: boolean;
  /** The kernel makes its name: pipes, sockets, memory without a folder. */
  readonly named?: boolean;
}

/** A folder or file, as it is seen in one mount. */
export interface Spot {
  readonly dentry: bigint;
  readonly mount: bigint;
  readonly inode: bigint;
  readonly block: bigint;
}

/** Draws file systems, mounts, files and tables of descriptors. */
export class DrawnFiles {
  readonly drawn: FakeKernel;
  readonly root: Spot;
  #inodes = 1;

  constructor(drawn: FakeKernel) {
    this.drawn = drawn;
    this.root = this.mount('ext4', 0xfe_00001);
    this.drawn.write(drawn.task(0), 'task_struct', { fs: this.#folders(this.root) });
  }

  /** A file system of its own, mounted on `on`; without it, at the root of a namespace or nowhere. */
  mount(type: string, device: number, on?: Spot): Spot {
    const { drawn } = this;
    const block = drawn.draw('super_block', { s_dev: device });
    drawn.write(block, 'super_block', { s_type: drawn.draw('file_system_type', { name: this.text(type) }) });
    const dentry = drawn.draw('dentry');
    const inode = this.#inode(block, 0o040755);
    drawn.write(dentry, 'dentry', { d_parent: dentry, d_sb: block, d_inode: inode });
    return { dentry, inode, block, mount: this.#mount(dentry, on) };
  }

  /** What `spot` shows, mounted on `on` as well. */
  bind(spot: Spot, on: Spot): Spot {
    return { ...spot, mount: this.#mount(spot.dentry, on) };
  }

  /** An entry of `folder`; where `mode` is no folder's, a file. */
  entry(folder: Spot, name: string, mode = 0o100644, traits: EntryTraits = {}): Spot {
    const { drawn } = this;
    const inode = this.#inode(folder.block, mode);
    const dentry = drawn.draw('dentry', { d_parent: folder.dentry, d_sb: folder.block, d_inode: inode });
    const bytes = Buffer.from(name, 'latin1');
    const at = drawn.virtual(drawn.image.take(bytes.length + 1));
    drawn.image.write(drawn.physical(at), bytes);
    const own = drawn.member(dentry, 'dentry', 'd_name');
    drawn.write(own, 'qstr', { name: at, len: bytes.length });
    const hash = drawn.member(dentry, 'dentry', 'd_hash');
    drawn.write(hash, 'hlist_bl_node', { pprev: traits.deleted === true ? 0n : folder.dentry });
    if (traits.named === true) {
      drawn.write(dentry, 'dentry', { d_parent: dentry });
      drawn.write(dentry, 'dentry', { d_op: drawn.draw('dentry_operations', { d_dname: NAMING }) });
    }
    return { ...folder, dentry, inode };
  }

  /** An open file. */
  open({ dentry, mount, inode }: Spot, values: Readonly<Record<string, bigint | number>> = {}): bigint {
    const { drawn } = this;
    const file = drawn.draw('file', { f_inode: inode, ...values });
    const mnt = drawn.member(mount, 'mount', 'mnt');
    drawn.write(drawn.member(file, 'file', 'f_path'), 'path', { dentry, mnt });
    return file;
  }

  /** Gives a process these open files by descriptor, and says which close at exec. @returns the array of descriptors */
  give(
    pid: number,
    files: Readonly<Record<number, bigint>>,
    closing: readonly number[] = [],
    count = 64,
  ): bigint {
    const { drawn } = this;
    const array = drawn.virtual(drawn.image.take(8 * count, 4096));
    const bits = drawn.virtual(drawn.image.take(Math.ceil(count / 8), 4096));
    for (const [fd, file] of Object.entries(files))
      drawn.image.put64(drawn.physical(array) + 8 * Number(fd), file);
    for (const fd of closing) {
      const at = drawn.physical(bits) + (fd >>> 3);
      drawn.image.put8(at, Number(drawn.image.get64(at) & 0xffn) | (1 << (fd & 7)));
    }
    const fdt = drawn.draw('fdtable', { max_fds: count, fd: array, close_on_exec: bits });
    drawn.write(drawn.task(pid), 'task_struct', { files: drawn.draw('files_struct', { fdt }) });
    return array;
  }

  /** A NUL-terminated string of the kernel's. */
  text(text: string): bigint {
    const at = this.drawn.image.take(text.length + 1);
    this.drawn.image.write(at, `${text}\0`);
    return this.drawn.virtual(at);
  }

  #inode(block: bigint, mode: number): bigint {
    return this.drawn.draw('inode', { i_ino: this.#inodes++, i_mode: mode, i_sb: block });
  }

  #mount(root: bigint, on: Spot | undefined): bigint {
    const { drawn } = this;
    const mount = drawn.draw('mount');
    drawn.write(mount, 'mount', { mnt_parent: on?.mount ?? mount, mnt_mountpoint: on?.dentry ?? root });
    drawn.write(drawn.member(mount, 'mount', 'mnt'), 'vfsmount', { mnt_root: root });
    return mount;
  }

  #folders(root: Spot): bigint {
    const { drawn } = this;
    const folders = drawn.draw('fs_struct');
    const mnt = drawn.member(root.mount, 'mount', 'mnt');
    drawn.write(drawn.member(folders, 'fs_struct', 'root'), 'path', { dentry: root.dentry, mnt });
    return folders;
  }
}
