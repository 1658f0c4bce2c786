// A process or a thread, in the words of ps.
// Linux: struct task_struct of include/linux/sched.h, fs/proc/array.c.
import { hex, type VirtualAddress } from '../../../base/address.ts';
import { EvidenceFault, NotInKernel, WalkIncomplete } from '../../../base/errors.ts';
import type { AddressSpace } from '../../../translate/address-space.ts';
import type { Walk } from '../../../types/struct.ts';
import type { Linux } from '../linux.ts';
import { clockOf } from '../machine/clock.ts';
import { memoriesOf } from '../memory/process-memories.ts';
import type { ProcessMemory } from '../memory/process-memory.ts';
import type { Kernel } from '../structs.ts';
import { stateLetter } from './task-state.ts';
import { userRegistersOf } from './user-registers.ts';

/** A task that is being let go: EXIT_DEAD of include/linux/sched.h, which EXIT_TRACE has too. */
const EXIT_DEAD = 0x10;
/** A task that is being made: TASK_NEW of include/linux/sched.h, since Linux kernel commit 7dc603c9028e (in v4.8). */
const TASK_NEW = 0x800;
const PF_KTHREAD = 0x0020_0000;
/** include/linux/sched/prio.h, DEFAULT_PRIO: the priority of nice 0. */
const NICE_ZERO = 120;

/** What several structures of the kernel say of a process. */
export interface TaskViews {
  /** Whether a view that has every process lacks it. @throws WalkIncomplete @throws EvidenceFault */
  isHidden(task: Task): boolean;
  /** The views that have it: `list,pids,children`. */
  viewsWith(task: Task): string;
}

/** The idle task of CPU 0, from which all others descend: PID 0. @throws NotInKernel */
export const initTask = (kernel: Linux): Task =>
  new Task(kernel.at('task_struct', kernel.symbol('init_task')), kernel);

/** A process, or one of its threads, in the words an analyst uses. `raw` is the kernel's own. */
export class Task {
  readonly raw: Kernel<'task_struct'>;
  readonly kernel: Linux;
  readonly #views: TaskViews | null;
  #memory: ProcessMemory | null | undefined;
  #isKernelThread: boolean | undefined;

  /** @param views those that it was found by, where it was sought in all of them */
  constructor(raw: Kernel<'task_struct'>, kernel: Linux, views: TaskViews | null = null) {
    this.raw = raw;
    this.kernel = kernel;
    this.#views = views;
  }

  get address(): VirtualAddress {
    return this.raw.address;
  }
  /** The process ID in the initial namespace; for a thread that of its process. */
  get pid(): number {
    return this.raw.tgid;
  }
  /** The thread ID in the initial namespace; for the first thread the process ID. */
  get tid(): number {
    return this.raw.pid;
  }
  /** What notes call it: `process 231`, or by its address where its number cannot be read. Never throws. */
  get label(): string {
    try {
      return `process ${this.pid}`;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return `the process at ${hex(this.address)}`;
    }
  }
  get name(): string {
    return this.raw.comm;
  }
  /** The thread that will be told when this one ends: its creator, or who adopted it. */
  get parent(): Task {
    return new Task(this.raw.real_parent, this.kernel);
  }
  /** Whether the kernel takes it for one of its own threads: the flag keeps its arguments and its program out of /proc. */
  get isFlaggedAsKernels(): boolean {
    return (this.raw.flags & PF_KTHREAD) !== 0;
  }
  /**
   * Whether it is a thread of the kernel. The flag alone, and who its parent is, anybody can write who writes into the
   * kernel; but a thread of the kernel never came from user mode, and has no memory but what it borrows
   * (kernel/kthread.c, kthread_use_mm). @throws EvidenceFault where it has something that may be its own, and its stack does not tell
   */
  get isKernelThread(): boolean {
    this.#isKernelThread ??= this.isFlaggedAsKernels && this.#hasNeverBeenUsers();
    return this.#isKernelThread;
  }
  #hasNeverBeenUsers(): boolean {
    const { raw, kernel } = this;
    // No memory, and no descriptors but those that kthreadd has from the first task (init/main.c, rest_init): nothing would be hidden.
    if (raw.mm === null) {
      const { files } = raw;
      if (files === null || files.address === initTask(kernel).raw.files?.address) return true;
    }
    const has = userRegistersOf(kernel).has(raw);
    if (has === null)
      throw new NotInKernel('this kernel does not tell where its tasks have the registers of user mode');
    return !has;
  }
  /** Real user and group, and the user whose rights it uses: numbers of the initial user namespace. */
  get uid(): number {
    return this.raw.real_cred.uid;
  }
  get euid(): number {
    return this.raw.real_cred.euid;
  }
  get gid(): number {
    return this.raw.real_cred.gid;
  }
  /** The letter that ps shows: R, S, D, T, t, Z, X, P or I. */
  get state(): string {
    return stateLetter(this.stateBits, this.raw.exit_state);
  }
  /** TASK_… of include/linux/sched.h. @throws EvidenceFault */
  get stateBits(): number {
    const { __state, state } = this.raw;
    return __state ?? Number(BigInt.asUintN(32, state ?? 0n));
  }
  /** It is neither being made nor being let go: then all views of the kernel have it. @throws EvidenceFault */
  get isSettled(): boolean {
    return (this.raw.exit_state & EXIT_DEAD) === 0 && (this.stateBits & TASK_NEW) === 0;
  }
  /** A view that has every process lacks this one, and nothing is missing there. @throws WalkIncomplete @throws EvidenceFault */
  get isHidden(): boolean {
    return this.#viewsThatHaveIt.isHidden(this);
  }
  /** The views of the kernel that have it: `list,pids,children`. */
  get views(): string {
    return this.#viewsThatHaveIt.viewsWith(this);
  }
  get #viewsThatHaveIt(): TaskViews {
    if (this.#views === null)
      throw new WalkIncomplete(`${this.label} was not sought in the views of the kernel`);
    return this.#views;
  }
  /** −20 to 19. */
  get nice(): number {
    return this.raw.static_prio - NICE_ZERO;
  }
  get threadCount(): number {
    return this.raw.signal.nr_threads;
  }

  /** Every thread of the process, the first one included. */
  *threads(): Walk<Task> {
    const walk = this.raw.signal.thread_head;
    let step = walk.next();
    for (; step.done !== true; step = walk.next()) yield new Task(step.value, this.kernel);
    return step.value;
  }

  /** When it was forked; exec does not change it. */
  get started(): Date {
    const { start_boottime, real_start_time } = this.raw;
    const start = start_boottime ?? real_start_time;
    if (start === undefined) throw new NotInKernel('this kernel has no task_struct.start_boottime');
    return clockOf(this.kernel).at(start);
  }

  /**
   * Seconds that the process has run, ended threads included. What utime and stime in /proc/PID/stat add up to:
   * the kernel splits the scheduler's exact time between the two, and never tells less than it told before
   * (kernel/sched/cputime.c, cputime_adjust).
   */
  get cpuSeconds(): number {
    const { signal } = this.raw;
    let ran = signal.sum_sched_runtime;
    if (signal.nr_threads === 1) ran += this.raw.se.sum_exec_runtime;
    else for (const thread of this.threads()) ran += thread.raw.se.sum_exec_runtime;
    const told = signal.prev_cputime;
    const before = told === undefined ? 0n : told.utime + told.stime;
    return Number(before > ran ? before : ran) / 1e9;
  }

  /** Seconds that this thread alone has run. */
  get ownCpuSeconds(): number {
    return Number(this.raw.se.sum_exec_runtime) / 1e9;
  }

  /** Its memory; null for kernel threads, which only borrow one, and for zombies, which gave theirs back. @throws EvidenceFault */
  get memory(): ProcessMemory | null {
    if (this.#memory === undefined) {
      const mm = this.#isSurelyKernels()
        ? null
        : (this.#ofAnyThread((thread) => thread.raw.mm) ?? this.#borrowed());
      this.#memory = mm === null ? null : memoriesOf(this.kernel).of(mm);
    }
    return this.#memory;
  }

  /** False where its stack does not tell: what has memory shows it. */
  #isSurelyKernels(): boolean {
    if (!this.isFlaggedAsKernels) return false;
    try {
      return this.isKernelThread;
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
      return false;
    }
  }

  /** The memory in whose page tables a process runs that passes for a thread of the kernel: it may have given up the pointer to its own. */
  #borrowed(): Kernel<'mm_struct'> | null {
    return this.isFlaggedAsKernels ? (this.raw.active_mm ?? null) : null;
  }

  /** Its working folder and its root; null for zombies. @throws EvidenceFault */
  get folders(): Kernel<'fs_struct'> | null {
    return this.raw.fs ?? this.#ofAnyThread((thread) => thread.raw.fs);
  }

  /** The namespaces that it is in; null for zombies. @throws EvidenceFault */
  get namespaces(): Kernel<'nsproxy'> | null {
    return this.#ofAnyThread((thread) => thread.raw.nsproxy);
  }

  /**
   * What each thread has until it ends: the first thread's, or where that has none any more, or cannot be read,
   * another's. Null where none has it. @throws EvidenceFault where none that can be read has it
   */
  #ofAnyThread<T>(read: (thread: Task) => T | null): T | null {
    let why: EvidenceFault | undefined;
    const attempt = (thread: Task): T | null => {
      try {
        return read(thread);
      } catch (fault) {
        if (!(fault instanceof EvidenceFault)) throw fault;
        why ??= fault;
        return null;
      }
    };
    const own = attempt(this);
    if (own !== null) return own;
    for (const thread of this.#otherThreads()) {
      const found = attempt(thread);
      if (found !== null) return found;
    }
    if (why !== undefined) throw why;
    return null;
  }

  /** Every thread but this; none where the process's threads cannot be found. */
  *#otherThreads(): Generator<Task> {
    const { address } = this;
    const isAlone = this.kernel.attempt(() => this.threadCount <= 1, true, `threads of ${this.label}`);
    if (isAlone) return;
    for (const thread of this.kernel.untilFault(this.threads(), `threads of ${this.label}`))
      if (thread.address !== address) yield thread;
  }

  /** The tables of its descriptors: its own, then each that a thread has for itself, with that thread. */
  *fileTables(): Generator<{ readonly files: Kernel<'files_struct'>; readonly thread: Task | null }> {
    const { kernel } = this;
    const what = `open files of ${this.label}`;
    const own = kernel.attempt(() => this.#ofAnyThread((thread) => thread.raw.files), null, what);
    if (own === null) return;
    yield { files: own, thread: null };
    const seen = new Set([own.address]);
    for (const thread of this.#otherThreads()) {
      const files = kernel.attempt(() => thread.raw.files, null, what);
      if (files === null || seen.has(files.address)) continue;
      seen.add(files.address);
      yield { files, thread };
    }
  }

  /** Virtual memory as it sees it, or null where it has none of its own. */
  get userSpace(): AddressSpace | null {
    return this.memory?.space ?? null;
  }
}
