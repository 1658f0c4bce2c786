import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { allOf, contentOf } from '../../src/debuginfo/section-bytes.ts';
import { drawElf, imageFile } from '../support/elf-object.ts';
import { scratchInMemory } from '../support/scratch.ts';

const plain = Buffer.from('.debug_str '.repeat(500_000));
const packed = deflateSync(plain);

/** A section as `ld --compress-debug-sections=zlib` writes it; what is wrong with it, where anything is. */
function standard(bits: 32 | 64, claim = plain.length, kind = 1, content: Uint8Array = packed) {
  const header = Buffer.alloc(bits === 64 ? 24 : 12);
  header.writeUInt32LE(kind, 0);
  if (bits === 64) header.writeBigUInt64LE(BigInt(claim), 8);
  else header.writeUInt32LE(claim, 4);
  const section = { name: '.debug_str', flags: 0x800, content: Buffer.concat([header, content]) };
  return drawElf([section], { bits, machine: bits === 64 ? 62 : 3 });
}

function old(magic = 'ZLIB') {
  const header = Buffer.alloc(12);
  header.write(magic, 'latin1');
  header.writeBigUInt64BE(BigInt(plain.length), 4);
  return drawElf([{ name: '.zdebug_str', content: Buffer.concat([header, packed]) }]);
}

const read = async (bytes: Uint8Array) =>
  allOf(await contentOf(new ElfImage(imageFile(bytes)), '.debug_str', scratchInMemory), 1 << 30);

describe('contentOf', () => {
  it.each([
    ['as it is', drawElf([{ name: '.debug_str', content: plain }])],
    ['packed, of 64 bits', standard(64)],
    ['packed, of 32 bits', standard(32)],
    ['packed in the old way', old()],
  ])('gives a section that is stored %s', async (_, bytes) => {
    expect(Buffer.from(await read(bytes)).equals(plain)).toBe(true);
  });

  it('is empty where there is none', async () => {
    expect(await read(drawElf([]))).toHaveLength(0);
  });

  it.each([
    ['claims more than DEFLATE can pack', standard(64, 1e9), 'claims to unpack to 1000000000 bytes'],
    ['claims more than any kernel has', standard(64, 2 ** 40), 'claims to unpack to'],
    ['unpacks to more than it claims', standard(64, 1000), 'more than the 1000 bytes'],
    ['unpacks to less than it claims', standard(64, plain.length + 1), 'instead of'],
    ['is cut', standard(64, plain.length, 1, packed.subarray(0, -9)), 'cannot be unpacked'],
    ['is no zlib', standard(64, 5000, 1, Buffer.alloc(100, 0x55)), 'cannot be unpacked: Z_DATA_ERROR'],
    ['is packed with zstd', standard(64, 1, 2), 'objcopy --decompress-debug-sections'],
    ['is packed in an unknown way', standard(64, 1, 9), 'an unknown way, 9'],
    ['is packed in no way', old('XLIB'), 'an unknown way'],
    [
      'has no header',
      drawElf([{ name: '.debug_str', flags: 0x800, content: Buffer.alloc(4) }]),
      'has none at 24',
    ],
  ])('refuses a section that %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
  });

  it('never reads past a section', async () => {
    const bytes = drawElf([{ name: '.debug_str', content: plain }]);
    const content = await contentOf(new ElfImage(imageFile(bytes)), '.debug_str', scratchInMemory);
    expect(() => content!.fill(plain.length - 1, new Uint8Array(2))).toThrow('vmlinux: .debug_str is cut');
    expect(() => allOf(content, 10)).toThrow('more than can be read');
  });
});
