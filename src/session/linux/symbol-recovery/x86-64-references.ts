// Addresses that x86-64 code may refer to: relative to an instruction's end, or absolute.
// Intel SDM vol. 2A, 2.2.1.6.
import { viewOf } from '../../../base/bytes.ts';

/** Bytes of a constant that may stand between a distance and the end of its instruction (Intel SDM vol. 2, 2.1). */
const CONSTANT_BYTES = [0, 1, 2, 4];

/**
 * The places that a stretch of x86-64 code may name: four bytes anywhere in it, taken as the distance from an
 * instruction's end, or as an address of the highest 2 GiB, in which the image is. Most are nonsense, and cost less
 * than knowing where instructions begin: whoever asks must know what he looks for by its content. `start` is the
 * offset of the code from `base`, and the places are counted as it is.
 */
export function x8664References(code: Uint8Array, start: number, base: bigint): Set<number> {
  const view = viewOf(code);
  const fromTop = Number(BigInt.asIntN(64, base));
  const places = new Set<number>();
  for (let at = 0; at + 4 <= code.length; at++) {
    const value = view.getInt32(at, true);
    for (const constant of CONSTANT_BYTES) places.add(start + at + 4 + value + constant);
    places.add(value - fromTop);
  }
  return places;
}
