// Structs of locks and leases on files.
// Linux: include/linux/filelock.h (before: include/linux/fs.h), fs/locks.c.
import { inside, int, long, opt, place, pointer, ptr, uint } from '../../../types/fields.ts';

/**
 * Locks, and what an inode has of them. Since Linux kernel commit a69ce85ec9af ("filelock: split common fields into struct
 * file_lock_core") (in v6.9), what locks and leases have in common is a struct of its own at their beginning, and its
 * members are called `flc_…`.
 */
export const lockStructs = {
  file_lock: {
    c: opt(inside('file_lock_core'), 'fl_flags'),
    fl_blocker: opt(pointer, 'c'),
    fl_list: opt(place, 'c'),
    fl_link: opt(place, 'c'),
    fl_blocked_requests: opt(place, 'c'),
    fl_blocked_member: opt(place, 'c'),
    fl_flags: opt(uint, 'c'),
    fl_type: opt(uint, 'c'),
    fl_pid: opt(int, 'c'),
    fl_file: opt(ptr('file'), 'c'),
    fl_start: long,
    fl_end: long,
  },
  file_lock_core: {
    flc_blocker: pointer,
    flc_list: place,
    flc_link: place,
    flc_blocked_requests: place,
    flc_blocked_member: place,
    flc_flags: uint,
    flc_type: uint,
    flc_pid: int,
    flc_file: ptr('file'),
  },
  file_lock_context: { flc_flock: place, flc_posix: place, flc_lease: place },
  file_lock_list_struct: { hlist: place },
} as const;
