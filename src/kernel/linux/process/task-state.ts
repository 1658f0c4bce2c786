// Bits of task_struct.state and .exit_state: include/linux/sched.h. Those that ps shows have kept their numbers
// since Linux kernel commit 8ef9925b02c2 ("sched/debug: Add explicit TASK_PARKED printing") (in v4.14).
const TASK_UNINTERRUPTIBLE = 0x2;
const TASK_NOLOAD = 0x400;
const TASK_IDLE = TASK_UNINTERRUPTIBLE | TASK_NOLOAD;
// Since Linux kernel commit 5f220be21418 ("sched/wakeup: Prepare for RT sleeping spin/rwlocks") (in v5.15).
const TASK_RTLOCK_WAIT = 0x1000;
// Since Linux kernel commit f5d39b020809 ("freezer,sched: Rewrite core freezer logic") (in v6.1).
const TASK_FROZEN = 0x8000;
const TASK_REPORT = 0x7f;

/** Letters by the number of the highest bit, counted from 1; 0 is running. */
const LETTERS = 'RSDTtXZP';

/**
 * The letter that ps shows for a thread's `state` and `exit_state`, found as the kernel's `task_state_index` does.
 *
 * A frozen thread is D, as since Linux kernel commit f718faf3940e ("freezer, sched: Report frozen tasks as 'D'
 * instead of 'R'") (in v6.14); the kernels from 6.1 on that lack it print R for a thread that cannot run.
 */
export function stateLetter(state: number, exitState: number): string {
  if ((state & (TASK_RTLOCK_WAIT | TASK_FROZEN)) !== 0) return 'D';
  if ((state & TASK_IDLE) === TASK_IDLE) return 'I';
  return LETTERS[32 - Math.clz32((state | exitState) & TASK_REPORT)]!;
}
