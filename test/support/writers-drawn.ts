import { PAGE_BYTES, type PhysicalSource } from '../../src/memory/source.ts';
import { Random } from './random.ts';
import { drawMemory } from './writers.ts';

/**
 * Memory with everything that a format may stumble over: pages of zeros, of noise and of what compresses, a single
 * page alone, and where `isWide` a range across 4 GiB and one at 2^40, past what 32 bits hold.
 */
export function variedMemory(seed = 1, isWide = true): PhysicalSource {
  const random = new Random(seed);
  const pages = (count: number): Uint8Array => {
    const bytes = new Uint8Array(count * PAGE_BYTES);
    for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
      const kind = random.below(3);
      if (kind === 1) bytes.set(random.bytes(PAGE_BYTES), at);
      if (kind === 2) bytes.fill(1 + random.below(255), at, at + PAGE_BYTES / 2);
    }
    return bytes;
  };
  const pieces: [number, Uint8Array][] = [
    [0, pages(23)],
    [0x2_0000, pages(1)],
    [0x10_0000, pages(300)],
  ];
  if (isWide) {
    pieces.push([0xffff_e000, pages(8)], [2 ** 40, pages(20)]);
  }
  return drawMemory(new Map(pieces));
}
