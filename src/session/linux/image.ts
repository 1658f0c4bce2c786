// Reads the kernel's image, which lies in one piece in physical memory.
// Searches for symbols and types run over it.
import { physical } from '../../base/address.ts';
import { NotInSnapshot } from '../../base/errors.ts';
import type { PhysicalMemory } from '../../memory/physical.ts';
import type { ImageReader } from '../../profile/piecewise.ts';

/** No kernel's image is longer: what is further away from one of its symbols is not in it. */
export const IMAGE_REACH_BYTES = 128 << 20;

/** Reads the kernel's image, which lies in one piece in physical memory: `delta` = virtual − physical. */
export function imageReader(memory: PhysicalMemory, delta: bigint): ImageReader {
  return (address, length) => {
    const at = Number(BigInt.asUintN(64, address - delta));
    if (!Number.isSafeInteger(at)) throw new NotInSnapshot(physical(0));
    return memory.bytes(physical(at), length);
  };
}
