// Symbols of what the kernel calls through pointers: tables of system calls and exceptions, probes, hooks, chains.
// What a kernel lacks of them is simply not in its profile.

export const integritySymbols = [
  // System calls: arch/x86/entry/syscall_64.c, syscall_32.c, syscall_x32.c; arch/arm64/kernel/sys.c, sys32.c.
  'sys_call_table',
  'ia32_sys_call_table',
  'x32_sys_call_table',
  'compat_sys_call_table',
  // What is executed in place of those tables since Linux kernel commit 1e3ad78334a6 ("x86/syscall: Don't force use of
  // indirect calls for system calls") (in v6.9, and in the stable kernels before).
  'x64_sys_call',
  'ia32_sys_call',
  'x32_sys_call',
  // Code that is made at run time.
  'bpf_kallsyms',
  'ftrace_ops_trampoline_list',
  'kprobe_insn_slots',
  'kprobe_optinsn_slots',
  // Tracing: kernel/trace/ftrace.c, kernel/kprobes.c, include/linux/tracepoint.h.
  'ftrace_ops_list',
  'ftrace_list_end',
  'kprobe_table',
  '__start___tracepoints_ptrs',
  '__stop___tracepoints_ptrs',
  // Notifier chains.
  'keyboard_notifier_list',
  'vt_notifier_list',
  'panic_notifier_list',
  'die_chain',
  'reboot_notifier_list',
  'module_notify_list',
  'netdev_chain',
  'inetaddr_chain',
  'inet6addr_chain',
  'netlink_chain',
  'usb_notifier_list',
  'pm_chain_head',
  'restart_handler_list',
  'oom_notify_list',
  'acpi_chain_head',
  'task_exit_notifier',
  'munmap_notifier',
  // Functions that are called through files and terminals: fs/proc/root.c, drivers/tty, net/ipv4, net/ipv6.
  'proc_root',
  'proc_seq_ops',
  'proc_net_seq_ops',
  'proc_single_ops',
  'proc_net_single_ops',
  'tty_ldiscs',
  'tty_drivers',
  // Programs that the kernel starts by itself: kernel/module/kmod.c, fs/coredump.c, lib/kobject_uevent.c, kernel/reboot.c.
  'modprobe_path',
  'core_pattern',
  'uevent_helper',
  'poweroff_cmd',
  'reboot_cmd',
] as const;
