import { Random } from '../support/random.ts';

/** Seeded random bytes, whole megabytes a second sooner than one by one (xorshift32). */
export function noise(length: number, seed: number): Uint8Array {
  const words = new Int32Array(Math.ceil(length / 4));
  let state = new Random(seed).below(2 ** 31) | 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = Math.imul(state, 0x9e3779b1);
  }
  return new Uint8Array(words.buffer, 0, length);
}
