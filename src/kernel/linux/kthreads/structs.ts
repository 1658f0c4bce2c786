// Structs of the kernel's own threads and of the workers among them.
// Linux: kernel/kthread.c, kernel/workqueue_internal.h, kernel/workqueue.c.
import { int, opt, pointer, ptr, text, uint, ulong } from '../../../types/fields.ts';

export const kthreadStructs = {
  kthread: {
    flags: ulong,
    cpu: uint,
    // Since Linux kernel commit 52782c92ac85 ("kthread: save thread function") (in v5.8).
    threadfn: opt(pointer),
    data: pointer,
    // Since Linux kernel commit d6986ce24fc0 ("kthread: dynamically allocate memory to store kthread's full name") (in v5.17).
    full_name: opt(pointer),
  },
  /** A thread that does the work of work queues; it is the `data` of its `kthread`. */
  worker: {
    current_work: pointer,
    current_func: pointer,
    current_pwq: ptr('pool_workqueue'),
    // Since Linux kernel commit 1b69ac6b40eb ("psi: fix aggregation idle shut-off") (in v5.0).
    last_func: opt(pointer),
    task: pointer,
    pool: ptr('worker_pool'),
    flags: uint,
    desc: text,
    rescue_wq: ptr('workqueue_struct'),
  },
  worker_pool: { cpu: int, id: int },
  pool_workqueue: { wq: ptr('workqueue_struct') },
  workqueue_struct: { name: text },
} as const;
