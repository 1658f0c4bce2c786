import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  expandKey,
  invertSchedule,
  keyBefore,
  keyOfInverted,
  mixColumn,
  scheduleBytes,
  substitute,
  swapWords,
} from '../../src/crypto/aes-schedule.ts';
import { Random } from '../support/random.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));

/** FIPS-197, appendix A: the keys, and the last round key of each. */
const vectors = [
  ['2b7e151628aed2a6abf7158809cf4f3c', 'd014f9a8c9ee2589e13f0cc8b6630ca6'],
  ['8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b', 'e98ba06f448c773c8ecc720401002202'],
  ['603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'fe4890d1e6188d0b046df344706c631e'],
] as const;

/** The cipher as FIPS-197, 5.1 tells it, by the schedule under test. */
function encryptBlock(schedule: Uint8Array, block: Uint8Array): Uint8Array {
  let state = block.map((byte, i) => byte ^ schedule[i]!);
  for (let round = 1; round < schedule.length / 16; round++) {
    state = state.map((_, i) => substitute[state[(i * 5) % 16]!]!); // SubBytes, then ShiftRows
    if (round < schedule.length / 16 - 1) {
      const columns = [0, 4, 8, 12].flatMap((at) => [...mixColumn(state.subarray(at, at + 4))]);
      state = Uint8Array.from(columns);
    }
    state = state.map((byte, i) => byte ^ schedule[16 * round + i]!);
  }
  return state;
}

describe('AES key schedules', () => {
  it.each(vectors)('expands %s as the appendix of FIPS-197 does', (key, last) => {
    const schedule = expandKey(unhex(key));
    expect(schedule.length).toBe(scheduleBytes(key.length / 2));
    expect(hex(schedule.subarray(0, key.length / 2))).toBe(key);
    expect(hex(schedule.subarray(-16))).toBe(last);
  });

  it.each([16, 24, 32])('expands keys of %i bytes so that they encrypt as OpenSSL does', (keyBytes) => {
    const random = new Random(keyBytes);
    for (let i = 0; i < 20; i++) {
      const key = random.bytes(keyBytes);
      const block = random.bytes(16);
      const cipher = createCipheriv(`aes-${keyBytes * 8}-ecb`, key, null).setAutoPadding(false);
      expect(hex(encryptBlock(expandKey(key), block))).toBe(cipher.update(block).toString('hex'));
    }
  });

  it('inverts a schedule as the example vectors of FIPS-197 (C.1) do', () => {
    const inverted = invertSchedule(expandKey(unhex('000102030405060708090a0b0c0d0e0f')));
    expect(hex(inverted.subarray(0, 16))).toBe('13111d7fe3944a17f307a78b4d2b30c5');
    expect(hex(inverted.subarray(16, 32))).toBe('13aa29be9c8faff6f770f58000f7bf03');
    expect(hex(inverted.subarray(160))).toBe('000102030405060708090a0b0c0d0e0f');
  });

  it('gives the key back from any stretch of the schedule and from its inverse', () => {
    const random = new Random(7);
    for (const keyBytes of [16, 24, 32]) {
      const key = random.bytes(keyBytes);
      const schedule = expandKey(key);
      for (let index = 0; 4 * index + keyBytes <= schedule.length; index++) {
        expect(keyBefore(schedule.subarray(4 * index, 4 * index + keyBytes), index)).toEqual(key);
      }
      expect(keyOfInverted(invertSchedule(schedule), keyBytes)).toEqual(key);
    }
  });

  it('turns the bytes of each word around', () => {
    expect(swapWords(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toEqual(Uint8Array.of(4, 3, 2, 1, 8, 7, 6, 5));
  });
});
