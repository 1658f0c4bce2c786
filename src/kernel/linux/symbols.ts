/**
 * Every kernel symbol that this program looks up, under the kernel's own names. Profiles keep these and no
 * others; what a kernel lacks is simply not in its profile.
 */
export const symbols = [
  // Binding: where the image, its page tables and its own descriptions are.
  '_text',
  '_stext',
  'linux_banner',
  'init_uts_ns',
  'init_task',
  'init_top_pgt',
  'swapper_pg_dir',
  // AArch64's own word for the distance between the image's virtual and physical addresses.
  'kimage_voffset',
  '__start_BTF',
  '__stop_BTF',
  // The same two before Linux kernel commit 90ceddcb4950 ("bpf: Support llvm-objcopy for vmlinux BTF") (in v5.7).
  '_binary__btf_vmlinux_bin_start',
  '_binary__btf_vmlinux_bin_end',
  // What a kernel says of its own place, and whoever only pretends to be it does not: see session/proof.ts.
  'phys_base',
  'init_mm',
  'idt_table',
  'vmcoreinfo_data',
  'vmcoreinfo_note',
  // Where the image ends, and where all of RAM is mapped: for addresses whose page tables are missing.
  '_end',
  'page_offset_base',
  'memstart_addr',
  'max_low_pfn',
  // Where RAM is: what firmware says on a PC, and what the kernel made of it.
  'boot_params',
  'iomem_resource',
  '__per_cpu_offset',
  '__cpu_possible_mask',
  '__cpu_online_mask',
  'max_pfn',
  // Processes: the table of their numbers, and how many the kernel counts (`process_counts` is one for each CPU).
  'init_pid_ns',
  'nr_threads',
  'process_counts',
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
  // Mappings that no file is behind: how they tell their names, and the page at a fixed place.
  'special_mapping_vmops',
  'legacy_special_mapping_vmops',
  'gate_vma',
  'vsyscall_mode',
  // Modules.
  'modules',
  'module_kset',
  'mod_tree',
  // Sockets: the tables that they are found in.
  'init_net',
  'net_namespace_list',
  'socket_file_ops',
  'tcp_hashinfo',
  'udp_table',
  'udplite_table',
  'raw_v4_hashinfo',
  'raw_v6_hashinfo',
  'ping_table',
  'unix_socket_table',
  'nl_table',
  // The list of protocols that it is on: by their numbers sockets are counted.
  'tcp_prot',
] as const;

export type SymbolName = (typeof symbols)[number];

/** Enumerators whose values the program needs and that differ between kernels. */
export const enumerators = [
  'MM_FILEPAGES',
  'MM_ANONPAGES',
  'MM_SHMEMPAGES',
  'DMI_PRODUCT_UUID',
  'SYSTEM_RUNNING',
  'SYSTEM_HALT',
  'SYSTEM_POWER_OFF',
  'SYSTEM_RESTART',
  'SYSTEM_SUSPEND',
] as const;

export type EnumeratorName = (typeof enumerators)[number];
