// Names of files as /proc tells them: across mounts, deleted ones, pseudo files.
// Linux: fs/d_path.c, include/linux/dcache.h, fs/mount.h.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure } from '../../../base/errors.ts';
import { decodeText } from '../../../base/text.ts';
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import type { Kernel } from '../structs.ts';

/** NAME_MAX: no file system has longer names. */
const MAXIMUM_NAME_BYTES = 255;
/** Components of a path: PATH_MAX is 4096 bytes, and each takes at least two. */
const MAXIMUM_DEPTH = 2048;
/** Folders whose paths are remembered: bounded for evidence that has millions. */
const MAXIMUM_REMEMBERED = 100_000;

/** File systems without folders, whose files the kernel names by itself: none of them ever had another name. */
const KERNELS_OWN = new Set(['pipefs', 'sockfs', 'anon_inodefs', 'pidfs', 'nsfs', 'dmabuf']);

/** A folder, and the mount that it is seen in. */
interface Place {
  readonly dentry: VirtualAddress;
  readonly mount: VirtualAddress;
}
/** For evidence without a readable root: paths then begin where their mounts do, which is nearly always the same. */
const NOWHERE: Place = { dentry: 0n, mount: 0n };

/** Names paths as /proc does for a process in the initial root: `d_path` of fs/d_path.c. */
class Paths {
  readonly #kernel: Linux;
  /** Folder and mount → path, without the slash at its end. */
  readonly #folders = new Map<string, string>();
  #root: Place | undefined;

  constructor(kernel: Linux) {
    this.#kernel = kernel;
  }

  /** The path, ` (deleted)` behind it where the name is gone; pseudo files by the names that the kernel gives them. @throws EvidenceFault */
  of({ mnt, dentry }: Kernel<'path'>): string {
    const named = this.#pseudoName(dentry, mnt);
    if (named !== undefined) return named;
    if (mnt === null) throw new CorruptStructure('a path without a mount');
    return this.#path(dentry, this.#kernel.containerOf('mount', 'mnt', mnt.address));
  }

  /** The path of an entry as it is seen in a mount that has it. @throws EvidenceFault */
  in(mount: Kernel<'mount'>, dentry: Kernel<'dentry'>): string {
    return this.#pseudoName(dentry, this.#kernel.at('vfsmount', mount.mnt)) ?? this.#path(dentry, mount);
  }

  /** Whether a file's name is gone from its folder, or it never was in one: memory that passes for a file. @throws EvidenceFault */
  isNameless({ mnt, dentry }: Kernel<'path'>): boolean {
    if (!this.#isGone(dentry) && this.#pseudoName(dentry, mnt) === undefined) return false;
    return !this.areNamed(dentry.d_sb);
  }

  /** Whether the kernel makes the names of all files of a file system. @throws EvidenceFault */
  areNamed(block: Kernel<'super_block'>): boolean {
    return KERNELS_OWN.has(this.fileSystem(block));
  }

  #path(dentry: Kernel<'dentry'>, mount: Kernel<'mount'>): string {
    const path = this.#walk(dentry, mount);
    return this.#isGone(dentry) ? `${path} (deleted)` : path;
  }

  /** Where a mount is, from the root of its namespace on. @throws EvidenceFault */
  ofMount(mount: Kernel<'mount'>): string {
    const { mnt_root } = this.#kernel.at('vfsmount', mount.mnt);
    return this.#walk(this.#kernel.at('dentry', mnt_root), mount);
  }

  /** The path in its file system, whatever is mounted where: dentry_path of fs/d_path.c. @throws EvidenceFault */
  within(dentry: Kernel<'dentry'>): string {
    const named = this.#pseudoName(dentry, null);
    if (named !== undefined) return named;
    const names: string[] = [];
    for (let at = dentry; ; ) {
      const parent = at.d_parent;
      if (parent.address === at.address) break;
      if (names.length >= MAXIMUM_DEPTH)
        throw new CorruptStructure(`a path of more than ${MAXIMUM_DEPTH} components`);
      names.push(this.nameOf(at));
      at = parent;
    }
    return `/${names.reverse().join('/')}${this.#isGone(dentry) ? '//deleted' : ''}`;
  }

  /** The name of a file system: `ext4`, `sockfs`. @throws EvidenceFault */
  fileSystem(block: Kernel<'super_block'>): string {
    return this.#kernel.nameAt(block.s_type.name, MAXIMUM_NAME_BYTES);
  }

  /** The last component. @throws EvidenceFault */
  nameOf({ d_name }: Kernel<'dentry'>): string {
    const name = this.#kernel.space.bytes(d_name.name, Math.min(d_name.len, MAXIMUM_NAME_BYTES));
    if (name.length === 0 || name[0] === 0) throw new CorruptStructure('a file without a name');
    return decodeText(name);
  }

  #walk(from: Kernel<'dentry'>, on: Kernel<'mount'>): string {
    const names: { name: string; key: string }[] = [];
    let [dentry, mount] = [from, on];
    let base = '';
    for (let depth = 0; ; depth++) {
      if (depth > MAXIMUM_DEPTH)
        throw new CorruptStructure(`a path of more than ${MAXIMUM_DEPTH} components`);
      if (this.#isRoot(dentry, mount)) break;
      const key = `${dentry.address}:${mount.address}`;
      const known = this.#folders.get(key);
      if (known !== undefined) {
        base = known;
        break;
      }
      const vfsmount = this.#kernel.at('vfsmount', mount.mnt);
      if (vfsmount.mnt_root === dentry.address) {
        const parent = mount.mnt_parent;
        if (parent.address === mount.address) break; // the root of its namespace, or of a mount that is in none
        dentry = mount.mnt_mountpoint;
        mount = parent;
        continue;
      }
      const parent = dentry.d_parent;
      if (parent.address === dentry.address) break; // a file system's root that its mount does not reach
      names.push({ name: this.nameOf(dentry), key });
      dentry = parent;
    }
    let path = base;
    for (const { name, key } of names.reverse()) {
      path += `/${name}`;
      if (this.#folders.size < MAXIMUM_REMEMBERED) this.#folders.set(key, path);
    }
    return path === '' ? '/' : path;
  }

  /** Whether this is where paths begin for whoever looks from outside: the first process's root. */
  #isRoot(dentry: Kernel<'dentry'>, mount: Kernel<'mount'>): boolean {
    this.#root ??= this.#kernel.attempt(() => this.#findRoot(), NOWHERE, 'the root of all paths');
    return dentry.address === this.#root.dentry && mount.address === this.#root.mount;
  }

  #findRoot(): Place {
    const { fs } = this.#kernel.at('task_struct', this.#kernel.symbol('init_task'));
    if (fs === null) throw new CorruptStructure('the idle task has no root');
    const { root } = fs;
    if (root.mnt === null) throw new CorruptStructure('the root has no mount');
    const mount = this.#kernel.containerOf('mount', 'mnt', root.mnt.address);
    return { dentry: root.dentry.address, mount: mount.address };
  }

  /** No longer in its folder's table of names, and no root itself. */
  #isGone(dentry: Kernel<'dentry'>): boolean {
    return dentry.d_hash.pprev === 0n && dentry.d_parent.address !== dentry.address;
  }

  /** Files that are on no disk have names of the kernel's making; which, their file system tells. */
  #pseudoName(dentry: Kernel<'dentry'>, mnt: Kernel<'vfsmount'> | null): string | undefined {
    const operations = dentry.d_op;
    if (operations === null || operations.d_dname === 0n) return undefined;
    // As `d_path` has it: a root that is mounted somewhere is named by that place.
    if (dentry.d_parent.address === dentry.address && mnt?.mnt_root === dentry.address) return undefined;
    const inode = dentry.d_inode;
    switch (this.fileSystem(dentry.d_sb)) {
      case 'pipefs':
        return `pipe:[${inode?.i_ino ?? 0n}]`;
      case 'sockfs':
        return `socket:[${inode?.i_ino ?? 0n}]`;
      case 'anon_inodefs':
        return `anon_inode:${this.nameOf(dentry)}`;
      case 'pidfs':
        return 'anon_inode:[pidfd]';
      case 'nsfs':
        return this.#namespaceName(inode);
      case 'dmabuf':
        return `/${this.nameOf(dentry)}:`;
      default:
        return `/${this.nameOf(dentry)} (deleted)`; // simple_dname: memfd, shared memory
    }
  }

  #namespaceName(inode: Kernel<'inode'> | null): string {
    if (inode === null) throw new CorruptStructure('a namespace file without an inode');
    const operations = this.#kernel.at('ns_common', inode.i_private).ops;
    if (operations === null) throw new CorruptStructure('a namespace without operations');
    return `${this.#kernel.nameAt(operations.name, MAXIMUM_NAME_BYTES)}:[${inode.i_ino}]`;
  }
}

/** Names paths of a kernel. */
export const pathsOf = perKernel((kernel) => new Paths(kernel));
