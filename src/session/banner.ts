import { physical } from '../base/address.ts';
import { EvidenceFault } from '../base/errors.ts';
import type { PhysicalMemory } from '../memory/physical.ts';
import type { ImageReader } from '../profile/kallsyms.ts';
import { IMAGE_REACH_BYTES } from './image.ts';
import type { Located } from './located.ts';

/** What every `linux_banner` begins with (init/version.c). */
const BANNER_START = 'Linux version ';
const MAXIMUM_BANNER_BYTES = 512;
const BLOCK_BYTES = 1 << 20;

/** The banner that begins at `address`, without its newline; empty where it cannot be read. */
export const bannerAt = (read: ImageReader, address: bigint): string =>
  firstLine(readOrNothing(read, address, MAXIMUM_BANNER_BYTES));

const firstLine = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .split(/[\n\0]/)[0]!;

/** The banner of a located kernel, found without any symbol for it: the first text of the image that reads like one. */
export function bannerIn(read: ImageReader, { vmcoreinfo, known }: Located): string | undefined {
  const [first = 0n] = [...known.values()].sort((a, b) => (a < b ? -1 : 1));
  const start = Buffer.from(BANNER_START + (vmcoreinfo === null ? '' : `${vmcoreinfo.release} (`), 'latin1');
  for (let offset = 0; offset < IMAGE_REACH_BYTES; offset += BLOCK_BYTES) {
    const block = readOrNothing(read, first + BigInt(offset), BLOCK_BYTES + MAXIMUM_BANNER_BYTES);
    const at = Buffer.from(block.buffer, block.byteOffset, block.length).indexOf(start);
    if (at >= 0) return firstLine(block.subarray(at, at + MAXIMUM_BANNER_BYTES));
  }
  return undefined;
}

/** What stands at these physical addresses, each text with the places that have it. */
export function bannersAt(memory: PhysicalMemory, places: readonly number[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const read: ImageReader = (address, length) => memory.bytes(physical(Number(address)), length);
  for (const place of places) {
    const banner = bannerAt(read, BigInt(place));
    const same = found.get(banner);
    if (same !== undefined) same.push(place);
    else if (banner !== '') found.set(banner, [place]);
  }
  return found;
}

/** What cannot be read holds no banner: the search goes on elsewhere. */
function readOrNothing(read: ImageReader, address: bigint, length: number): Uint8Array {
  try {
    return read(address, length);
  } catch (fault) {
    if (!(fault instanceof EvidenceFault)) throw fault;
    return new Uint8Array();
  }
}
