// Finds `_text`, the first byte of an AArch64 image.
// Linux: arch/arm64/kernel/head.S, Documentation/arch/arm64/booting.rst.
import { physical } from '../../../base/address.ts';
import { EvidenceFault } from '../../../base/errors.ts';
import type { PhysicalMemory } from '../../../memory/physical.ts';
import type { Located } from '../kernel-location.ts';

/** Linux Documentation/arch/arm64/booting.rst, "Call the kernel image": the header's magic, and what it begins with. */
const MAGIC = Buffer.from('ARM\x64', 'latin1');
const MAGIC_OFFSET = 56;
/**
 * The same: the image is placed from a boundary of 2 MiB on, at an offset that is 0 since Linux kernel commit
 * 120dc60d0bdb ("arm64: get rid of TEXT_OFFSET") (in v5.10).
 */
const PLACE_BYTES = 0x20_0000;
const PAGE_BYTES = 4096;

/**
 * `_text`, the first byte of an AArch64 image, which is before the first function: by the image's header, or where that is
 * gone by the boundary at which images are placed. From Linux kernel commit e2a073dde921 ("arm64: omit [_text, _stext)
 * from permanent kernel mapping") (in v5.11) on, kernels gave the header's memory away.
 */
export function textOf(memory: PhysicalMemory, { architecture, known, delta }: Located): bigint | undefined {
  const stext = known.get('_stext');
  if (architecture !== 'aarch64' || stext === undefined) return undefined;
  const first = Number(BigInt.asUintN(64, stext - delta));
  const place = Math.floor(first / PLACE_BYTES) * PLACE_BYTES;
  for (let at = first - (first % PAGE_BYTES); at >= place; at -= PAGE_BYTES) {
    if (isHeader(memory, at)) return stext - BigInt(first - at);
  }
  return stext - BigInt(first - place);
}

function isHeader(memory: PhysicalMemory, at: number): boolean {
  try {
    return MAGIC.equals(memory.bytes(physical(at + MAGIC_OFFSET), MAGIC.length));
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return false;
  }
}
