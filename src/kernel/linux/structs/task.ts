import { int, links, opt, ptr, ref, text, uint, ulong } from '../../../types/fields.ts';

/** Processes and threads: include/linux/sched.h, include/linux/sched/signal.h, include/linux/cred.h. */
export const taskStructs = {
  task_struct: {
    pid: int,
    tgid: int,
    flags: uint,
    comm: text,
    mm: ptr('mm_struct'),
    real_parent: ref('task_struct'),
    tasks: links('task_struct', 'tasks'),
    // Since Linux kernel commit 2f064a59a11f ("sched: Change task_struct::state") (in v5.14), `state` is
    // named `__state`.
    __state: opt(uint),
    state: opt(ulong),
    exit_state: int,
  },
} as const;
