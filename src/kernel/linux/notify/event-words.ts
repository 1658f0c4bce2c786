// What somebody wants to be told of, in the words of inotify(7) and fanotify(7) in lower case.
// Linux: include/linux/fsnotify_backend.h, include/uapi/linux/inotify.h, include/uapi/linux/fanotify.h.

type Words = readonly (readonly [bit: number, word: string])[];

const BOTH: Words = [
  [0x1, 'access'],
  [0x2, 'modify'],
  [0x4, 'attrib'],
  [0x8, 'close_write'],
  [0x10, 'close_nowrite'],
  [0x20, 'open'],
  [0x40, 'moved_from'],
  [0x80, 'moved_to'],
  [0x100, 'create'],
  [0x200, 'delete'],
  [0x400, 'delete_self'],
  [0x800, 'move_self'],
];

const INOTIFY: Words = [...BOTH, [0x0400_0000, 'excl_unlink'], [0x8000_0000, 'oneshot']];

const OTHERS: Words = [
  ...BOTH,
  [0x1000, 'open_exec'],
  [0x8000, 'fs_error'],
  [0x1_0000, 'open_perm'],
  [0x2_0000, 'access_perm'],
  [0x4_0000, 'open_exec_perm'],
  [0x10_0000, 'pre_access'],
  [0x100_0000, 'mnt_attach'],
  [0x200_0000, 'mnt_detach'],
  [0x1000_0000, 'rename'],
  [0x0800_0000, 'event_on_child'],
  [0x4000_0000, 'ondir'],
];

/** The mask of a mark as words: `modify,attrib`; empty where it has none. Of inotify without what the kernel adds by itself. */
export const eventWords = (mask: number, isInotify: boolean): string =>
  (isInotify ? INOTIFY : OTHERS)
    .filter(([bit]) => (mask & bit) !== 0)
    .map(([, word]) => word)
    .join(',');
