// Symbols of block devices: block/genhd.c, drivers/base/class.c.
// What a kernel lacks of them is simply not in its profile.

export const blockSymbols = [
  // The class of all disks and partitions, and the set of all classes.
  'block_class',
  'class_kset',
] as const;
