// When and where a thread may run: its policy, its priority, its CPUs, and how often it was switched.
// Linux: include/linux/sched.h, include/uapi/linux/sched.h, kernel/sched/debug.c.
import type { Linux } from '../linux.ts';
import { cpuNumbersIn, cpusOf } from '../machine/cpus.ts';
import type { Task } from './task.ts';
import { threads } from './threads.ts';

/** SCHED_… of include/uapi/linux/sched.h, in the words of chrt(1). */
const POLICIES = ['other', 'fifo', 'rr', 'batch', 'iso', 'idle', 'deadline', 'ext'];
export const POLICY_NAMES = POLICIES.filter((name) => name !== 'iso');
const SCHED_DEADLINE = 6;

/** How the kernel schedules a thread. */
export class Scheduling {
  readonly thread: Task;
  constructor(thread: Task) {
    this.thread = thread;
  }

  /** In the words of chrt(1): `other`, `fifo`, `deadline`; the number where it has no name. @throws EvidenceFault */
  get policy(): string {
    const { policy } = this.thread.raw;
    return POLICIES[policy] ?? String(policy);
  }
  /** The kernel's own: 100 to 139 by nice value, below that for real time, −1 for deadlines; lower ones go first. @throws EvidenceFault */
  get priority(): number {
    return this.thread.raw.prio;
  }
  /** 1 to 99 for `fifo` and `rr`, 0 for the others. @throws EvidenceFault */
  get realTimePriority(): number {
    return this.thread.raw.rt_priority;
  }
  /** The CPU that it runs on, or ran on last. @throws EvidenceFault */
  get cpu(): number {
    const { cpu, thread_info } = this.thread.raw;
    return cpu ?? thread_info.cpu ?? 0;
  }
  /** It is running at this moment. Null in kernels for one CPU. @throws EvidenceFault */
  get isRunning(): boolean | null {
    const { on_cpu } = this.thread.raw;
    return on_cpu === undefined ? null : on_cpu !== 0;
  }
  /** It waits for a CPU, or has one. @throws EvidenceFault */
  get isQueued(): boolean {
    return this.thread.raw.on_rq !== 0;
  }
  /** The CPUs that it may run on: `0-3,8`. @throws EvidenceFault */
  get cpus(): string {
    const { kernel, raw } = this.thread;
    // The mask has room for as many as the kernel was built for, and those that cannot be are set too.
    const last = Math.max(...cpusOf(kernel).possible);
    return ranges(cpuNumbersIn(kernel, raw.cpus_mask).filter((cpu) => cpu <= last));
  }
  /** Seconds that this thread alone has run. @throws EvidenceFault */
  get cpuSeconds(): number {
    return this.thread.ownCpuSeconds;
  }
  /** How often it gave up its CPU by itself, and how often that was taken from it. @throws EvidenceFault */
  get voluntarySwitches(): bigint {
    return this.thread.raw.nvcsw;
  }
  get involuntarySwitches(): bigint {
    return this.thread.raw.nivcsw;
  }
  /** Seconds of each period that it is promised, how long after its start, and how often; null under other policies. @throws EvidenceFault */
  get deadline(): { readonly runtime: number; readonly deadline: number; readonly period: number } | null {
    const { policy, dl } = this.thread.raw;
    if (policy !== SCHED_DEADLINE) return null;
    const seconds = (nanoseconds: bigint): number => Number(nanoseconds) / 1e9;
    return {
      runtime: seconds(dl.dl_runtime),
      deadline: seconds(dl.dl_deadline),
      period: seconds(dl.dl_period),
    };
  }
}

/** Numbers that ascend, as the kernel prints lists of CPUs: `0-3,8`. */
function ranges(numbers: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < numbers.length; ) {
    const first = numbers[at]!;
    let last = first;
    while (numbers[++at] === last + 1) last++;
    parts.push(first === last ? `${first}` : `${first}-${last}`);
  }
  return parts.join(',');
}

/** How every thread is scheduled. */
export function* scheduling(kernel: Linux): Generator<Scheduling> {
  for (const thread of threads(kernel)) yield new Scheduling(thread);
}
