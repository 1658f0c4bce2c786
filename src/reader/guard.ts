// Ends this process where it takes more than it may, or where whoever it reads for is gone. A thread of its own looks, so
// that nothing that the process does, a loop without end least of all, keeps it from looking.
import { Worker } from 'node:worker_threads';
import type { Limits } from './limits.ts';

/** Why a guard ended its process, as the signal that it ended by: none of them leaves a core file behind. */
export const ENDED_BY = {
  /** What the system sends where a timer of CPU time runs out (setitimer(2), ITIMER_VIRTUAL). */
  cpu: 'SIGVTALRM',
  memory: 'SIGUSR2',
  orphaned: 'SIGKILL',
} as const;

/** What the thread is told at its start. */
export interface Watched {
  /** Microseconds of CPU time that the process may come to, and bytes of resident memory. */
  readonly marks: BigInt64Array<SharedArrayBuffer>;
  /** Who started the process. Another means that that one is gone. */
  readonly parent: number;
}

export const CPU_MARK = 0;
export const MEMORY_MARK = 1;

const NEVER = BigInt(Number.MAX_SAFE_INTEGER);

/** The thread does next to nothing: without limits its heap would be as large as anybody's. */
const SMALL = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 };

/** The watch over this process. Nothing is limited until something is allowed. */
export class Guard {
  readonly #marks = new BigInt64Array(new SharedArrayBuffer(16)).fill(NEVER);
  #startedMicros = 0;

  /** @param failed is told where there is no thread that looks any more */
  constructor(failed: (why: Error) => void) {
    const workerData: Watched = { marks: this.#marks, parent: process.ppid };
    new Worker(new URL('./guard-thread.js', import.meta.url), { workerData, resourceLimits: SMALL })
      .on('error', failed)
      .unref();
  }

  /** What is taken counts from now on. */
  begin(limits: Limits): void {
    this.#startedMicros = cpuMicros();
    this.allow(limits);
  }

  /** Sets the limits of what has begun. */
  allow({ cpuMs, memoryBytes }: Limits): void {
    Atomics.store(this.#marks, CPU_MARK, BigInt(Math.round(this.#startedMicros + cpuMs * 1_000)));
    Atomics.store(this.#marks, MEMORY_MARK, BigInt(memoryBytes));
  }

  /** Nothing is limited any more. */
  end(): void {
    this.#marks.fill(NEVER);
  }
}

/** CPU time of all threads of this process so far. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
