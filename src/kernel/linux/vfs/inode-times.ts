// When a file was last read, written and changed.
// Linux: struct inode of include/linux/fs.h.
import { CorruptStructure, NotInKernel } from '../../../base/errors.ts';
import type { Kernel } from '../structs.ts';

/** Bits of nanoseconds below 10^9: later kernels mark a time that was told with one above (I_CTIME_QUERIED). */
const NANOSECONDS = 0x3fff_ffff;
/** A Date has no more milliseconds on either side of 1970. */
const MOST_MS = 8.64e15;

type TimeName = 'atime' | 'mtime' | 'ctime';

/** Access, modification or change of an inode. @throws EvidenceFault */
export function inodeTime(inode: Kernel<'inode'>, name: TimeName): Date {
  const [seconds, nanoseconds] = partsOf(inode, name);
  const ms = Number(seconds) * 1000 + Math.floor((nanoseconds & NANOSECONDS) / 1e6);
  if (Math.abs(ms) > MOST_MS) throw new CorruptStructure(`a time of ${seconds} seconds`);
  return new Date(ms);
}

/** The same in seconds since 1970, with all nine digits behind the dot: `1015218367.987654321`. @throws EvidenceFault */
export function inodeTimeText(inode: Kernel<'inode'>, name: TimeName): string {
  const [seconds, nanoseconds] = partsOf(inode, name);
  const all = seconds * 1_000_000_000n + BigInt(nanoseconds & NANOSECONDS);
  const digits = (all < 0n ? -all : all).toString().padStart(10, '0');
  return `${all < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function partsOf(inode: Kernel<'inode'>, name: TimeName): readonly [seconds: bigint, nanoseconds: number] {
  const seconds = inode[`i_${name}_sec`];
  if (seconds !== undefined) return [seconds, inode[`i_${name}_nsec`] ?? 0];
  const both = inode[`i_${name}`] ?? inode[`__i_${name}`];
  if (both === undefined) throw new NotInKernel(`this kernel has no inode.i_${name}`);
  return [both.tv_sec, Number(both.tv_nsec)];
}
