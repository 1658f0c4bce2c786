// Symbols of control groups.
// What a kernel lacks of them is simply not in its profile.

export const cgroupSymbols = [
  // The unified hierarchy, and the controllers by their numbers.
  'cgrp_dfl_root',
  'cgroup_subsys',
  // Every set of groups that some task is in.
  'css_set_table',
] as const;
