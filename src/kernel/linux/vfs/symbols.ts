// Symbols of mounts and of what is mounted: fs/super.c, fs/namespace.c.
// What a kernel lacks of them is simply not in its profile.

export const vfsSymbols = [
  // Every file system that is in use.
  'super_blocks',
  // What a mount has that maps no owners to others.
  'nop_mnt_idmap',
] as const;
