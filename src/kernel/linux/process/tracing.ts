// Who traces whom: debuggers, strace, and whoever injects code by ptrace(2).
// Linux: include/linux/ptrace.h, kernel/ptrace.c.
import type { Linux } from '../linux.ts';
import { Task } from './task.ts';
import { threads } from './threads.ts';

// include/linux/ptrace.h
const PT_PTRACED = 0x1;
const PT_SEIZED = 0x10000;
/** Bits of `ptrace` above PT_OPT_FLAG_SHIFT, in the words of ptrace(2): include/uapi/linux/ptrace.h. */
const OPT_SHIFT = 3;
const OPTIONS: readonly (readonly [bit: number, name: string])[] = [
  [0, 'tracesysgood'],
  [1, 'tracefork'],
  [2, 'tracevfork'],
  [3, 'traceclone'],
  [4, 'traceexec'],
  [5, 'tracevforkdone'],
  [6, 'traceexit'],
  [7, 'traceseccomp'],
  [20, 'exitkill'],
  [21, 'suspend-seccomp'],
];

/** A thread that another traces. */
export class Traced {
  readonly thread: Task;
  constructor(thread: Task) {
    this.thread = thread;
  }
  /** The thread that traces it: its parent as long as it does. @throws EvidenceFault */
  get tracer(): Task {
    return new Task(this.thread.raw.parent, this.thread.kernel);
  }
  /** `attach`, or `seize`, which does not stop it. @throws EvidenceFault */
  get how(): 'attach' | 'seize' {
    return (this.thread.raw.ptrace & PT_SEIZED) === 0 ? 'attach' : 'seize';
  }
  /** What the tracer wants to be told of: `traceexec,exitkill`. @throws EvidenceFault */
  get options(): string {
    const flags = this.thread.raw.ptrace >>> OPT_SHIFT;
    return OPTIONS.filter(([bit]) => ((flags >>> bit) & 1) !== 0)
      .map(([, name]) => name)
      .join(',');
  }
  /** The tracer has it on its list of those it traces. @throws EvidenceFault */
  get isListed(): boolean {
    const { address } = this.thread;
    for (const traced of this.tracer.raw.ptraced) if (traced.address === address) return true;
    return false;
  }
}

/** Every thread that is traced. */
export function* tracedThreads(kernel: Linux): Generator<Traced> {
  for (const thread of threads(kernel)) {
    const flags = kernel.attempt(() => thread.raw.ptrace, 0, `tracer of ${thread.label}`);
    if ((flags & PT_PTRACED) !== 0) yield new Traced(thread);
  }
}
