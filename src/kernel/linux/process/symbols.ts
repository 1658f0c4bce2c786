// Symbols of processes and of their mappings.
// What a kernel lacks of them is simply not in its profile.

export const processSymbols = [
  // Processes: the table of their numbers, and how many the kernel counts (`process_counts` is one for each CPU).
  'init_pid_ns',
  'nr_threads',
  'process_counts',
  // The run queue of each CPU.
  'runqueues',
] as const;

export const areaSymbols = [
  // Mappings that no file is behind: how they tell their names, and the page at a fixed place.
  'special_mapping_vmops',
  'legacy_special_mapping_vmops',
  'gate_vma',
  'vsyscall_mode',
] as const;
