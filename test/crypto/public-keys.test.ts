// Constants of standards are told from keys that somebody uses.
import { describe, expect, it } from 'vitest';
import { isDerivationKey, isPublicKey } from '../../src/crypto/public-keys.ts';

const key = (hex: string): Uint8Array => Buffer.from(hex, 'hex');

describe('public keys', () => {
  it.each([
    '000102030405060708090a0b0c0d0e0f',
    '000102030405060708090a0b0c0d0e0f1011121314151617',
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    '2b7e151628aed2a6abf7158809cf4f3c',
    '00'.repeat(32),
  ])('knows %s', (hex) => {
    expect(isPublicKey(key(hex))).toBe(true);
  });

  it.each(['000102030405060708090a0b0c0d0e10', '00'.repeat(15).concat('01'), '2b7e'.repeat(8)])(
    'takes %s for a key',
    (hex) => {
      expect(isPublicKey(key(hex))).toBe(false);
    },
  );

  it('tells the constant of random generators from the other constants', () => {
    expect(isDerivationKey(key('000102030405060708090a0b0c0d0e0f'))).toBe(true);
    expect(isDerivationKey(key('2b7e151628aed2a6abf7158809cf4f3c'))).toBe(false);
  });
});
