// Every kernel struct that this program reads, gathered from the subsystems.
// The names are the kernel's own; offsets and widths come from the build at hand.
import type { StructTable, View } from '../../types/struct.ts';
import { blockStructs } from './block/structs.ts';
import { cgroupStructs } from './cgroup/structs.ts';
import { operationHolderStructs, operationStructs } from './integrity/operation-structs.ts';
import { integrityStructs } from './integrity/structs.ts';
import { kthreadStructs } from './kthreads/structs.ts';
import { lockStructs } from './locks/structs.ts';
import { printkStructs } from './machine/printk-structs.ts';
import { systemStructs } from './machine/structs.ts';
import { mmStructs } from './memory/structs.ts';
import { moduleStructs } from './module/structs.ts';
import { netStructs } from './net/structs.ts';
import { notifyStructs } from './notify/structs.ts';
import { namespaceStructs } from './process/namespace-structs.ts';
import { runQueueStructs } from './process/run-queue-structs.ts';
import { taskStructs } from './process/structs.ts';
import { stackStructs } from './stacks/structs.ts';
import { vfsStructs } from './vfs/structs.ts';

/**
 * Every kernel member that this program reads, under the kernel's own names, one file for each part of the
 * kernel. Offsets and widths are not here: they come from the build at hand. A member that only some kernels
 * have is `opt`, with the reason.
 */
export const structs = {
  ...taskStructs,
  ...runQueueStructs,
  ...namespaceStructs,
  ...stackStructs,
  ...kthreadStructs,
  ...cgroupStructs,
  ...mmStructs,
  ...vfsStructs,
  ...lockStructs,
  ...notifyStructs,
  ...blockStructs,
  ...netStructs,
  ...moduleStructs,
  ...integrityStructs,
  ...operationStructs,
  ...operationHolderStructs,
  ...printkStructs,
  ...systemStructs,
} satisfies StructTable;

export type Structs = typeof structs;
/** A view of one kernel struct, by its kernel name. */
export type Kernel<N extends keyof Structs> = View<Structs, N>;
