// What kind of file a mode says, in the words of stat(2).
// Linux: include/uapi/linux/stat.h.

/** By the upper bits of a mode. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'fifo',
  2: 'character',
  4: 'directory',
  6: 'block',
  8: 'regular',
  10: 'symlink',
  12: 'socket',
};

/** `regular`, `directory`, …; undefined where the mode is of none. */
export const fileType = (mode: number): string | undefined => TYPES[mode >>> 12];
