// Files that may change while everything that tells of a file stays as it was: a running guest writes its memory through a
// mapping of the file. Of such a file no answer is remembered, since nothing would say that it is no longer true.
import { readdirSync, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs';

/**
 * File systems whose files lie in memory, or are made as they are read, by `statfs(2)`'s type (include/uapi/linux/magic.h;
 * fs/ramfs, hugetlbfs and proc of Linux). They have no `page_mkwrite` that updates times, so a write through a mapping
 * leaves size and times alone. A memfd is a file of tmpfs or hugetlbfs, also by its name in /proc/PID/fd.
 */
const TIMELESS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
  [0x958458f6, 'hugetlbfs'],
  [0x9fa0, 'proc'],
  [0x62656572, 'sysfs'],
]);

/**
 * On a disk the first write to each page that is clean sets the times (file_update_time in ext4_page_mkwrite,
 * xfs_filemap_fault and others), and pages are clean again when they are written back, which the kernel does after 30
 * seconds unless vm.dirty_expire_centisecs says otherwise: of older files the times can be relied on.
 */
const WRITTEN_BACK_MS = 60_000;

/**
 * Why one of these regular files may change unseen; undefined where none can. @param path any name that the system
 * understands, of all pieces of one snapshot
 * @param changedMs when any of them last changed, by their own times, in milliseconds since 1970
 */
export function whyMoving(
  path: string | readonly string[],
  changedMs: number,
  nowMs: number = Date.now(),
): string | undefined {
  const timeless = [path]
    .flat()
    .map((name) => TIMELESS.get(typeOf(name)))
    .find((kind) => kind !== undefined);
  if (timeless !== undefined)
    return `it lies in a file system (${timeless}) whose files can change while their times do not`;
  if (nowMs - changedMs < WRITTEN_BACK_MS && isMappedForWriting(path))
    return 'a running program writes it through a mapping';
  return undefined;
}

/** The same of files by their names alone, for messages; undefined too where there is no such file. */
export function whyNotRemembered(path: string | readonly string[]): string | undefined {
  const stats = [path].flat().flatMap((name) => statSync(name, { throwIfNoEntry: false }) ?? []);
  const isThere = stats.length > 0 && stats.every((stat) => stat.isFile());
  return isThere ? whyMoving(path, Math.max(...stats.map(({ ctimeMs }) => ctimeMs))) : undefined;
}

/** Unsigned: where longs have 32 bits, large types come as negative numbers. 0 where nothing can be told. */
function typeOf(path: string): number {
  try {
    return statfsSync(path).type >>> 0;
  } catch {
    return 0;
  }
}

/** A line of `/proc/PID/maps` (proc(5)) of a mapping that is shared and may be written: its inode and path. */
const SHARED_WRITABLE = /^\S+ .w.s \S+ \S+ (\d+)\s+(\S.*)$/gm;

/** Whether a process that we may look into has one of the files mapped so that what it writes becomes the file's. */
export function isMappedForWriting(path: string | readonly string[]): boolean {
  const files = new Set<string>();
  const names: string[] = [];
  try {
    for (const each of [path].flat()) {
      const name = realpathSync(each);
      names.push(name);
      files.add(`${statSync(name, { bigint: true }).ino} ${name}`);
    }
  } catch {
    return false;
  }
  // The device is not compared: overlay and btrfs show another in maps than in stat. Inode and name together are enough.
  return processes().some((pid) => {
    const maps = mapsOf(pid);
    // Large programs have thousands of mappings, and none of the file: that is told sooner than what the lines say.
    if (!names.some((name) => maps.includes(name))) return false;
    return [...maps.matchAll(SHARED_WRITABLE)].some(([, number, file]) => files.has(`${number} ${file}`));
  });
}

/** None where there is no such folder: another system than Linux. */
function processes(): string[] {
  try {
    return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  } catch {
    return [];
  }
}

/** Nothing of a process that has ended, or is another user's. */
function mapsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return '';
  }
}
