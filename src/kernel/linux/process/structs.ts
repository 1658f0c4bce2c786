// Structs of tasks, their signals, numbers and rights.
// Linux: include/linux/sched.h, include/linux/sched/signal.h, include/linux/pid.h, include/linux/cred.h.
import {
  inside,
  int,
  links,
  long,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../../types/fields.ts';

/** Processes and threads: include/linux/sched.h, include/linux/sched/signal.h, include/linux/cred.h. */
export const taskStructs = {
  task_struct: {
    pid: int,
    tgid: int,
    flags: uint,
    comm: text,
    mm: ptr('mm_struct'),
    // The memory in whose page tables it runs: its own, or one that a thread of the kernel borrows.
    active_mm: opt(ptr('mm_struct')),
    // The first byte of its kernel stack, at whose top are the registers of user mode.
    stack: opt(pointer),
    real_parent: ref('task_struct'),
    children: links('task_struct', 'sibling'),
    sibling: place,
    group_leader: ref('task_struct'),
    // An array of hlist_node, one for each PIDTYPE_…: links to other tasks of the same number.
    pid_links: place,
    tasks: links('task_struct', 'tasks'),
    thread_node: links('task_struct', 'thread_node'),
    signal: ref('signal_struct'),
    real_cred: ref('cred'),
    // Both are given back at exit, before the task itself is.
    files: ptr('files_struct'),
    fs: ptr('fs_struct'),
    nsproxy: ptr('nsproxy'),
    se: inside('sched_entity'),
    static_prio: int,
    // Since Linux kernel commit 2f064a59a11f ("sched: Change task_struct::state") (in v5.14), `state` is
    // named `__state`.
    __state: opt(uint, 'state'),
    state: opt(ulong, '__state'),
    exit_state: int,
    // Since Linux kernel commit cf25e24db61c ("time: Rename tsk->real_start_time to ->start_boottime")
    // (in v5.5), `real_start_time` is named `start_boottime`.
    start_boottime: opt(ulong, 'real_start_time'),
    real_start_time: opt(ulong, 'start_boottime'),
  },
  /** What a task goes back to user mode with: arch/x86/include/asm/ptrace.h, and on arm64 the last two. */
  pt_regs: {
    ip: opt(ulong, 'pc'),
    cs: opt(uint, 'pstate'),
    ss: opt(uint, 'pstate'),
    pc: opt(ulong, 'ip'),
    pstate: opt(ulong, 'cs'),
  },
  /** What the threads of a process share. */
  signal_struct: {
    nr_threads: int,
    thread_head: links('task_struct', 'thread_node'),
    sum_sched_runtime: ulong,
    // Only with CONFIG_VIRT_CPU_ACCOUNTING_NATIVE, which x86 and arm64 do not have, is there none.
    prev_cputime: opt(inside('prev_cputime')),
  },
  prev_cputime: { utime: ulong, stime: ulong },
  sched_entity: { sum_exec_runtime: ulong },
  /** A number that processes, process groups and sessions have; `tasks` is an array of hlist_head, one for each PIDTYPE_…. */
  pid: { tasks: place },
  // The table of all numbers in use: include/linux/pid_namespace.h, include/linux/idr.h, include/linux/xarray.h.
  // `pid_allocated` has a bit of another meaning (PIDNS_ADDING).
  pid_namespace: { idr: inside('idr'), pid_allocated: uint },
  idr: { idr_rt: inside('xarray') },
  xarray: { xa_head: pointer },
  xa_node: { shift: uint, count: uint, slots: place },
  cred: { uid: uint, gid: uint, euid: uint },
  /** A number kept as one part for each CPU, and what the parts were last folded into. */
  percpu_counter: { count: long, counters: ulong },
} as const;
