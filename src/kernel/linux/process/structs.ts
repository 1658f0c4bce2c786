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
    // What is freed has no user any more: a task that is let go keeps what it was until its memory is another's.
    usage: uint,
    sched_class: pointer,
    rt: inside('sched_rt_entity'),
    // What it goes on with once it has a CPU again.
    thread: inside('thread_struct'),
    real_parent: ref('task_struct'),
    children: links('task_struct', 'sibling'),
    sibling: place,
    group_leader: ref('task_struct'),
    // An array of hlist_node, one for each PIDTYPE_…: links to other tasks of the same number.
    pid_links: place,
    tasks: links('task_struct', 'tasks'),
    thread_node: links('task_struct', 'thread_node'),
    signal: ref('signal_struct'),
    // The rights by which others may act on it, and those by which it acts now; the same but for a moment.
    real_cred: ref('cred'),
    cred: ref('cred'),
    // Both are given back at exit, before the task itself is.
    files: ptr('files_struct'),
    fs: ptr('fs_struct'),
    nsproxy: ptr('nsproxy'),
    se: inside('sched_entity'),
    dl: inside('sched_dl_entity'),
    static_prio: int,
    prio: int,
    rt_priority: uint,
    policy: uint,
    on_cpu: opt(int),
    on_rq: int,
    cpus_mask: place,
    // Since Linux kernel commit bcf9033e5449 ("sched: move CPU field back into thread_info if
    // THREAD_INFO_IN_TASK=y") (in v5.16), `cpu` is in `thread_info`.
    cpu: opt(uint, 'thread_info.cpu'),
    thread_info: inside('thread_info'),
    // What a thread of the kernel was made for; before Linux kernel commit e32cf5dfbe22 ("kthread: Generalize pf_io_worker so
    // it can point to struct kthread") (in v5.17) `set_child_tid` leads there, which is a program's own otherwise.
    worker_private: opt(pointer),
    set_child_tid: pointer,
    nvcsw: ulong,
    nivcsw: ulong,
    // What it was asked to do: signals that it blocks, and those that wait for it alone.
    sighand: ptr('sighand_struct'),
    blocked: place,
    pending: inside('sigpending'),
    exit_code: int,
    // Who traces it, how, and whom it traces: `parent` is the tracer while there is one.
    ptrace: uint,
    parent: ref('task_struct'),
    ptraced: links('task_struct', 'ptrace_entry'),
    ptrace_entry: place,
    thread_pid: ptr('pid'),
    // Only with CONFIG_SECCOMP, CONFIG_AUDIT and CONFIG_CGROUPS.
    seccomp: opt(inside('seccomp')),
    atomic_flags: ulong,
    loginuid: opt(uint),
    sessionid: opt(uint),
    cgroups: opt(ptr('css_set')),
    cg_list: opt(place),
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
  /** Registers that something interrupted, on a kernel stack: arch/x86/include/asm/ptrace.h, and on arm64 those from `pc` on and `sp`. */
  pt_regs: {
    ip: opt(ulong, 'pc'),
    cs: opt(uint, 'pstate'),
    ss: opt(uint, 'pstate'),
    bp: opt(ulong, 'regs'),
    sp: opt(ulong),
    pc: opt(ulong, 'ip'),
    pstate: opt(ulong, 'cs'),
    regs: opt(place, 'bp'),
    stackframe: opt(place),
  },
  /** What the threads of a process share. */
  signal_struct: {
    nr_threads: int,
    thread_head: links('task_struct', 'thread_node'),
    sum_sched_runtime: ulong,
    // Only with CONFIG_VIRT_CPU_ACCOUNTING_NATIVE, which x86 and arm64 do not have, is there none.
    prev_cputime: opt(inside('prev_cputime')),
    shared_pending: inside('sigpending'),
    // Arrays: numbers by PIDTYPE_…, limits by RLIMIT_….
    pids: place,
    rlim: place,
    tty: ptr('tty_struct'),
    oom_score_adj: int,
  },
  sighand_struct: { action: place },
  k_sigaction: { sa: inside('sigaction') },
  sigaction: { sa_handler: pointer, sa_flags: ulong },
  // A set of 64 bits, whatever the width of a word.
  sigpending: { signal: place },
  rlimit: { rlim_cur: ulong, rlim_max: ulong },
  // How many filters there are since Linux kernel commit c818c03b661c ("seccomp: Report number of loaded filters in
  // /proc/$pid/status") (in v5.9).
  seccomp: { mode: int, filter_count: opt(int) },
  thread_info: { cpu: opt(uint, 'task_struct.cpu') },
  sched_dl_entity: { rb_node: place, dl_runtime: ulong, dl_deadline: ulong, dl_period: ulong },
  /** A terminal: include/linux/tty.h. */
  tty_struct: { name: text },
  prev_cputime: { utime: ulong, stime: ulong },
  // `group_node` is its link in the list of its run queue: `rq.cfs_tasks`.
  sched_entity: { sum_exec_runtime: ulong, group_node: place },
  sched_rt_entity: { run_list: place },
  /** A number that processes, process groups and sessions have; `tasks` is an array of hlist_head, one for each PIDTYPE_…. */
  pid: { tasks: place, level: uint, numbers: place },
  upid: { nr: int, ns: ref('pid_namespace') },
  // The table of all numbers in use: include/linux/pid_namespace.h, include/linux/idr.h, include/linux/xarray.h.
  // `pid_allocated` has a bit of another meaning (PIDNS_ADDING).
  pid_namespace: {
    idr: inside('idr'),
    pid_allocated: uint,
    ns: inside('ns_common'),
    user_ns: ref('user_namespace'),
    parent: ptr('pid_namespace'),
    level: uint,
  },
  idr: { idr_rt: inside('xarray') },
  xarray: { xa_head: pointer },
  xa_node: { shift: uint, count: uint, slots: place },
  cred: {
    uid: uint,
    gid: uint,
    suid: uint,
    sgid: uint,
    euid: uint,
    egid: uint,
    fsuid: uint,
    fsgid: uint,
    securebits: uint,
    // 64 bits each, whether as an array of two words or, since Linux kernel commit f122a08b197d ("capability: just use
    // a 'u64' instead of a 'u32[2]' array") (in v6.3), as one.
    cap_inheritable: place,
    cap_permitted: place,
    cap_effective: place,
    cap_bset: place,
    cap_ambient: place,
    user_ns: ref('user_namespace'),
    group_info: ref('group_info'),
  },
  group_info: { ngroups: int, gid: place },
  /** A number kept as one part for each CPU, and what the parts were last folded into. */
  percpu_counter: { count: long, counters: ulong },
} as const;
