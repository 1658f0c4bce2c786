// Where the kernel has the locks on files: in lists of its own, and in what each inode has of them.
// Linux: fs/locks.c (file_lock_list, locks_insert_block), include/linux/filelock.h (struct file_lock_context).
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { chainedLinks } from '../containers/hash-table.ts';
import type { Linux } from '../linux.ts';
import { cpusOf } from '../machine/cpus.ts';
import type { Kernel } from '../structs.ts';
import { superBlocks } from '../vfs/super-blocks.ts';

/** What locks and leases have in common, by its name without the prefix. */
type Common = 'blocker' | 'blocked_requests' | 'flags' | 'type' | 'pid' | 'file';
type Links = 'list' | 'link' | 'blocked_member';

/** A member that every lock has, wherever this kernel has it. @throws EvidenceFault */
export function common<N extends Common>(
  lock: Kernel<'file_lock'>,
  name: N,
): Kernel<'file_lock_core'>[`flc_${N}`] {
  const { c } = lock;
  return (c === undefined ? lock[`fl_${name}`] : c[`flc_${name}`]) as Kernel<'file_lock_core'>[`flc_${N}`];
}

/** The struct, the member of it by which locks are linked, and how far that is into a lock. @throws NotInKernel */
function linkOf({ types }: Linux, name: Links) {
  if (!types.has('file_lock', 'c'))
    return {
      type: 'file_lock',
      member: `fl_${name}`,
      into: types.offsetOf('file_lock', `fl_${name}`),
    } as const;
  const core = types.offsetOf('file_lock', 'c');
  const member = `flc_${name}` as const;
  return { type: 'file_lock_core', member, into: core + types.offsetOf('file_lock_core', member) } as const;
}

/** The locks of a list through this member, by their addresses. */
function* linked(kernel: Linux, head: VirtualAddress, name: Links): Walk<VirtualAddress> {
  const { type, member } = linkOf(kernel, name);
  const core = BigInt(type === 'file_lock' ? 0 : kernel.types.offsetOf('file_lock', 'c'));
  const entries = kernel.list(head, type, member);
  let step = entries.next();
  for (; step.done !== true; step = entries.next()) yield step.value.address - core;
  return step.value;
}

/** Those that wait for a lock, by their addresses. @throws EvidenceFault where its list cannot be found */
export const waitersOf = (kernel: Linux, lock: Kernel<'file_lock'>): Walk<VirtualAddress> =>
  linked(kernel, common(lock, 'blocked_requests'), 'blocked_member');

/** The locks that are held, as /proc/locks goes through them. @returns whether all were found @throws NotInKernel */
export function* listedLocks(kernel: Linux): Walk<VirtualAddress> {
  const cpus = cpusOf(kernel);
  const place = kernel.symbol('file_lock_list');
  const into = BigInt(linkOf(kernel, 'link').into);
  let isWhole = true;
  const note = (message: string): void => {
    isWhole = false;
    kernel.note(message);
  };
  const { pointerBytes: strideBytes } = kernel.types;
  for (const cpu of cpus.possible) {
    const list = kernel.at('file_lock_list_struct', cpus.perCpu(place, cpu));
    const table = { name: `locks of CPU ${cpu}`, heads: list.hlist, buckets: 1, strideBytes, note };
    for (const link of chainedLinks(kernel, table)) yield link - into;
  }
  return isWhole;
}

/** The locks that inodes have, of whatever is in memory. @returns whether all were found */
export function* locksOfInodes(kernel: Linux): Walk<VirtualAddress> {
  kernel.types.offsetOf('file_lock_context', 'flc_posix');
  let isWhole = true;
  for (const { raw } of superBlocks(kernel)) {
    const inodes = raw.s_inodes;
    let step = inodes.next();
    for (; step.done !== true; step = inodes.next()) {
      try {
        const context = step.value.i_flctx;
        if (context === null) continue;
        for (const head of [context.flc_flock, context.flc_posix, context.flc_lease]) {
          isWhole = (yield* linked(kernel, head, 'list')) && isWhole;
        }
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        isWhole = false;
        kernel.note(`locks of an inode: ${fault.message}`);
      }
    }
    isWhole &&= step.value;
  }
  return isWhole;
}
