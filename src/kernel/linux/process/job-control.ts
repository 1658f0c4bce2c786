// The session and the process group of a process, and the terminal that they belong to.
// Linux: struct signal_struct of include/linux/sched/signal.h, fs/proc/array.c (do_task_stat).
import { CorruptStructure } from '../../../base/errors.ts';
import type { Kernel } from '../structs.ts';
import { PIDTYPE, type PidType } from './pid-table.ts';
import type { Task } from './task.ts';

/** The number of its process group, in the initial PID namespace; 0 where that has none there. @throws EvidenceFault */
export const groupOf = (task: Task): number => numberOf(task, PIDTYPE.group);

/** The number of its session, in the initial PID namespace; 0 where that has none there. @throws EvidenceFault */
export const sessionOf = (task: Task): number => numberOf(task, PIDTYPE.session);

/** The terminal that controls its session, as ps(1) calls it: `pts/0`, `tty1`. Null where there is none. @throws EvidenceFault */
export function terminalOf({ raw }: Task): string | null {
  const { tty } = raw.signal;
  return tty === null ? null : tty.name.replace(/^pts(?=\d+$)/, 'pts/');
}

function numberOf({ kernel, raw }: Task, type: PidType): number {
  const { pointerBytes } = kernel.types;
  const address = kernel.pointerAt(raw.signal.pids + BigInt(type * pointerBytes));
  if (address === 0n) throw new CorruptStructure('a process without a group or session');
  // The first of its numbers is that of the initial namespace.
  const number: Kernel<'upid'> = kernel.at('upid', kernel.at('pid', address).numbers);
  return number.nr;
}
