// Structs of namespaces, but for those of pids (pid.h), of host names (machine), of mounts (vfs) and of networks (net).
// Linux: include/linux/nsproxy.h, include/linux/ns_common.h, include/linux/user_namespace.h, fs/mount.h.
import { inside, int, opt, ptr, ref, uint } from '../../../types/fields.ts';

/** The namespaces that a task is in, and what is common to all kinds of them. */
export const namespaceStructs = {
  nsproxy: {
    uts_ns: ref('uts_namespace'),
    // Only with CONFIG_IPC_NS is there more than one.
    ipc_ns: ptr('ipc_namespace'),
    mnt_ns: ptr('mnt_namespace'),
    // That of its children; its own is told by its number.
    pid_ns_for_children: ptr('pid_namespace'),
    net_ns: ptr('net'),
    // Since Linux kernel commit 769071ac9f20 ("ns: Introduce Time Namespace") (in v5.6).
    time_ns: opt(ptr('time_namespace')),
    time_ns_for_children: opt(ptr('time_namespace')),
    cgroup_ns: ptr('cgroup_namespace'),
  },
  ns_common: { inum: uint, ops: ptr('proc_ns_operations') },
  user_namespace: { parent: ptr('user_namespace'), level: int, owner: uint, ns: inside('ns_common') },
  ipc_namespace: { ns: inside('ns_common'), user_ns: ref('user_namespace') },
  time_namespace: { ns: inside('ns_common'), user_ns: ref('user_namespace') },
  cgroup_namespace: { ns: inside('ns_common'), user_ns: ref('user_namespace') },
} as const;
