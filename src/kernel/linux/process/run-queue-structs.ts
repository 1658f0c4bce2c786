// Structs of the run queue that each CPU has.
// Linux: kernel/sched/sched.h.
import { inside, opt, place, ref, uint } from '../../../types/fields.ts';

/** What waits for a CPU, and what has it. */
export const runQueueStructs = {
  rq: {
    curr: ref('task_struct'),
    idle: ref('task_struct'),
    // A list of all tasks of the fair class; until v6.17 only with CONFIG_SMP.
    cfs_tasks: opt(place),
    rt: inside('rt_rq'),
    dl: inside('dl_rq'),
    // Since Linux kernel commit f0e1a0643a59 ("sched_ext: Implement BPF extensible scheduler class") (in v6.12).
    scx: opt(inside('scx_rq')),
  },
  rt_rq: { active: inside('rt_prio_array') },
  rt_prio_array: { queue: place },
  dl_rq: { root: inside('rb_root_cached') },
  rb_root_cached: { rb_root: inside('rb_root') },
  scx_rq: { nr_running: uint },
} as const;
