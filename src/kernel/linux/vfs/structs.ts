// Structs of files, folders, mounts and descriptors.
// Linux: include/linux/fs.h, include/linux/dcache.h, include/linux/fdtable.h, fs/mount.h.
import {
  bytes,
  inside,
  int,
  links,
  long,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../../types/fields.ts';

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
    // Who is told when something can be read; since Linux kernel commit 1934b212615d ("file: reclaim 24 bytes from f_owner")
    // (in v6.12) a pointer to that, and before it itself.
    f_owner: place,
  },
  fown_struct: { pid: ptr('pid') },
  /**
   * A file of a stacked file system as the one below opened it, and the path that the user knows it by. Since
   * Linux kernel commit def3ae83da02 ("fs: store real path instead of fake path in backing file f_path")
   * (in v6.7) that path is in `user_path`; before, the file's own `f_path` is the user's, and the other in `real_path`.
   */
  backing_file: { file: place, user_path: opt(inside('path'), 'real_path') },
  path: { mnt: ptr('vfsmount'), dentry: ref('dentry') },
  // A mapping of owners is in `mnt_idmap` since Linux kernel commit 256c8aed2b42 ("fs: introduce dedicated idmap type for
  // mounts") (in v6.2).
  vfsmount: { mnt_root: pointer, mnt_sb: ref('super_block'), mnt_flags: uint, mnt_idmap: opt(pointer) },
  mount: {
    mnt: place,
    mnt_parent: ref('mount'),
    mnt_mountpoint: ref('dentry'),
    mnt_id: int,
    mnt_group_id: int,
    mnt_master: ptr('mount'),
    mnt_devname: pointer,
    // No namespace's where it is an error's number: include/linux/mount.h, MNT_NS_INTERNAL.
    mnt_ns: pointer,
    mnt_fsnotify_marks: ptr('fsnotify_mark_connector'),
    mnt_list: place,
    // Since Linux kernel commit 2eea9ce4310d ("mounts: keep list of mounts in an rbtree") (in v6.8), those of a namespace
    // are in a tree; before, in a list through `mnt_list`.
    mnt_node: opt(place, 'mnt_list'),
    // Those of a super block: in a list, or one after the other. Kernels of the latter kind have in `mnt_t_flags` what was
    // in `vfsmount.mnt_flags`: how mounts pass on to others.
    mnt_instance: opt(place, 'mnt_next_for_sb'),
    mnt_next_for_sb: opt(ptr('mount'), 'mnt_instance'),
    mnt_t_flags: opt(uint, 'vfsmount.mnt_flags'),
  },
  mnt_namespace: {
    ns: inside('ns_common'),
    user_ns: ref('user_namespace'),
    list: opt(links('mount', 'mnt_list'), 'mounts'),
    // The tree, or before there was one, the number of mounts.
    mounts: place,
    nr_mounts: opt(uint, 'mounts'),
  },
  dentry: {
    d_parent: ref('dentry'),
    d_name: inside('qstr'),
    d_inode: ptr('inode'),
    d_op: ptr('dentry_operations'),
    d_sb: ref('super_block'),
    d_hash: inside('hlist_bl_node'),
    // The link among the names of its inode: the first member of a union, which had a name of its own until it lost it.
    d_u: opt(place, 'd_alias'),
    d_alias: opt(place, 'd_u'),
    d_lockref: inside('lockref'),
    // The entries of a folder, and the link among them: since Linux kernel commit da549bdd15c2 ("dentry: switch the lists of
    // children to hlist") (in v6.8) in a chain.
    d_subdirs: opt(place, 'd_children'),
    d_child: opt(place, 'd_sib'),
    d_children: opt(place, 'd_subdirs'),
    d_sib: opt(place, 'd_child'),
  },
  hlist_bl_node: { pprev: pointer },
  lockref: { count: int },
  qstr: { name: pointer, len: uint },
  dentry_operations: { d_dname: pointer },
  inode: {
    i_ino: ulong,
    i_mode: uint,
    i_rdev: uint,
    i_sb: ref('super_block'),
    i_private: pointer,
    // Of a symbolic link alone: in a union with what other files have.
    i_link: pointer,
    i_op: pointer,
    i_fop: pointer,
    i_size: long,
    i_uid: uint,
    i_gid: uint,
    i_nlink: uint,
    i_mapping: ptr('address_space'),
    i_flctx: ptr('file_lock_context'),
    i_fsnotify_marks: ptr('fsnotify_mark_connector'),
    i_sb_list: place,
    i_dentry: place,
    // Times got other names in Linux kernel commits 13bc24457850 ("fs: rename i_ctime field to __i_ctime") (in v6.6) and
    // 12cd44023651 ("fs: rename inode i_atime and i_mtime fields") (in v6.7), and became numbers in 3aa63a569c64 ("fs:
    // switch timespec64 fields in inode to discrete integers") (in v6.11).
    i_atime: opt(inside('timespec64')),
    i_mtime: opt(inside('timespec64')),
    i_ctime: opt(inside('timespec64')),
    __i_atime: opt(inside('timespec64')),
    __i_mtime: opt(inside('timespec64')),
    __i_ctime: opt(inside('timespec64')),
    i_atime_sec: opt(long),
    i_mtime_sec: opt(long),
    i_ctime_sec: opt(long),
    i_atime_nsec: opt(uint),
    i_mtime_nsec: opt(uint),
    i_ctime_nsec: opt(uint),
  },
  timespec64: { tv_sec: long, tv_nsec: long },
  /** The cached pages of a file: `i_pages` has them by their number in it. */
  address_space: { host: ptr('inode'), i_pages: place, nrpages: ulong, i_mmap: inside('rb_root_cached') },
  super_block: {
    s_list: place,
    s_dev: uint,
    s_type: ref('file_system_type'),
    s_subtype: opt(pointer),
    s_blocksize: ulong,
    s_maxbytes: long,
    s_flags: ulong,
    s_magic: ulong,
    s_root: ptr('dentry'),
    // Moved in Linux kernel commit 07a3b8d0bf72 ("fsnotify: lazy attach fsnotify_sb_info state to sb") (in v6.10).
    s_fsnotify_marks: opt(ptr('fsnotify_mark_connector'), 's_fsnotify_info'),
    s_fsnotify_info: opt(ptr('fsnotify_sb_info'), 's_fsnotify_marks'),
    s_id: text,
    s_uuid: bytes,
    s_mounts: place,
    s_inodes: links('inode', 'i_sb_list'),
  },
  /** What mm/shmem.c has of a file beside its inode. */
  shmem_inode_info: { swapped: ulong, vfs_inode: place },
  file_system_type: { name: pointer },
  fs_struct: { root: inside('path'), pwd: inside('path') },
  proc_ns_operations: { name: pointer },
} as const;
