// A process as the library gives it: the words of analysts, the kernel's own struct with all its members, and its memory.
// `session.process(pid)` gives one.

import type { PhysicalAddress } from '../base/address.ts';
import { EvidenceFault } from '../base/errors.ts';
import type { Task } from '../kernel/linux/process/task.ts';
import { INSPECT } from './inspect.ts';
import { VirtualView } from './memory-view.ts';
import type { Struct } from './values.ts';

/** A process of a snapshot. Members that memory does not hold throw an EvidenceFault when they are read. */
export class Process {
  /** The words of analysts, typed: `parent`, `started`, `openFiles()`, `areas()`. */
  readonly task: Task;
  readonly #raw: () => Struct;

  constructor(task: Task, raw: () => Struct) {
    this.task = task;
    this.#raw = raw;
  }

  /** The process ID in the initial namespace. @throws EvidenceFault */
  get pid(): number {
    return this.task.pid;
  }

  /** Up to 15 bytes, as the process chose it. @throws EvidenceFault */
  get name(): string {
    return this.task.name;
  }

  /** Its `struct task_struct`, with all members of the kernel's own: `raw.mm.total_vm`. */
  get raw(): Struct {
    return this.#raw();
  }

  /** Its virtual memory, the kernel's half included; null for a kernel thread, which has none of its own. @throws EvidenceFault */
  get memory(): VirtualView | null {
    const { task } = this;
    const { userSpace, kernel } = task;
    return userSpace === null ? null : new VirtualView(task.label, userSpace, kernel.types.pointerBytes);
  }

  /** Physical address of its top page table; null for a kernel thread. @throws EvidenceFault */
  get pageTableRoot(): PhysicalAddress | null {
    return this.memory?.pageTableRoot ?? null;
  }

  [INSPECT](): string {
    return this.task.label;
  }

  /** Whether this is the page table of the process; false too where its own cannot be read. */
  hasRoot(root: number, alternative: number): boolean {
    try {
      const own = this.pageTableRoot;
      return own === root || own === alternative;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }
}
