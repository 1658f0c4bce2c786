import type { AesSchedule } from '../../src/crypto/aes-schedule.ts';
import { expandKey, invertSchedule, swapWords } from '../../src/crypto/aes-schedule.ts';

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
