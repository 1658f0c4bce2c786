// Capabilities by their names.
// Linux: include/uapi/linux/capability.h.
import type { Linux } from '../linux.ts';
import { perKernel } from '../per-kernel.ts';
import { initTask } from './task.ts';

/** By number, without `cap_`: as capsh(1) prints them. */
const NAMES = [
  ...['chown', 'dac_override', 'dac_read_search', 'fowner', 'fsetid', 'kill', 'setgid', 'setuid', 'setpcap'],
  ...[
    'linux_immutable',
    'net_bind_service',
    'net_broadcast',
    'net_admin',
    'net_raw',
    'ipc_lock',
    'ipc_owner',
  ],
  ...[
    'sys_module',
    'sys_rawio',
    'sys_chroot',
    'sys_ptrace',
    'sys_pacct',
    'sys_admin',
    'sys_boot',
    'sys_nice',
  ],
  ...[
    'sys_resource',
    'sys_time',
    'sys_tty_config',
    'mknod',
    'lease',
    'audit_write',
    'audit_control',
    'setfcap',
  ],
  ...['mac_override', 'mac_admin', 'syslog', 'wake_alarm', 'block_suspend', 'audit_read', 'perfmon', 'bpf'],
  'checkpoint_restore',
];

/** The numbers of a set, each by its name, or as a number where it has none. */
export function capabilityNames(set: bigint): string[] {
  const names: string[] = [];
  for (let number = 0, rest = set; rest !== 0n; number++, rest >>= 1n)
    if ((rest & 1n) !== 0n) names.push(NAMES[number] ?? String(number));
  return names;
}

/** Every capability that a kernel knows: what its first task was born with. */
class KnownCapabilities {
  readonly all: bigint;
  constructor(kernel: Linux) {
    const { real_cred } = initTask(kernel).raw;
    this.all = kernel.u64At(real_cred.cap_bset);
  }
}
const knownOf = perKernel((kernel) => new KnownCapabilities(kernel));

/** A set in words: `all` where no capability of this kernel lacks, else the names with commas between them. @throws EvidenceFault */
export function capabilityText(kernel: Linux, set: bigint): string {
  const { all } = knownOf(kernel);
  return set === all && set !== 0n ? 'all' : capabilityNames(set).join(',');
}
