// Symbols of mounts and of what is mounted: fs/super.c, fs/namespace.c.
// What a kernel lacks of them is simply not in its profile.

export const vfsSymbols = [
  // Every file system that is in use.
  'super_blocks',
  // The table in which paths are looked up, name by name.
  'dentry_hashtable',
  'd_hash_shift',
  // What a mount has that maps no owners to others.
  'nop_mnt_idmap',
] as const;
