// The kernel stack of a thread: which functions it is in, and which one it waits in.
// Linux: fs/proc/base.c (proc_pid_stack, proc_pid_wchan), arch/x86/include/asm/switch_to.h, arch/arm64/kernel/process.c.
import type { VirtualAddress } from '../../../base/address.ts';
import { CorruptStructure, EvidenceFault, NotInKernel } from '../../../base/errors.ts';
import type { Linux } from '../linux.ts';
import type { Task } from '../process/task.ts';
import { threads } from '../process/threads.ts';
import { codeOf } from '../symbols/code.ts';
import type { Frame, Unwinding } from './frame.ts';
import { unwindByRecords } from './frame-records.ts';
import { orcOf } from './orc-tables.ts';
import { unwindByOrc } from './orc-unwinding.ts';
import { scanStack } from './scanning.ts';
import { StackMemory } from './stack-memory.ts';

/** Frames of one stack: the kernel itself prints 64. */
const MOST_FRAMES = 128;
/** What /proc/PID/wchan has of a thread that waits for nothing. */
const NOWHERE = '0';

/** A thread and its kernel stack. */
export class ThreadStack {
  readonly thread: Task;
  constructor(thread: Task) {
    this.thread = thread;
  }

  /** Whether it runs on a CPU: then its registers are in that CPU, and what memory has of them is of earlier. @throws EvidenceFault */
  get isRunning(): boolean {
    return (this.thread.raw.on_cpu ?? 0) !== 0;
  }
  /** The CPU that it runs on, or ran on last. @throws EvidenceFault */
  get cpu(): number {
    const { cpu, thread_info } = this.thread.raw;
    return cpu ?? thread_info.cpu ?? 0;
  }
  /** Whether it has ended, and gave its stack back or soon will. @throws EvidenceFault */
  get hasEnded(): boolean {
    const { exit_state, stack } = this.thread.raw;
    return exit_state !== 0 || stack === 0n;
  }

  /** The function that it sleeps in, as /proc/PID/wchan has it: the innermost that is none of the scheduler's. `0` where it does not sleep. @throws EvidenceFault */
  get waitChannel(): string {
    if (this.hasEnded || this.isRunning || this.thread.raw.on_rq !== 0) return NOWHERE;
    const code = codeOf(this.thread.kernel);
    for (const frame of this.frames()) {
      if (code.isWaiting(frame.address)) continue;
      return code.returnPlaceOf(frame.address)?.name ?? NOWHERE;
    }
    return NOWHERE;
  }

  /** Its frames, innermost first: at the most so many, and none of a thread that runs or has ended. @throws EvidenceFault */
  *frames(): Generator<Frame> {
    if (this.hasEnded || this.isRunning) return;
    let count = 0;
    for (const frame of this.#allFrames()) {
      if (++count > MOST_FRAMES) {
        this.thread.kernel.note(`stack of ${this.thread.label}: more than ${MOST_FRAMES} frames`);
        return;
      }
      yield frame;
    }
  }

  *#allFrames(): Generator<Frame> {
    const memory = new StackMemory(this.thread);
    const rest = yield* this.#unwound(memory);
    if (rest !== null) yield* scanStack(memory, rest);
  }

  #unwound(memory: StackMemory): Unwinding {
    const { sp, cpu_context } = this.thread.raw.thread;
    if (cpu_context !== undefined) return fromContext(memory, cpu_context);
    if (sp === undefined) throw new NotInKernel('this kernel does not tell where its threads go on');
    return fromSavedFrame(memory, sp);
  }
}

/** arm64: the registers that the thread goes on with (arch/arm64/kernel/entry.S, cpu_switch_to). */
function* fromContext(
  memory: StackMemory,
  { fp, sp, pc }: { readonly fp: VirtualAddress; readonly sp: VirtualAddress; readonly pc: VirtualAddress },
): Unwinding {
  yield savedFrame(memory, pc);
  return yield* unwindByRecords(memory, fp, sp);
}

/** x86: what the thread pushed before it gave up its CPU (arch/x86/entry/entry_64.S, __switch_to_asm). */
function* fromSavedFrame(memory: StackMemory, sp: VirtualAddress): Unwinding {
  const { kernel } = memory;
  if (!memory.has(sp)) throw new CorruptStructure('a stack pointer beside the stack');
  const { bp, ret_addr } = kernel.at('inactive_task_frame', sp);
  const first = savedFrame(memory, ret_addr);
  yield first;
  const behind = sp + BigInt(kernel.types.sizeOf('inactive_task_frame'));
  if (!orcOf(kernel).exist) return yield* unwindByRecords(memory, bp, behind);
  return yield* unwindByOrc(memory, {
    instruction: ret_addr,
    isReturn: first.isReturn,
    stack: behind,
    frame: bp,
  });
}

/** Where a thread goes on: behind its call of the switch, or at the first instruction of a function where it never ran. @throws CorruptStructure where that is no code */
function savedFrame({ kernel }: StackMemory, address: VirtualAddress): Frame {
  const code = codeOf(kernel);
  if (!code.isCode(address)) throw new CorruptStructure('a thread that would go on outside of code');
  return { address, isReturn: offsetOf(kernel, address) !== 0n, way: 'saved' };
}

/** How far a place is in its function; 1 where no symbol tells. */
function offsetOf(kernel: Linux, address: VirtualAddress): bigint {
  try {
    return codeOf(kernel).placeOf(address)?.offset ?? 1n;
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return 1n;
  }
}

/** Every thread with its stack. */
export function* threadStacks(kernel: Linux): Generator<ThreadStack> {
  for (const thread of threads(kernel)) yield new ThreadStack(thread);
}
