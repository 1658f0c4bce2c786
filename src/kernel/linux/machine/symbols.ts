// Symbols of the machine as a whole: its CPUs, its clock, its state, its log.
// What a kernel lacks of them is simply not in its profile.

export const cpuSymbols = [
  '__per_cpu_offset',
  '__cpu_possible_mask',
  '__cpu_online_mask',
  'max_pfn',
] as const;

export const machineSymbols = [
  // The machine: its clock (`timekeeper_data` since 6.17, `tk_core` before) and how it was started.
  'timekeeper_data',
  'tk_core',
  'saved_command_line',
  // What the machine is about: starting, running, going down, panicked, or saving the memory of another kernel.
  'system_state',
  'panic_cpu',
  'elfcorehdr_addr',
  // Which boot and which machine it is: the boot's ID once somebody has asked for it, the firmware's strings.
  'sysctl_bootid',
  'dmi_ident',
  // The kernel log: `prb` since 5.10, the others before.
  'prb',
  'log_buf',
  'log_buf_len',
  'log_first_idx',
  'log_first_seq',
  'log_next_idx',
  'log_next_seq',
] as const;
