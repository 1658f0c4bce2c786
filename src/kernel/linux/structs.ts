import type { StructTable, View } from '../../types/struct.ts';
import { mmStructs } from './structs/mm.ts';
import { moduleStructs } from './structs/module.ts';
import { netStructs } from './structs/net.ts';
import { printkStructs } from './structs/printk.ts';
import { systemStructs } from './structs/system.ts';
import { taskStructs } from './structs/task.ts';
import { vfsStructs } from './structs/vfs.ts';

/**
 * Every kernel member that this program reads, under the kernel's own names, one file for each part of the
 * kernel. Offsets and widths are not here: they come from the build at hand. A member that only some kernels
 * have is `opt`, with the reason.
 */
export const structs = {
  ...taskStructs,
  ...mmStructs,
  ...vfsStructs,
  ...netStructs,
  ...moduleStructs,
  ...printkStructs,
  ...systemStructs,
} satisfies StructTable;

export type Structs = typeof structs;
/** A view of one kernel struct, by its kernel name. */
export type Kernel<N extends keyof Structs> = View<Structs, N>;
