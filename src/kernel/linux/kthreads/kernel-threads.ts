// The kernel's own threads: which function each runs, and what those that serve work queues work on.
// Linux: kernel/kthread.c (to_kthread, kthread_data, get_kthread_comm), kernel/workqueue.c (wq_worker_comm).
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import { tasks } from '../process/processes.ts';
import type { Task } from '../process/task.ts';
import type { Way } from '../stacks/frame.ts';
import { ThreadStack } from '../stacks/thread-stacks.ts';
import type { Kernel } from '../structs.ts';
import { codeOf } from '../symbols/code.ts';
import { Worker } from './worker.ts';

/** include/linux/sched.h */
const PF_WQ_WORKER = 0x20;
/** Bits of kthread.flags in their order: enum KTHREAD_BITS of kernel/kthread.c. */
const FLAGS = ['per-cpu', 'should-stop', 'should-park'] as const;
const IS_PER_CPU = 1n;
/** Names in /proc have 64 bytes at most (fs/proc/array.c, proc_task_name). */
const MAXIMUM_NAME_BYTES = 64;
/** Where each thread begins, before the function that it was made for: arch/x86/entry/entry_64.S, arch/arm64/kernel/entry.S. */
const BEGINNING = /^ret_from_(?:fork|kernel_thread)/;

/** The function that a thread was made for, and where that is told: by its `struct kthread`, or by the frame of its stack that was found so. */
export interface ThreadFunction {
  readonly address: VirtualAddress;
  readonly how: 'kthread' | Way;
}

/** A thread of the kernel. */
export class KernelThread {
  readonly task: Task;
  #function: ThreadFunction | null | undefined;

  constructor(task: Task) {
    this.task = task;
  }

  /**
   * What kthread_create made for it; null where it was made without, as kthreadd is. @throws EvidenceFault
   */
  get kthread(): Kernel<'kthread'> | null {
    const { raw, kernel } = this.task;
    const { worker_private, set_child_tid } = raw;
    const address = worker_private ?? set_child_tid;
    return address === 0n ? null : kernel.at('kthread', address);
  }

  /**
   * The name that /proc/PID/comm shows: it may be longer than the kernel's own, and a worker's says what it works on. Until
   * v6.10 a worker's is cut there. @throws EvidenceFault
   */
  get fullName(): string {
    const { task } = this;
    const full = this.kthread?.full_name ?? 0n;
    const name = full === 0n ? task.name : task.kernel.nameAt(full, MAXIMUM_NAME_BYTES);
    const { worker } = this;
    // Without a pool a worker is just being made, or has ended.
    if (worker === null || worker.raw.pool === null || worker.raw.desc === '') return name;
    return `${name}${worker.isAtWork ? '+' : '-'}${worker.raw.desc}`;
  }

  /** The worker that it is; null for what serves no work queue. @throws EvidenceFault */
  get worker(): Worker | null {
    const { raw, kernel, address } = this.task;
    if ((raw.flags & PF_WQ_WORKER) === 0) return null;
    const data = this.kthread?.data ?? 0n;
    const worker = kernel.at('worker', data);
    if (data === 0n || worker.task !== address)
      throw new CorruptStructure(`the worker at ${hex(data)} is another thread's`);
    return new Worker(worker, kernel);
  }

  /** The function that it was made for; null where neither its `struct kthread` nor its stack tells. @throws EvidenceFault */
  get function(): ThreadFunction | null {
    if (this.#function === undefined) this.#function = this.#find();
    return this.#function;
  }

  /** What the function was given. @throws EvidenceFault */
  get data(): VirtualAddress | null {
    const data = this.kthread?.data ?? 0n;
    return data === 0n ? null : data;
  }

  /** `per-cpu,should-stop`, and of a worker `idle` and the like. @throws EvidenceFault */
  get flags(): string {
    const flags = this.kthread?.flags ?? 0n;
    const own = FLAGS.filter((_, bit) => ((flags >> BigInt(bit)) & 1n) === 1n);
    return [...own, ...(this.worker?.flags ?? [])].join(',');
  }

  /** The CPU that it may run on alone; null where it is not bound to one. @throws EvidenceFault */
  get boundCpu(): number | null {
    const { kthread } = this;
    return kthread === null || (kthread.flags & IS_PER_CPU) === 0n ? null : kthread.cpu;
  }

  #find(): ThreadFunction | null {
    const { kthread } = this;
    if (kthread !== null) {
      const { threadfn } = kthread;
      if (threadfn === undefined) throw new NotInKernel('this kernel has no kthread.threadfn');
      if (threadfn !== 0n) return { address: threadfn, how: 'kthread' };
    }
    return this.#outermost();
  }

  /** The outermost function of its stack but for those that every thread begins in. */
  #outermost(): ThreadFunction | null {
    const code = codeOf(this.task.kernel);
    let found: ThreadFunction | null = null;
    for (const { address, way, isReturn } of new ThreadStack(this.task).frames()) {
      const place = isReturn ? code.returnPlaceOf(address) : code.placeOf(address);
      if (place === null) continue;
      if (BEGINNING.test(place.name)) return found;
      found = { address: address - place.offset, how: way };
    }
    return null;
  }
}

/** Every thread of the kernel. A process that only passes for one is none. */
export function* kernelThreads(kernel: Linux): Generator<KernelThread> {
  for (const task of tasks(kernel)) if (isShown(kernel, task)) yield new KernelThread(task);
}

/** One of which it cannot be read whether it is one is shown, with a note. */
function isShown(kernel: Linux, task: Task): boolean {
  try {
    if (!task.isFlaggedAsKernels) return false;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`whether ${task.label} is a thread of the kernel: ${fault.message}`);
    return false;
  }
  return kernel.attempt(() => task.isKernelThread, true, `whether ${task.label} is a thread of the kernel`);
}
