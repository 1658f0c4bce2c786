// The options of mounts and file systems, in the words of /proc/PID/mountinfo.
// Linux: fs/proc_namespace.c (show_mnt_opts, show_sb_opts), include/linux/mount.h, include/linux/fs.h.

/** MNT_… of include/linux/mount.h, in the order in which they are told. */
const MOUNT: readonly (readonly [bit: number, word: string])[] = [
  [0x01, 'nosuid'],
  [0x02, 'nodev'],
  [0x04, 'noexec'],
  [0x08, 'noatime'],
  [0x10, 'nodiratime'],
  [0x20, 'relatime'],
  [0x80, 'nosymfollow'],
];
const MNT_READONLY = 0x40;

/** SB_… of include/linux/fs.h. */
const SUPER: readonly (readonly [bit: bigint, word: string])[] = [
  [1n << 4n, 'sync'],
  [1n << 7n, 'dirsync'],
  [1n << 6n, 'mand'],
  [1n << 25n, 'lazytime'],
];
const SB_RDONLY = 1n;

/** `rw,nosuid,relatime`. */
export const mountOptions = (flags: number, isMapped: boolean): string =>
  [
    (flags & MNT_READONLY) !== 0 ? 'ro' : 'rw',
    ...MOUNT.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word),
    ...(isMapped ? ['idmapped'] : []),
  ].join(',');

/** `rw,sync`: those that every file system can have, without those of its own. */
export const superOptions = (flags: bigint): string =>
  [
    (flags & SB_RDONLY) !== 0n ? 'ro' : 'rw',
    ...SUPER.filter(([bit]) => (flags & bit) !== 0n).map(([, word]) => word),
  ].join(',');
