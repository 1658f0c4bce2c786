// Files that are nowhere but in memory and swap: of every tmpfs, also the kernel's own for shared memory and memfd.
// Linux: mm/shmem.c, include/linux/shmem_fs.h.
import type { Linux } from '../linux.ts';
import { fileType } from '../vfs/file-type.ts';
import { InodeNames } from '../vfs/inode-names.ts';
import { superBlocks } from '../vfs/super-blocks.ts';
import { NamedCachedFile } from './cached-files.ts';
import { symlinkTarget } from './symlink-target.ts';

/** File systems of mm/shmem.c; `rootfs` and `ramfs` have no home but memory either, and no swap. */
const SHMEM = new Set(['tmpfs', 'devtmpfs']);
const IN_MEMORY = new Set([...SHMEM, 'ramfs', 'rootfs']);

/** A file in memory alone. */
export class TmpfsFile extends NamedCachedFile {
  /** Pages of it that are in swap; null where its file system has no swap. @throws EvidenceFault */
  get swappedPages(): bigint | null {
    if (!SHMEM.has(this.fileSystem)) return null;
    return this.kernel.containerOf('shmem_inode_info', 'vfs_inode', this.raw.address).swapped;
  }
  /** Where a symbolic link leads; null of others. @throws EvidenceFault */
  get target(): string | null {
    return fileType(this.raw.i_mode) === 'symlink' ? symlinkTarget(this.kernel, this.raw) : null;
  }
}

/** Every file of every file system that is in memory alone. */
export function* tmpfsFiles(kernel: Linux): Generator<TmpfsFile> {
  const names = new InodeNames(kernel);
  for (const block of superBlocks(kernel)) {
    const type = kernel.attempt(() => block.type, '', 'a file system');
    if (!IN_MEMORY.has(type)) continue;
    for (const inode of block.raw.s_inodes) yield new TmpfsFile(inode, kernel, names);
  }
}
