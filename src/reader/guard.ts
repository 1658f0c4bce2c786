// Ends this process where it takes more than it may, or where whoever it reads for is gone. A thread of its own looks, so
// that nothing that the process does, a loop without end least of all, keeps it from looking.
import { SHARE_ENV, Worker, type WorkerOptions } from 'node:worker_threads';
import { ENDED_BY, lookOn, type Watched } from './guard-thread.ts';
import type { Limits } from './limits.ts';

const CPU_MARK = 0;
const MEMORY_MARK = 1;

/** A process can fill about 1 GiB in a second, so that this much of a second is 50 MiB. A look takes 20 µs. */
const LOOK_MS = 50;

const NEVER = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * The thread does next to nothing: without limits its heap would be as large as anybody's. It is started from a text, since a module
 * would be found, read and linked first: a fourth of all that its start takes.
 */
const SMALL: WorkerOptions = {
  eval: true,
  env: SHARE_ENV,
  trackUnmanagedFds: false,
  resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
};

/** The watch over this process. Nothing is limited until something is allowed. */
export class Guard {
  readonly #marks = new BigInt64Array(new SharedArrayBuffer(16)).fill(NEVER);
  #startedMicros = 0;

  /** @param failed is told where there is no thread that looks any more */
  constructor(failed: (why: Error) => void) {
    const workerData: Watched = {
      marks: this.#marks,
      parent: process.ppid,
      endedBy: ENDED_BY,
      lookMs: LOOK_MS,
    };
    new Worker(`(${lookOn})(require('node:worker_threads').workerData)`, { ...SMALL, workerData })
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
function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
