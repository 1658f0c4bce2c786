// Symbols of locks on files: fs/locks.c.
// What a kernel lacks of them is simply not in its profile.

export const lockSymbols = [
  // The locks that are held, in a list for each CPU.
  'file_lock_list',
] as const;
