// Arrays of pointers in the kernel's memory, whatever the width of its words.
// A pointer is a pair of words of 32 bits, low first, as everything below an address space has it.
import type { VirtualAddress } from '../../../base/address.ts';
import type { Linux } from '../linux.ts';

/** `count` pointers as pairs of words, low first: fewer where memory ends. */
export function pointersAt(kernel: Linux, address: VirtualAddress, count: number): Int32Array {
  const width = kernel.types.pointerBytes;
  const bytes = kernel.space.readableBytes(address, count * width);
  const whole = Math.floor(bytes.length / width);
  const raw = new Int32Array(bytes.buffer, 0, (whole * width) >>> 2);
  if (width === 8) return raw;
  const pairs = new Int32Array(whole * 2);
  for (let i = 0; i < whole; i++) pairs[i * 2] = raw[i]!;
  return pairs;
}
