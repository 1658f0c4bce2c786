import type { AesSchedule } from '../../src/scan/aes.ts';
import { expandKey, invertSchedule, swapWords } from '../../src/scan/aes-schedule.ts';
import { Random } from '../support/random.ts';

/** A schedule as some program would hold it, and what ought to be said of it. */
export interface Planted {
  readonly bytes: Uint8Array;
  readonly truth: AesSchedule;
}

/** Every form that is looked for: key size, direction, byte order. */
export const kinds: readonly (readonly [128 | 192 | 256, AesSchedule['form'], AesSchedule['byteOrder']])[] = [
  [128, 'encryption', 'big'],
  [128, 'encryption', 'little'],
  [192, 'encryption', 'big'],
  [192, 'encryption', 'little'],
  [256, 'encryption', 'big'],
  [256, 'encryption', 'little'],
  [128, 'decryption', 'big'],
  [128, 'decryption', 'little'],
  [256, 'decryption', 'big'],
  [256, 'decryption', 'little'],
];

/** The schedule of `key` in the form asked for. */
export function drawSchedule(
  key: Uint8Array,
  form: AesSchedule['form'] = 'encryption',
  byteOrder: AesSchedule['byteOrder'] = 'big',
): Planted {
  const bits = (key.length * 8) as AesSchedule['bits'];
  const standard = form === 'encryption' ? expandKey(key) : invertSchedule(expandKey(key));
  const bytes = byteOrder === 'big' ? standard : swapWords(standard);
  return { bytes, truth: { bits, key, form, byteOrder, part: 'whole' } };
}

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
