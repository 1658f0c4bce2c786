// The table of all process numbers, which /proc lists processes by: kernel/pid.c, include/linux/pid.h.
// Numbers of every PID namespace are in the table of the initial one too.
import { fromWords, type VirtualAddress, wrapped } from '../../../base/address.ts';
import { ENTRY_COST } from '../../../base/budget.ts';
import { CorruptStructure, EvidenceFault } from '../../../base/errors.ts';
import type { Walk } from '../../../types/struct.ts';
import { pointersAt } from '../containers/pointers.ts';
import { xarrayEntries } from '../containers/xarray.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';

/** enum pid_type of include/linux/pid_types.h, since Linux kernel commit 6883f81aac6f ("pid: Implement PIDTYPE_TGID") (in v4.19). */
export const PIDTYPE = { thread: 0, process: 1, group: 2, session: 3 } as const;
const PID_TYPES = 4;
export type PidType = (typeof PIDTYPE)[keyof typeof PIDTYPE];

/** Set in `pid_allocated` while new numbers are given out: PIDNS_ADDING of include/linux/pid_namespace.h. */
const PIDNS_ADDING = 0x8000_0000;
/** Tasks after which those of one number are taken for endless: PID_MAX_LIMIT of include/linux/threads.h. */
const MAXIMUM_TASKS = 4_194_304;

/**
 * Every `struct pid` in the table. @returns whether the walk came to its end. @throws EvidenceFault where the table
 * cannot be found, or is empty: process 1 never ends
 */
export function* numbers(kernel: Linux): Walk<Kernel<'pid'>> {
  kernel.types.offsetOf('pid', 'tasks'); // throws where this build's description does not reach so far
  kernel.types.offsetOf('task_struct', 'pid_links');
  const { idr } = initialNamespace(kernel);
  const walk = xarrayEntries(kernel, idr.idr_rt.address, 'table of process IDs');
  let step = walk.next();
  if (step.done === true)
    throw new CorruptStructure('the table of process IDs is empty, and no kernel has it so');
  for (; step.done !== true; step = walk.next()) yield kernel.at('pid', step.value);
  return step.value;
}

/** How many numbers the kernel says are in the table. @throws EvidenceFault */
export const numbersInUse = (kernel: Linux): number =>
  (initialNamespace(kernel).pid_allocated & ~PIDNS_ADDING) >>> 0;

const initialNamespace = (kernel: Linux): Kernel<'pid_namespace'> =>
  kernel.at('pid_namespace', kernel.symbol('init_pid_ns'));

/** The links of the first task of each type that has a number as its own: 0 for none. @throws EvidenceFault */
export function firstLinks(
  kernel: Linux,
  number: Kernel<'pid'>,
): readonly [thread: bigint, process: bigint, group: bigint, session: bigint] {
  const words = pointersAt(kernel, number.tasks, PID_TYPES);
  if (words.length < 2 * PID_TYPES) kernel.pointerAt(number.tasks + BigInt(words.length * 4)); // throws, saying why
  // One that has no task is being made; its page has others.
  if (words.every((word) => word === 0) && kernel.space.isBlankAt(number.tasks))
    throw new CorruptStructure('a page of numbers holds nothing but zeros');
  const link = (type: PidType): VirtualAddress => fromWords(words[2 * type + 1]!, words[2 * type]!);
  return [link(PIDTYPE.thread), link(PIDTYPE.process), link(PIDTYPE.group), link(PIDTYPE.session)];
}

/** The task whose link of a type is at `link`. */
export function taskAt({ types }: Linux, link: VirtualAddress, type: PidType): VirtualAddress {
  const width = types.pointerBytes;
  return wrapped(link - BigInt(types.offsetOf('task_struct', 'pid_links') + type * 2 * width), width);
}

/** The tasks of a chain that begins with the link at `first`: of a group or session the processes in it, until it breaks. */
export function* tasksLinked(kernel: Linux, first: VirtualAddress, type: PidType): Generator<VirtualAddress> {
  const seen = new Set<VirtualAddress>();
  try {
    for (let link = first; link !== 0n && !seen.has(link); link = kernel.pointerAt(link)) {
      if (seen.size >= MAXIMUM_TASKS) return;
      kernel.space.memory.spend(ENTRY_COST);
      seen.add(link);
      yield taskAt(kernel, link, type);
    }
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
  }
}
