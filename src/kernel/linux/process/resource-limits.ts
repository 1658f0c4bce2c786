// The limits of a process's resources, as /proc/PID/limits shows them.
// Linux: include/uapi/asm-generic/resource.h, fs/proc/base.c (lnames).
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { tasks } from './processes.ts';
import type { Task } from './task.ts';

/** By RLIMIT_…: its name as prlimit(1) has it, and what it counts. */
const LIMITS = [
  ['cpu', 'seconds'],
  ['fsize', 'bytes'],
  ['data', 'bytes'],
  ['stack', 'bytes'],
  ['core', 'bytes'],
  ['rss', 'bytes'],
  ['nproc', 'processes'],
  ['nofile', 'files'],
  ['memlock', 'bytes'],
  ['as', 'bytes'],
  ['locks', 'locks'],
  ['sigpending', 'signals'],
  ['msgqueue', 'bytes'],
  ['nice', null],
  ['rtprio', null],
  ['rttime', 'microseconds'],
] as const;
export const LIMIT_NAMES: readonly string[] = LIMITS.map(([name]) => name);

/** One limit of a process: what it may not pass, and up to where it may raise that itself. */
export class ResourceLimit {
  readonly task: Task;
  readonly #number: number;

  constructor(task: Task, number: number) {
    this.task = task;
    this.#number = number;
  }

  /** As prlimit(1) has it: `nofile`. */
  get resource(): string {
    return LIMITS[this.#number]![0];
  }
  /** What it counts; null where that is a number on a scale. */
  get unit(): string | null {
    return LIMITS[this.#number]![1];
  }
  /** Null where there is none: RLIM_INFINITY. @throws EvidenceFault */
  get soft(): bigint | null {
    return this.#finite(this.#raw.rlim_cur);
  }
  /** Null where there is none: RLIM_INFINITY. @throws EvidenceFault */
  get hard(): bigint | null {
    return this.#finite(this.#raw.rlim_max);
  }

  get #raw(): Kernel<'rlimit'> {
    const { kernel, raw } = this.task;
    return kernel.at('rlimit', raw.signal.rlim + BigInt(this.#number * kernel.types.sizeOf('rlimit')));
  }
  #finite(limit: bigint): bigint | null {
    return limit === (1n << BigInt(8 * this.task.kernel.types.pointerBytes)) - 1n ? null : limit;
  }
}

/** Every limit of every process. */
export function* resourceLimits(kernel: Linux): Generator<ResourceLimit> {
  for (const task of tasks(kernel)) for (const number of LIMITS.keys()) yield new ResourceLimit(task, number);
}
