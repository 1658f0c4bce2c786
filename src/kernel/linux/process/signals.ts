// What a thread does about each signal: handled, ignored, blocked, waiting.
// Linux: include/linux/sched/signal.h, struct k_sigaction of include/linux/signal_types.h, fs/proc/array.c (task_sig).
import type { VirtualAddress } from '../../../base/address.ts';
import { unlessFault } from '../../../base/unless-fault.ts';
import type { Linux } from '../linux.ts';
import type { Kernel } from '../structs.ts';
import { tasks } from './processes.ts';
import { isInSet, SIGNALS, signalName } from './signal-names.ts';
import type { Task } from './task.ts';
import { threadsOf } from './threads.ts';

// include/uapi/asm-generic/signal-defs.h
const SIG_DFL = 0n;
const SIG_IGN = 1n;
const SA_FLAGS: readonly (readonly [bit: bigint, name: string])[] = [
  [0x1n, 'nocldstop'],
  [0x2n, 'nocldwait'],
  [0x4n, 'siginfo'],
  [0x0800_0000n, 'onstack'],
  [0x1000_0000n, 'restart'],
  [0x4000_0000n, 'nodefer'],
  [0x8000_0000n, 'resethand'],
];

/** One signal of one thread, about which it does something else than the usual. */
export class SignalOfThread {
  readonly thread: Task;
  readonly number: number;

  constructor(thread: Task, number: number) {
    this.thread = thread;
    this.number = number;
  }

  get name(): string {
    return signalName(this.number);
  }
  /** `default`, `ignore` or `handler`; null for zombies, which have none. @throws EvidenceFault */
  get action(): 'default' | 'ignore' | 'handler' | null {
    const action = this.#action;
    if (action === null) return null;
    if (action.sa_handler === SIG_DFL) return 'default';
    return action.sa_handler === SIG_IGN ? 'ignore' : 'handler';
  }
  /** The function that handles it, in the process's memory. @throws EvidenceFault */
  get handler(): VirtualAddress | null {
    return this.action === 'handler' ? this.#action!.sa_handler : null;
  }
  /** `restart,siginfo`: how it is handled. @throws EvidenceFault */
  get flags(): string | null {
    if (this.action !== 'handler') return null;
    const flags = this.#action!.sa_flags;
    return SA_FLAGS.filter(([bit]) => (flags & bit) !== 0n)
      .map(([, name]) => name)
      .join(',');
  }
  /** The thread holds it back. @throws EvidenceFault */
  get isBlocked(): boolean {
    return isInSet(blockedBy(this.thread), this.number);
  }
  /** It waits for this thread alone. @throws EvidenceFault */
  get isPending(): boolean {
    return isInSet(pendingOf(this.thread), this.number);
  }
  /** It waits for any thread of the process. @throws EvidenceFault */
  get isPendingForProcess(): boolean {
    return isInSet(pendingForAll(this.thread), this.number);
  }

  get #action(): Kernel<'sigaction'> | null {
    const { sighand } = this.thread.raw;
    return sighand === null ? null : actionOf(this.thread.kernel, sighand, this.number);
  }
}

// Sets of signals: what a thread holds back, what waits for it, and what waits for any thread of its process.
const blockedBy = ({ kernel, raw }: Task): bigint => kernel.u64At(raw.blocked);
const pendingOf = ({ kernel, raw }: Task): bigint => kernel.u64At(raw.pending.signal);
const pendingForAll = ({ kernel, raw }: Task): bigint => kernel.u64At(raw.signal.shared_pending.signal);

function actionOf(kernel: Linux, { action }: Kernel<'sighand_struct'>, number: number): Kernel<'sigaction'> {
  const bytes = kernel.types.sizeOf('k_sigaction');
  return kernel.at('k_sigaction', action + BigInt((number - 1) * bytes)).sa;
}

/** The signals that some thread of a process does something about, with the thread: handlers are told of the first. */
function* signalsOf(task: Task): Generator<SignalOfThread> {
  const { kernel } = task;
  const what = `signals of ${task.label}`;
  const handled = kernel.attempt(() => handledBy(task), 0n, what);
  const shared = kernel.attempt(() => pendingForAll(task), 0n, what);
  for (const thread of threadsOf(task)) {
    const isFirst = thread.address === task.address;
    const blocked = kernel.attempt(() => blockedBy(thread), 0n, what);
    const pending = kernel.attempt(() => pendingOf(thread), 0n, what);
    const set = blocked | pending | (isFirst ? handled | shared : 0n);
    for (let number = 1; set !== 0n && number <= SIGNALS; number++)
      if (isInSet(set, number)) yield new SignalOfThread(thread, number);
  }
}

/**
 * The set of those whose action is not the usual one. Threads of the kernel ignore every signal
 * (kernel/kthread.c, kthreadd): of them the handled ones alone. @throws EvidenceFault
 */
function handledBy(task: Task): bigint {
  const { kernel } = task;
  const { sighand } = task.raw;
  if (sighand === null) return 0n;
  const isUsual = (handler: VirtualAddress): boolean =>
    handler === SIG_DFL || (handler === SIG_IGN && unlessFault(() => task.isKernelThread, false));
  let set = 0n;
  for (let number = 1; number <= SIGNALS; number++)
    if (!isUsual(actionOf(kernel, sighand, number).sa_handler)) set |= 1n << BigInt(number - 1);
  return set;
}

/** Every signal that a thread handles, ignores or blocks, or that waits for it. */
export function* signals(kernel: Linux): Generator<SignalOfThread> {
  for (const task of tasks(kernel)) yield* signalsOf(task);
}
