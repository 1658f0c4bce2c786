// Symbols by which groups of marks tell whose they are: fs/notify, kernel/audit_watch.c, audit_fsnotify.c, audit_tree.c.
// What a kernel lacks of them is simply not in its profile.

export const notifySymbols = [
  'inotify_fsnotify_ops',
  'fanotify_fsnotify_ops',
  'dnotify_fsnotify_ops',
  'audit_watch_fsnotify_ops',
  'audit_mark_fsnotify_ops',
  'audit_tree_ops',
] as const;
