import { Kallsyms } from '../../src/profile/kallsyms.ts';
import { searchKallsyms } from '../../src/profile/kallsyms-search.ts';

/**
 * Those of the wanted symbols that stand in an image's own table of them (kallsyms), or null where no table is found.
 * For names alone it does not matter where the image will lie: offsets into it serve as addresses.
 */
export function symbolsIn(
  image: Buffer,
  wanted: readonly string[],
  pointerBytes: 4 | 8,
): ReadonlySet<string> | null {
  const read = (address: bigint, length: number): Uint8Array => {
    const at = Number(address);
    return at < 0 ? new Uint8Array() : image.subarray(at, at + length);
  };
  for (const places of searchKallsyms(read, 0n, BigInt(image.length), pointerBytes)) {
    const found = new Kallsyms(places, read).find(wanted);
    if (found.size > 0) return new Set(found.keys());
  }
  return null;
}
