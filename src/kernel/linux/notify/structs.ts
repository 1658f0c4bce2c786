// Structs of those who want to be told of what happens to files.
// Linux: include/linux/fsnotify_backend.h, fs/notify/inotify/inotify.h.
import { int, opt, place, pointer, ptr, uint } from '../../../types/fields.ts';

/** Groups of marks, the marks, and what joins the marks of one object: include/linux/fsnotify_backend.h. */
export const notifyStructs = {
  fsnotify_group: { ops: pointer, marks_list: place },
  fsnotify_mark: {
    mask: uint,
    flags: uint,
    group: ptr('fsnotify_group'),
    g_list: place,
    obj_list: place,
    connector: ptr('fsnotify_mark_connector'),
    // Renamed in Linux kernel commit 31a371e419c8 ("fanotify: prepare for setting event flags in ignore mask") (in v6.0).
    ignore_mask: opt(uint, 'ignored_mask'),
    ignored_mask: opt(uint, 'ignore_mask'),
  },
  fsnotify_mark_connector: { type: uint, obj: pointer, list: place },
  inotify_inode_mark: { fsn_mark: place, wd: int },
  fsnotify_sb_info: { sb_marks: ptr('fsnotify_mark_connector') },
} as const;
