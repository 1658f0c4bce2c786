// Structs of files, folders, mounts and descriptors.
// Linux: include/linux/fs.h, include/linux/dcache.h, include/linux/fdtable.h, fs/mount.h.
import { inside, long, opt, place, pointer, ptr, ref, uint, ulong } from '../../../types/fields.ts';

/** Open files, directory entries, inodes and mounts: include/linux/fs.h, fdtable.h, dcache.h, fs/mount.h. */
export const vfsStructs = {
  files_struct: { fdt: ref('fdtable') },
  fdtable: { max_fds: uint, fd: pointer, close_on_exec: pointer, open_fds: pointer },
  file: {
    f_path: inside('path'),
    f_inode: ptr('inode'),
    f_mapping: ptr('address_space'),
    f_op: pointer,
    f_flags: uint,
    f_mode: uint,
    f_pos: long,
    private_data: pointer,
  },
  /**
   * A file of a stacked file system as the one below opened it, and the path that the user knows it by. Since
   * Linux kernel commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path")
   * (in v6.7) that path is in `user_path`; before, the file's own `f_path` is the user's, and the other in `real_path`.
   */
  backing_file: { file: place, user_path: opt(inside('path'), 'real_path') },
  path: { mnt: ptr('vfsmount'), dentry: ref('dentry') },
  vfsmount: { mnt_root: pointer },
  mount: { mnt: place, mnt_parent: ref('mount'), mnt_mountpoint: ref('dentry') },
  dentry: {
    d_parent: ref('dentry'),
    d_name: inside('qstr'),
    d_inode: ptr('inode'),
    d_op: ptr('dentry_operations'),
    d_sb: ref('super_block'),
    d_hash: inside('hlist_bl_node'),
  },
  hlist_bl_node: { pprev: pointer },
  qstr: { name: pointer, len: uint },
  dentry_operations: { d_dname: pointer },
  inode: {
    i_ino: ulong,
    i_mode: uint,
    i_rdev: uint,
    i_sb: ref('super_block'),
    i_private: pointer,
    i_size: long,
  },
  /** The cached pages of a file: `i_pages` has them by their number in it. */
  address_space: { host: ptr('inode'), i_pages: place },
  super_block: { s_dev: uint, s_type: ref('file_system_type'), s_blocksize: ulong },
  file_system_type: { name: pointer },
  fs_struct: { root: inside('path'), pwd: inside('path') },
  proc_ns_operations: { name: pointer },
} as const;
