import { physical } from '../base/address.ts';
import { NotInSnapshot } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { ImageReader } from '../profile/kallsyms.ts';

/** x86-64: what `phys_base` is relative to, __START_KERNEL_map (arch/x86/include/asm/page_64_types.h). */
export const KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** Where `_text` is linked on x86-64 without KASLR: CONFIG_PHYSICAL_START, 16 MiB in every distribution's kernel. */
export const LINKED_TEXT = 0xffff_ffff_8100_0000n;

/** Reads the kernel's image, which lies in one piece in physical memory: `delta` = virtual − physical. */
export function imageReader(memory: PhysicalMemory, delta: bigint): ImageReader {
  return (address, length) => {
    const at = Number(address - delta);
    if (at < 0 || !Number.isSafeInteger(at)) throw new NotInSnapshot(physical(0));
    return memory.bytes(physical(at), length);
  };
}
