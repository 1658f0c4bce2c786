// Structs of functions that the kernel calls through a file, a folder, a file system or a terminal.
// Linux: include/linux/seq_file.h, proc_fs.h, fs.h, tty_ldisc.h, tty_driver.h; fs/proc/internal.h.
import { opt, place, pointer, ptr, text, uint } from '../../../types/fields.ts';

/** The functions that are looked at, by the struct that has them. Members that only some kernels have are `opt`. */
export const operationStructs = {
  seq_operations: { start: pointer, stop: pointer, next: pointer, show: pointer },
  // Since Linux kernel commit d56c0d45f0e2 ("proc: decouple proc from VFS with \"struct proc_ops\"") (in v5.6).
  proc_ops: {
    proc_open: pointer,
    proc_read: pointer,
    proc_read_iter: opt(pointer),
    proc_write: pointer,
    proc_lseek: pointer,
    proc_release: pointer,
    proc_poll: pointer,
    proc_ioctl: pointer,
    proc_mmap: pointer,
  },
  file_operations: {
    llseek: pointer,
    read: pointer,
    write: pointer,
    read_iter: pointer,
    write_iter: pointer,
    // Until Linux kernel commit 3e3271549670 ("vfs: get rid of old '->iterate' directory operation") (in v6.6).
    iterate: opt(pointer),
    iterate_shared: pointer,
    poll: pointer,
    unlocked_ioctl: pointer,
    mmap: pointer,
    open: pointer,
    release: pointer,
  },
  inode_operations: {
    lookup: pointer,
    get_link: pointer,
    permission: pointer,
    create: pointer,
    unlink: pointer,
    mkdir: pointer,
    rename: pointer,
    getattr: pointer,
    setattr: pointer,
  },
  tty_ldisc_ops: { open: pointer, read: pointer, write: pointer, ioctl: pointer, receive_buf: pointer },
  tty_operations: { open: pointer, close: pointer, write: pointer, ioctl: pointer },
} as const;

/** What leads to them. */
export const operationHolderStructs = {
  proc_dir_entry: {
    proc_iops: pointer,
    proc_ops: pointer,
    // Of what is printed line by line a struct, of what is printed at once a function: the same place.
    seq_ops: pointer,
    subdir: place,
    subdir_node: place,
    name: pointer,
    mode: uint,
  },
  tty_driver: {
    tty_drivers: place,
    driver_name: pointer,
    name: pointer,
    ops: pointer,
    ttys: pointer,
    num: uint,
  },
  tty_struct: { ops: pointer, ldisc: ptr('tty_ldisc'), name: text },
  tty_ldisc: { ops: pointer },
} as const;
