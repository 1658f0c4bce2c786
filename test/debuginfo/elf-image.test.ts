import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { buildIdOf } from '../../src/debuginfo/elf-notes.ts';
import { readSymbols } from '../../src/debuginfo/elf-symbols.ts';
import {
  type DrawnSection,
  type DrawnSymbol,
  drawElf,
  drawSymbols,
  type ElfTraits,
  imageFile,
} from '../support/elf-object.ts';
import { Random } from '../support/random.ts';
import { encodeNotes } from '../support/writers-elf.ts';

const TEXT = 0xffff_ffff_8100_0000n;
const text: DrawnSection = { name: '.text', flags: 6, address: TEXT, content: Buffer.from('push ret') };
const bss: DrawnSection = {
  name: '.bss',
  type: 8,
  flags: 3,
  address: TEXT + 0x1000n,
  content: Buffer.alloc(64),
};
const draw = (traits?: ElfTraits) => drawElf([text, bss], traits);
const open = (bytes: Uint8Array, path?: string) => new ElfImage(imageFile(bytes, path));

describe('ElfImage', () => {
  it.each([
    [62, 64, 'x86-64'],
    [183, 64, 'aarch64'],
    [3, 32, 'i386'],
  ] as const)('reads a kernel for machine %i, of %i bits', (machine, bits, architecture) => {
    const low = { ...text, address: 0xc100_0000n };
    const image = open(drawElf([low], { machine, bits }));
    expect([image.architecture, image.bits]).toEqual([architecture, bits]);
    expect(image.sections.map(({ name }) => name)).toEqual(['', '.text', '.shstrtab']);
    expect(image.bytes(image.section('.text')!).toString()).toBe('push ret');
    expect(image.bytesAt(0xc100_0005n, 100)?.toString()).toBe('ret');
  });

  it('has no bytes where a section has no content, or where none is', () => {
    const image = open(draw());
    expect(image.section('.bss')).toBeUndefined();
    expect(image.bytesAt(TEXT + 0x1000n, 8)).toBeNull();
    expect(image.bytesAt(TEXT + 8n, 1)).toBeNull();
    expect(image.bytesAt(0n, 8)).toBeNull();
    expect(() => image.bytes(image.section('.text')!, 4, 5)).toThrow('.text of 8 bytes has none at 9');
  });

  it('takes numbers of sections that do not fit the header from section 0', () => {
    const bytes = draw();
    const table = Number(bytes.readBigUInt64LE(40));
    bytes.writeBigUInt64LE(BigInt(bytes.readUInt16LE(60)), table + 32);
    bytes.writeUInt32LE(bytes.readUInt16LE(62), table + 40);
    bytes.writeUInt16LE(0, 60);
    bytes.writeUInt16LE(0xffff, 62);
    expect(open(bytes).section('.text')).toBeDefined();
  });

  it.each([
    ['a bzImage', 0x202, 'HdrS', 'is a compressed kernel (bzImage): give the vmlinux of its debug package'],
    ['a packed EFI kernel', 4, 'zimg', 'is a compressed kernel (EFI zboot)'],
    ['an arm64 Image', 0x38, 'ARMd', 'arm64 Image'],
    ['a Debian package', 0, '!<arch>\ndebian-binary', 'is a Debian package: unpack it (dpkg-deb -x'],
    ['an RPM package', 0, '\xed\xab\xee\xdb', 'rpm2cpio'],
    ['a gzip file', 0, '\x1f\x8b', 'gzip -dk'],
    ['an xz file', 0, '\xfd7zXZ\0', 'xz -dk'],
    ['a zstd file', 0, '\x28\xb5\x2f\xfd', 'zstd -d'],
    ['something else', 0, 'hello', 'is no ELF file'],
  ])('says of %s what to do', (_, at, magic, message) => {
    const bytes = Buffer.alloc(1024);
    bytes.write(magic, at, 'latin1');
    expect(() => open(bytes, '/boot/file')).toThrow(BadProfile);
    expect(() => open(bytes, '/boot/file')).toThrow(`/boot/file is `);
    expect(() => open(bytes, '/boot/file')).toThrow(message);
  });

  it.each([
    ['nothing', () => Buffer.alloc(0), 'is no ELF file'],
    ['a cut header', () => draw().subarray(0, 19), 'cut in its ELF header'],
    ['a cut header of its class', () => draw().subarray(0, 40), 'cut in its ELF header'],
    ['cut section headers', () => draw().subarray(0, -10), 'cut in its section headers'],
    ['big-endian', () => changed(5, 2), 'big-endian'],
    ['of no class', () => changed(4, 3), 'class 3'],
    ['of the wrong class', () => drawElf([], { bits: 32 }), 'an ELF of 32 bits for x86-64'],
    ['a module', () => draw({ type: 1 }), 'is an object file or module'],
    ['a core dump', () => draw({ type: 4 }), 'vestige profile export'],
    ['of an unknown type', () => draw({ type: 9 }), 'ELF of type 9'],
    ['for another machine', () => draw({ machine: 243 }), 'ELF machine 243'],
    ['without section headers', () => changed(40, 0, 0, 0, 0, 0, 0, 0, 0), 'no section headers'],
    ['with short section headers', () => changed(58, 8), 'section headers of 8 bytes'],
    ['with no names', () => changed(62, 99), 'no names of sections'],
    ['with names without content', () => changed(62, 2), 'no names of sections'],
  ])('refuses a file that is %s', (_, make, message) => {
    expect(() => open(make())).toThrow(BadProfile);
    expect(() => open(make())).toThrow(message);
  });

  it('refuses a section that is not in the file', () => {
    const bytes = draw();
    bytes.writeBigUInt64LE(1n << 40n, Number(bytes.readBigUInt64LE(40)) + 64 + 32);
    expect(() => open(bytes)).toThrow('is cut: a section ends at');
  });

  it('opens or explains, whatever byte is wrong', () => {
    const whole = drawElf([text, bss, ...drawSymbols([{ name: 'init_task', address: TEXT }], 3)]);
    const random = new Random(2);
    for (let round = 0; round < 3_000; round++) {
      const bytes = Buffer.from(whole);
      for (let i = 0; i < 3; i++) bytes[random.below(bytes.length)] = random.below(256);
      try {
        const image = open(
          bytes.subarray(0, random.below(2) === 0 ? bytes.length : random.below(bytes.length)),
        );
        readSymbols(image, ['init_task']);
        buildIdOf(image);
        image.bytesAt(TEXT, 16);
      } catch (error) {
        expect(error).toBeInstanceOf(BadProfile);
      }
    }
  });
});

describe('buildIdOf', () => {
  const id = Buffer.from('3b43fad5034874490492495d552c0af6a5fab235', 'hex');
  const notes = (content: Uint8Array) => open(drawElf([{ name: '.notes', type: 7, content }]));

  it('finds the build ID behind other notes', () => {
    const others = { name: 'Xen', type: 8, content: Buffer.alloc(5) };
    const content = encodeNotes([others, { name: 'GNU', type: 3, content: id }]);
    expect(buildIdOf(notes(content))).toBe(id.toString('hex'));
  });

  it('is null where no note is one', () => {
    expect(buildIdOf(open(draw()))).toBeNull();
    expect(buildIdOf(notes(encodeNotes([{ name: 'GNU', type: 1, content: id }])))).toBeNull();
    expect(buildIdOf(notes(encodeNotes([{ name: 'GNU', type: 3, content: id }]).subarray(0, 20)))).toBeNull();
    expect(buildIdOf(notes(Buffer.alloc(64, 0xff)))).toBeNull();
  });
});

describe('readSymbols', () => {
  const read = (symbols: readonly DrawnSymbol[], wanted: readonly string[], bits: 32 | 64 = 64) =>
    readSymbols(
      open(drawElf(drawSymbols(symbols, 1, bits), { bits, machine: bits === 32 ? 3 : 62 })),
      wanted,
    );

  it.each([64, 32] as const)('gives addresses of the wanted ones of %i bits', (bits) => {
    const symbols = [
      { name: 'init_task', address: 0xc100_0000n },
      { name: '__per_cpu_offset', address: 0x1_f000n },
      { name: 'other', address: 1n },
    ];
    const wanted = ['init_task', '__per_cpu_offset', 'no_such'];
    expect(read(symbols, wanted, bits)).toEqual(
      new Map([
        ['init_task', 0xc100_0000n],
        ['__per_cpu_offset', 0x1_f000n],
      ]),
    );
  });

  it('prefers global ones, else the lowest', () => {
    const found = read(
      [
        { name: 'modules', address: 5n, isGlobal: false },
        { name: 'modules', address: 3n, isGlobal: false },
        { name: 'prb', address: 1n, isGlobal: false },
        { name: 'prb', address: 9n },
        { name: 'prb', address: 2n, isGlobal: false },
      ],
      ['modules', 'prb'],
    );
    expect(found).toEqual(
      new Map([
        ['modules', 3n],
        ['prb', 9n],
      ]),
    );
  });

  it('passes over undefined ones, sections and files', () => {
    const found = read(
      [
        { name: '__start_BTF', address: 0n, section: 0 },
        { name: 'modules', address: 1n, type: 4 },
        { name: 'prb', address: 1n, type: 3 },
        { name: 'max_pfn', address: 7n, section: 0xfff1 },
      ],
      ['__start_BTF', 'modules', 'prb', 'max_pfn'],
    );
    expect(found).toEqual(new Map([['max_pfn', 7n]]));
  });

  it('says where there is no table, or none that makes sense', () => {
    expect(readSymbols(open(draw()), ['prb'])).toBeUndefined();
    const [table, names] = drawSymbols([{ name: 'prb', address: 1n }], 1);
    expect(() => readSymbols(open(drawElf([{ ...table!, entryBytes: 3 }, names!])), ['prb'])).toThrow(
      'symbols of 3 bytes',
    );
    expect(() => readSymbols(open(drawElf([{ ...table!, link: 77 }, names!])), ['prb'])).toThrow('no names');
  });
});

function changed(at: number, ...bytes: number[]): Buffer {
  const whole = draw();
  whole.set(bytes, at);
  return whole;
}
