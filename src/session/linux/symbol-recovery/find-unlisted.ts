// Finds variables that no symbol table lists, one method for each.
// What is found is verified, or left out.
import { EvidenceFault } from '../../../base/errors.ts';
import type { RequiredNames } from '../../../profile/profile.ts';
import { functionTable } from './function-table.ts';
import { logRing } from './log-ring.ts';
import { moduleList } from './module-list.ts';
import { tcpTables, udpTable } from './net-tables.ts';
import { pingTable } from './ping-table.ts';
import { bootId, firmwareTexts, maxPfn, savedCommandLine } from './plain-variables.ts';
import type { RecoveryInput } from './recovery-input.ts';
import { timekeeperHolder } from './timekeeper.ts';

/** Members that variables are known by, beyond what is read of them later. */
export const recoveryTypes: RequiredNames['types'] = {
  module: ['list', 'name'],
  timekeeper: ['tkr_mono', 'xtime_sec', 'offs_real', 'offs_boot'],
  tk_read_base: ['mult', 'shift', 'base'],
  tk_data: ['timekeeper'],
  seqcount_raw_spinlock: [],
  seqcount: [],
  ping_table: ['hash', 'lock'],
  file_operations: ['read_iter', 'write_iter', 'mmap', 'release'],
  vm_operations_struct: ['close', 'fault', 'name'],
  printk_ringbuffer: ['desc_ring', 'text_data_ring'],
  prb_desc_ring: ['count_bits', 'descs', 'head_id', 'tail_id'],
  prb_data_ring: ['size_bits', 'data'],
  ctl_table: ['procname', 'data', 'proc_handler'],
  net: ['ipv4'],
  netns_ipv4: ['tcp_death_row', 'udp_table'],
  inet_timewait_death_row: ['hashinfo'],
  inet_hashinfo: ['ehash', 'ehash_mask'],
  udp_table: ['hash', 'mask'],
};
export const recoveryEnumerators = ['DMI_PRODUCT_UUID'] as const;

/** How each variable that is neither exported nor told by VMCOREINFO is found, by its content or by what code names it. */
const FINDERS: Readonly<Record<string, (input: RecoveryInput) => bigint | undefined>> = {
  prb: logRing,
  modules: moduleList,
  tk_core: timekeeperHolder,
  saved_command_line: savedCommandLine,
  max_pfn: maxPfn,
  sysctl_bootid: bootId,
  dmi_ident: firmwareTexts,
  tcp_hashinfo: tcpTables,
  udp_table: udpTable,
  ping_table: pingTable,
  socket_file_ops: (input) =>
    functionTable(input, 'file_operations', {
      read_iter: 'sock_read_iter',
      write_iter: 'sock_write_iter',
      mmap: 'sock_mmap',
      release: 'sock_close',
    }),
  special_mapping_vmops: (input) =>
    functionTable(input, 'vm_operations_struct', {
      name: 'special_mapping_name',
      fault: 'special_mapping_fault',
      close: 'special_mapping_close',
    }),
  // Mappings that old drivers of architectures put in place; many kernels have none.
  legacy_special_mapping_vmops: (input) =>
    functionTable(input, 'vm_operations_struct', {
      fault: 'special_mapping_fault',
      close: 'special_mapping_close',
      name: null,
    }),
};

/** What some kernels or machines do not have: that it is not found says nothing. */
const OPTIONAL = ['legacy_special_mapping_vmops', 'dmi_ident'];

/** What every kernel has that is likely to be met. */
export const unlistedNames: readonly string[] = Object.keys(FINDERS).filter(
  (name) => !OPTIONAL.includes(name),
);

/** The variables that could be found and verified, of those that `isMissing`. What faults on the way is not found. */
export function findUnlistedSymbols(
  input: RecoveryInput,
  isMissing: (name: string) => boolean,
): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const [name, find] of Object.entries(FINDERS)) {
    if (!isMissing(name)) continue;
    try {
      const address = find(input);
      if (address !== undefined) found.set(name, address);
    } catch (fault) {
      if (!(fault instanceof EvidenceFault)) throw fault;
    }
  }
  return found;
}
