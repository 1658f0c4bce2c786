// Every kernel symbol that this program looks up, under the kernel's own names, gathered from the subsystems.
// Profiles keep these and no others; what a kernel lacks is simply not in its profile.
import { blockSymbols } from './block/symbols.ts';
import { cgroupSymbols } from './cgroup/symbols.ts';
import { integritySymbols } from './integrity/symbols.ts';
import { lockSymbols } from './locks/symbols.ts';
import { cpuSymbols, machineSymbols } from './machine/symbols.ts';
import { memorySymbols } from './memory/symbols.ts';
import { moduleSymbols } from './module/symbols.ts';
import { netSymbols } from './net/symbols.ts';
import { notifySymbols } from './notify/symbols.ts';
import { areaSymbols, processSymbols } from './process/symbols.ts';
import { stackSymbols } from './stacks/symbols.ts';
import { codeSymbols } from './symbols/symbols.ts';
import { vfsSymbols } from './vfs/symbols.ts';

const bindingSymbols = [
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
  // What a kernel says of its own place, and whoever only pretends to be it does not: see session/linux/proof.ts.
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
] as const;

export const symbols = [
  ...bindingSymbols,
  ...memorySymbols,
  ...vfsSymbols,
  ...lockSymbols,
  ...notifySymbols,
  ...blockSymbols,
  ...cpuSymbols,
  ...processSymbols,
  ...cgroupSymbols,
  ...machineSymbols,
  ...areaSymbols,
  ...moduleSymbols,
  ...codeSymbols,
  ...stackSymbols,
  ...integritySymbols,
  ...netSymbols,
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
