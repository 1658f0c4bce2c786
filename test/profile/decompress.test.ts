import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { compressionOf, decompress } from '../../src/profile/decompress.ts';
import { compressed, EXPANDED } from '../support/compressed.ts';
import { Random } from '../support/random.ts';

const FILES: Readonly<Record<string, Buffer>> = { ...compressed, gzip: gzipSync(EXPANDED) };
const names = Object.keys(FILES);

describe('decompress', () => {
  it.each(names)('expands %s', (name) => {
    expect(Buffer.compare(decompress(FILES[name]!, name), EXPANDED)).toBe(0);
    expect(compressionOf(FILES[name]!)).toBe(/^\w+/.exec(name)![0]);
  });

  it('gives plain bytes back as they are', () => {
    expect(decompress(EXPANDED, 'plain')).toBe(EXPANDED);
    expect(compressionOf(EXPANDED)).toBeUndefined();
    expect(decompress(new Uint8Array(), 'empty')).toHaveLength(0);
  });

  it.each(names)('expands several of %s in one file', (name) => {
    const twice = decompress(Buffer.concat([FILES[name]!, FILES[name]!]), name);
    expect(Buffer.compare(twice, Buffer.concat([EXPANDED, EXPANDED]))).toBe(0);
  });

  it.each(names)('says so wherever %s ends early', (name) => {
    const whole = FILES[name]!;
    for (let length = 8; length < whole.length; length += 37) {
      expect(() => decompress(whole.subarray(0, length), 'f'), String(length)).toThrow(
        /^f: the (xz|zstd|gzip) stream ends early$/,
      );
    }
  });

  it.each(names)('gives %s up at the limit', (name) => {
    expect(decompress(FILES[name]!, 'f', EXPANDED.length)).toHaveLength(EXPANDED.length);
    expect(() => decompress(FILES[name]!, 'f', EXPANDED.length - 1)).toThrow(
      `f holds more than ${EXPANDED.length - 1} bytes`,
    );
  });

  it('refuses plain files past the limit, and what it cannot read', () => {
    expect(() => decompress(EXPANDED, 'f', 2 << 20)).not.toThrow();
    expect(() => decompress(Buffer.alloc(3 << 20), 'f', 2 << 20)).toThrow('f holds more than 2 MiB');
    expect(() => decompress(Buffer.from('BZh91AY'), 'f')).toThrow('f is compressed with bzip2');
  });

  it.each([
    [0x04, 'x86'],
    [0x03, 'delta'],
  ])('refuses xz with filter %i (%s)', (filter) => {
    const bytes = Buffer.from(compressed.xz);
    bytes[14] = filter;
    bytes.writeUInt32LE(crc32(bytes.subarray(12, 20)), 20);
    expect(() => decompress(bytes, 'f')).toThrow(`f: the xz stream uses filter 0x${filter.toString(16)}`);
  });

  it('refuses zstd that wants a dictionary or a giant window', () => {
    const bytes = Buffer.from(compressed.zstd);
    bytes[5] = 31 << 3;
    expect(() => decompress(bytes, 'f')).toThrow('f: the zstd stream wants a window of 2097152 MiB');
    bytes[4]! |= 1;
    expect(() => decompress(bytes, 'f')).toThrow('f: the zstd stream wants a dictionary');
  });

  it('believes no size that zstd claims', () => {
    const huge = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);
    expect(() => decompress(huge, 'f')).toThrow('f holds more than 512 MiB');
  });

  it.each(names)('explains every damage to %s', (name) => {
    const random = new Random(11);
    for (let round = 0; round < 300; round++) {
      const bytes = Buffer.from(FILES[name]!);
      const at = 6 + random.below(bytes.length - 6);
      bytes[at]! ^= 1 << random.below(8);
      try {
        decompress(bytes, 'f');
      } catch (error) {
        expect(error, `${round}: byte ${at}`).toBeInstanceOf(BadProfile);
      }
    }
  });

  it('notices every flipped bit of xz data', () => {
    for (let at = 24; at < compressed.xz.length; at += 11) {
      const bytes = Buffer.from(compressed.xz);
      bytes[at]! ^= 4;
      let expanded: Uint8Array | undefined;
      try {
        expanded = decompress(bytes, 'f');
      } catch {}
      if (expanded !== undefined) expect(Buffer.compare(expanded, EXPANDED), String(at)).toBe(0);
    }
  });
});

/** As slow as can be, and unlike the one that is tested. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) === 0 ? 0 : 0xedb88320);
  }
  return ~crc >>> 0;
}
