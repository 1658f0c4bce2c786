// Structs of control groups and of the file system that shows them.
// Linux: include/linux/cgroup-defs.h, include/linux/kernfs.h.
import { inside, int, links, opt, place, pointer, ptr, ref, text, uint } from '../../../types/fields.ts';

/** Which groups a task is in, one for each hierarchy; tasks with the same groups share it. */
export const cgroupStructs = {
  css_set: {
    dfl_cgrp: ptr('cgroup'),
    cgrp_links: links('cgrp_cset_link', 'cgrp_link'),
    hlist: place,
    // Its tasks, those that are on their way to another set, and those that have ended and were not waited for (since
    // Linux kernel commit c03cd7738a83 ("cgroup: Include dying leaders with live threads in PROCS iterations")
    // (in v5.2)).
    tasks: links('task_struct', 'cg_list'),
    mg_tasks: links('task_struct', 'cg_list'),
    dying_tasks: opt(links('task_struct', 'cg_list')),
  },
  cgrp_cset_link: { cgrp: ref('cgroup'), cgrp_link: place },
  cgroup: {
    kn: ptr('kernfs_node'),
    root: ref('cgroup_root'),
    // Since Linux kernel commit 76f969e8948d ("cgroup: cgroup v2 freezer") (in v5.2).
    freezer: opt(inside('cgroup_freezer_state')),
  },
  cgroup_freezer_state: { freeze: uint },
  cgroup_root: { hierarchy_id: int, subsys_mask: uint, name: text },
  kernfs_node: {
    name: pointer,
    // Since Linux kernel commit 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent.") (in v6.15) `parent`
    // is named `__parent`.
    parent: opt(pointer, '__parent'),
    __parent: opt(pointer, 'parent'),
  },
  /** A controller: `memory`, `pids`. */
  cgroup_subsys: { name: pointer },
} as const;
