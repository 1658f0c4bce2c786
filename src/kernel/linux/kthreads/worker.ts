// A thread of the kernel that does the work of work queues.
// Linux: struct worker of kernel/workqueue_internal.h, kernel/workqueue.c.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';

/** Bits of worker.flags, in the kernel's words: enum worker_flags of kernel/workqueue.c. */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [
  [1, 'die'],
  [2, 'idle'],
  [3, 'prep'],
  [6, 'cpu-intensive'],
  [7, 'unbound'],
  [8, 'rebound'],
];

/** A worker. */
export class Worker {
  readonly raw: Kernel<'worker'>;
  readonly kernel: Linux;

  constructor(raw: Kernel<'worker'>, kernel: Linux) {
    this.raw = raw;
    this.kernel = kernel;
  }

  /** @throws EvidenceFault */
  get isAtWork(): boolean {
    return this.raw.current_work !== 0n;
  }
  /** The function that it works on now; null where it has nothing to do. @throws EvidenceFault */
  get currentFunction(): VirtualAddress | null {
    const { current_func } = this.raw;
    return this.isAtWork && current_func !== 0n ? current_func : null;
  }
  /** The function that it worked on before; null where it never did. What was unloaded since is in nobody's code. @throws EvidenceFault */
  get lastFunction(): VirtualAddress | null {
    const { last_func } = this.raw;
    return last_func === undefined || last_func === 0n ? null : last_func;
  }
  /** The work queue that it serves now, or which it was made to rescue; null where it is at no work. @throws EvidenceFault */
  get workQueue(): string | null {
    const { current_pwq, rescue_wq } = this.raw;
    const served = this.isAtWork ? (current_pwq?.wq ?? null) : null;
    return (served ?? rescue_wq)?.name ?? null;
  }
  /** The number of the pool of workers that it belongs to; null where it is in none, as rescuers without work. @throws EvidenceFault */
  get pool(): number | null {
    return this.raw.pool?.id ?? null;
  }
  /** `idle,unbound`. @throws EvidenceFault */
  get flags(): readonly string[] {
    const { flags } = this.raw;
    return FLAGS.filter(([bit]) => ((flags >>> bit) & 1) !== 0).map(([, name]) => name);
  }
}
