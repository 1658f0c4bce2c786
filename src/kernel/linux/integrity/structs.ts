// Structs of what the kernel calls through pointers, and of the code that it makes while it runs.
// Linux: include/linux/bpf.h, ftrace.h, kprobes.h, tracepoint-defs.h, notifier.h, netfilter.h, seq_file.h; fs/proc/internal.h.
import { inside, int, links, opt, place, pointer, ptr, text, uint, ulong } from '../../../types/fields.ts';

export const integrityStructs = {
  /** Code that was compiled of a BPF program, or leads to one. */
  bpf_ksym: { start: ulong, end: ulong, name: text, lnode: place },
  kprobe_insn_cache: { pages: links('kprobe_insn_page', 'list') },
  kprobe_insn_page: { list: place, insns: pointer },
  ftrace_ops: {
    func: pointer,
    next: pointer,
    flags: ulong,
    func_hash: ptr('ftrace_ops_hash'),
    trampoline: ulong,
    trampoline_size: ulong,
    // Since Linux kernel commit fc0ea795f53c ("ftrace: Add symbols for ftrace trampolines") (in v5.10).
    list: opt(place),
  },
  ftrace_ops_hash: { notrace_hash: ptr('ftrace_hash'), filter_hash: ptr('ftrace_hash') },
  ftrace_hash: { size_bits: ulong, buckets: pointer, count: ulong },
  ftrace_func_entry: { hlist: place, ip: ulong },
  kprobe: {
    hlist: place,
    list: place,
    addr: pointer,
    pre_handler: pointer,
    post_handler: pointer,
    flags: uint,
  },
  kretprobe: { kp: inside('kprobe'), handler: pointer, entry_handler: pointer },
  tracepoint: { name: pointer, funcs: pointer },
  tracepoint_func: { func: pointer, data: pointer, prio: int },
  atomic_notifier_head: { head: ptr('notifier_block') },
  blocking_notifier_head: { head: ptr('notifier_block') },
  raw_notifier_head: { head: ptr('notifier_block') },
  srcu_notifier_head: { head: ptr('notifier_block') },
  notifier_block: { notifier_call: pointer, next: ptr('notifier_block'), priority: int },
  netns_nf: {
    hooks_ipv4: place,
    hooks_ipv6: place,
    // With CONFIG_NETFILTER_FAMILY_ARP and CONFIG_NETFILTER_FAMILY_BRIDGE only.
    hooks_arp: opt(place),
    hooks_bridge: opt(place),
  },
  nf_hook_entries: { num_hook_entries: uint, hooks: place },
  nf_hook_entry: { hook: pointer, priv: pointer },
  nf_hook_ops: { priority: int },
} as const;
