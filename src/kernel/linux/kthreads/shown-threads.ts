// Threads of the kernel with the names of what they run: the functions' symbols, and the modules that these are of.
// Linux: kernel/kthread.c, kernel/workqueue.c, kernel/kallsyms.c.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { codeOf } from '../symbols/code.ts';
import { type KernelThread, kernelThreads } from './kernel-threads.ts';

/** A function: its address is looked at when it is asked for. */
class NamedFunction {
  readonly #kernel: Linux;
  readonly #read: () => VirtualAddress | null;

  constructor(kernel: Linux, read: () => VirtualAddress | null) {
    this.#kernel = kernel;
    this.#read = read;
  }

  /** Null where there is no function. @throws EvidenceFault */
  get address(): VirtualAddress | null {
    return this.#read();
  }
  /** Null too where it is in nobody's code. @throws EvidenceFault */
  get symbol(): string | null {
    const { address } = this;
    return address === null ? null : (codeOf(this.#kernel).placeOf(address)?.text ?? null);
  }
  /** Null for the kernel's own code too. @throws EvidenceFault */
  get module(): string | null {
    const { address } = this;
    return address === null ? null : codeOf(this.#kernel).moduleNameAt(address);
  }
  /** Whether it is code of the kernel or of a module; null where there is no function. @throws WalkIncomplete @throws EvidenceFault */
  get isKnown(): boolean | null {
    const { address } = this;
    return address === null ? null : codeOf(this.#kernel).isSurelyCode(address);
  }
}

/** A thread of the kernel, and the functions that it has to do with. */
export class ShownKernelThread {
  readonly thread: KernelThread;
  readonly task: Task;
  /** What it was made for. */
  readonly made: NamedFunction;
  /** What a worker works on, and what it worked on before. */
  readonly work: NamedFunction;
  readonly lastWork: NamedFunction;

  constructor(thread: KernelThread) {
    this.thread = thread;
    this.task = thread.task;
    const { kernel } = thread.task;
    this.made = new NamedFunction(kernel, () => thread.function?.address ?? null);
    this.work = new NamedFunction(kernel, () => thread.worker?.currentFunction ?? null);
    this.lastWork = new NamedFunction(kernel, () => thread.worker?.lastFunction ?? null);
  }

  /** Whether the functions that it runs and works on are code of the kernel or of a module; null where none is told. @throws WalkIncomplete @throws EvidenceFault */
  isKnown(): boolean | null {
    const [made, work] = [this.made.isKnown, this.work.isKnown];
    if (made === false || work === false) return false;
    return made === null && work === null ? null : true;
  }
}

/** Every thread of the kernel. */
export function* shownKernelThreads(kernel: Linux): Generator<ShownKernelThread> {
  for (const thread of kernelThreads(kernel)) yield new ShownKernelThread(thread);
}
