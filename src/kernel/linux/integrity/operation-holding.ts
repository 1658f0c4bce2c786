// That something leads to a struct of functions: an entry of /proc, the root of a file system, a terminal.
// Linux: the structs are those of include/linux/fs.h, proc_fs.h, seq_file.h and tty_driver.h.
import type { VirtualAddress } from '../../../base/address.ts';
import type { operationStructs } from './operation-structs.ts';

export type OperationsType = keyof typeof operationStructs;

/** A struct of functions, or one function, and where the kernel has it from. */
export interface Holding {
  /** `/proc/net/tcp`, `ext4 fe:01`, `tty ttyS0`. */
  readonly holder: string;
  /** `function` where the holder has the address of a function itself. */
  readonly type: OperationsType | 'function';
  readonly address: VirtualAddress;
}
