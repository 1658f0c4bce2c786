// Kernel stacks frame by frame, with the function of each: what /proc/PID/stack shows, and the scheduler's functions too.
// Linux: fs/proc/base.c, proc_pid_stack.
import type { VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { codeOf } from '../symbols/code.ts';
import type { Frame, Way } from './frame.ts';
import { type ThreadStack, threadStacks } from './thread-stacks.ts';

/** What tells that a thread has no stack in memory that would be true: its registers are in its CPU. */
export const RUNNING = 'running';

/** One frame of a thread's stack, or that the thread runs. */
export class StackRow {
  readonly thread: Task;
  /** From 0, the innermost; null where it runs. */
  readonly position: number | null;
  readonly #frame: Frame | null;

  constructor(thread: Task, position: number | null, frame: Frame | null) {
    this.thread = thread;
    this.position = position;
    this.#frame = frame;
  }

  get how(): Way | typeof RUNNING {
    return this.#frame?.way ?? RUNNING;
  }
  get address(): VirtualAddress | null {
    return this.#frame?.address ?? null;
  }
  /** `do_wait+0x60`. @throws EvidenceFault */
  get symbol(): string | null {
    if (this.#frame === null) return null;
    const code = codeOf(this.thread.kernel);
    const { address, isReturn } = this.#frame;
    return (isReturn ? code.returnPlaceOf(address) : code.placeOf(address))?.text ?? null;
  }
  /** @throws EvidenceFault */
  get module(): string | null {
    return this.#frame === null ? null : codeOf(this.thread.kernel).moduleNameAt(this.#frame.address);
  }
}

/** Every frame of every thread's stack. */
export function* stackRows(kernel: Linux): Generator<StackRow> {
  for (const stack of threadStacks(kernel)) yield* rowsOf(stack);
}

function* rowsOf(stack: ThreadStack): Generator<StackRow> {
  const { thread } = stack;
  const { kernel } = thread;
  try {
    if (stack.isRunning) {
      yield new StackRow(thread, null, null);
      return;
    }
    let position = 0;
    for (const frame of stack.frames()) yield new StackRow(thread, position++, frame);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    kernel.note(`stack of ${thread.label}: ${fault.message}`);
  }
}
