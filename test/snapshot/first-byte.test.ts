import { constants, deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FIRST_BYTES, FirstByte } from '../../src/snapshot/first-byte.ts';
import { Random } from '../support/random.ts';

const first = new FirstByte();

/** Pages of several kinds that begin with `byte`. */
function* pagesOf(byte: number, random: Random): Generator<Buffer> {
  const text = Buffer.alloc(4096);
  text.write('OSRELEASE=6.1.0\nBUILD-ID=3b43fad5034874490492495d552c0af6a5fab235\n'.repeat(30), 1);
  const noise = Buffer.from(Array.from({ length: 4096 }, () => random.below(256)));
  const words = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i % 8 > 5 ? 255 : random.below(40))));
  for (const page of [Buffer.alloc(4096), Buffer.alloc(4096, byte), text, noise, words]) {
    page[0] = byte;
    yield page;
  }
}

describe('the first byte of a packed page', () => {
  it('is what unpacking would give, however it is packed', () => {
    const random = new Random(5);
    for (let byte = 0; byte < 256; byte++) {
      for (const page of pagesOf(byte, random)) {
        for (const level of [0, 1, 6, 9]) {
          for (const strategy of [
            constants.Z_DEFAULT_STRATEGY,
            constants.Z_FIXED,
            constants.Z_HUFFMAN_ONLY,
          ]) {
            const packed = deflateSync(page, { level, strategy });
            expect(first.of(packed.subarray(0, FIRST_BYTES))).toBe(byte);
          }
        }
      }
    }
  });

  it('is not told of what is no stream, is cut, or begins with an empty block', () => {
    expect(first.of(Buffer.alloc(0))).toBe(-1);
    expect(first.of(Buffer.from('no stream'))).toBe(-1);
    expect(first.of(Buffer.from([0x78, 0x01, 0x07]))).toBe(-1); // a kind of block that there is not
    expect(first.of(Buffer.from([0x78, 0x01, 0x00, 0, 0, 0xff, 0xff, 65]))).toBe(-1);
    expect(first.of(Buffer.from([0x78, 0x01, 0x01, 1, 0]))).toBe(-1);
  });

  it('ends on whatever bytes there are', () => {
    const random = new Random(6);
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(Array.from({ length: 1 + random.below(80) }, () => random.below(256)));
      bytes[0] = 0x78;
      const byte = first.of(bytes);
      expect(byte >= -1 && byte < 256).toBe(true);
    }
  });
});
