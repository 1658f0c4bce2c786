// All types of a drawn BTF by name: their declarations as C writes them, and those of a module on top of the kernel's.
import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/base/bytes.ts';
import { BadProfile } from '../../src/base/errors.ts';
import { layoutOf } from '../../src/library/layout.ts';
import { BtfTypes } from '../../src/profile/btf-types.ts';
import { layoutText } from '../../src/report/struct-layout.ts';
import { type DrawnType, drawBtf } from '../support/btf.ts';
import { Random } from '../support/random.ts';
import { sampleBtf } from '../support/sample-btf.ts';

const DRAWN: Readonly<Record<string, DrawnType>> = {
  int: { int: 'int', size: 4, signed: true },
  char: { int: 'char', size: 1 },
  long: { int: 'long unsigned int', size: 8 },
  'const char': { const: 'char' },
  text: { ptr: 'const char' },
  'const text': { const: 'text' },
  'char[16]': { array: 'char', count: 16 },
  'char[3][16]': { array: 'char[16]', count: 3 },
  'to array': { ptr: 'char[16]' },
  function: { kind: 13, vlen: 2, words: [0, 5, 0, 0] },
  'to function': { ptr: 'function' },
  inner: {
    struct: '',
    size: 8,
    members: [
      ['low', 'int', 0],
      ['high', 'char', 4],
    ],
  },
  'inner[2]': { array: 'inner', count: 2 },
  flags: { enum: 'flags', values: { FLAG_ONE: 1, FLAG_LAST: -1 } },
  pid: { typedef: 'pid_t', of: 'int' },
  twice: { struct: 'twice', size: 4, members: [['a', 'int', 0]] },
  'twice again': {
    struct: 'twice',
    size: 8,
    members: [
      ['a', 'int', 0],
      ['b', 'int', 4],
    ],
  },
  fwd: { fwd: 'hidden' },
  whole: {
    struct: 'whole',
    size: 80,
    members: [
      ['comm', 'char[16]', 0],
      ['matrix', 'char[3][16]', 16],
      ['', 'inner', 64],
      ['pid', 'pid', 72],
    ],
  },
};

const kernel = BtfTypes.read(drawBtf(DRAWN), 8);

describe('types by name', () => {
  it('are declared as C does it', () => {
    const declared = (key: string, name: string): string =>
      BtfTypes.read(drawBtf({ ...DRAWN, asked: { struct: 'asked', size: 64, members: [['it', key, 0]] } }), 8)
        .find('asked')[0]!
        .members[0]!.type.declare(name);
    expect(declared('int', 'x')).toBe('int x');
    expect(declared('text', 'x')).toBe('const char *x');
    expect(declared('const text', 'x')).toBe('const char *const x');
    expect(declared('char[3][16]', 'x')).toBe('char x[3][16]');
    expect(declared('to array', 'x')).toBe('char (*x)[16]');
    expect(declared('to function', 'x')).toBe('void (*x)(const char *, ...)');
    expect(declared('to function', '')).toBe('void (*)(const char *, ...)');
    expect(declared('inner[2]', 'x')).toBe('struct { … } x[2]');
    expect(declared('pid', 'x')).toBe('pid_t x');
  });

  it('are found with and without the word for their kind', () => {
    expect(kernel.find('whole').map(({ size }) => size)).toEqual([80]);
    expect(kernel.find('struct whole').map(({ name }) => name)).toEqual(['struct whole']);
    expect(kernel.find('union whole')).toEqual([]);
    expect(kernel.find('twice').map(({ size }) => size)).toEqual([4, 8]);
    expect(kernel.find('pid_t')[0]).toMatchObject({ kind: 'int', name: 'pid_t', size: 4, signed: true });
    expect(kernel.find('flags')[0]!.enumerators).toEqual([
      { name: 'FLAG_ONE', value: 1n },
      { name: 'FLAG_LAST', value: 0xffff_ffffn },
    ]);
    expect([...kernel.names()]).not.toContain('hidden');
  });

  it('are laid out with what lies between their members', () => {
    expect(layoutText(layoutOf(kernel.find('whole')[0]!, null))).toBe(`struct whole {
  char comm[16];                                    /*     0    16 */
  char matrix[3][16];                               /*    16    48 */
  struct {
    int low;                                        /*    64     4 */
    char high;                                      /*    68     1 */
    /* 3 bytes hole */
  };                                                /*    64     8 */
  pid_t pid;                                        /*    72     4 */
  /* 4 bytes hole */

  /* size: 80, cachelines: 2, members: 4, sum holes: 4 bytes */
};
`);
  });

  it('that are a function of functions without end are spelled to an end', () => {
    // Type 1: a function of two pointers to itself, each spelled with two more.
    const types = BtfTypes.read(
      drawBtf({
        function: { kind: 13, vlen: 2, words: [0, 2, 0, 2] },
        'to function': { ptr: 'function' },
        holder: { struct: 'holder', size: 8, members: [['it', 'to function', 0]] },
      }),
      8,
    );
    expect(types.find('holder')[0]!.members[0]!.type.declare('it').length).toBeLessThan(10_000);
  });
});

describe('damaged types', () => {
  it('are laid out, declared and read without end or bug, whatever words of them are wrong', () => {
    const sound = sampleBtf();
    const typeBytes = viewOf(sound).getUint32(12, true);
    const random = new Random(7);
    let read = 0;
    for (let round = 0; round < 40; round++) {
      const bytes = Uint8Array.from(sound);
      const view = viewOf(bytes);
      for (let change = 0; change < 6; change++) {
        const at = 24 + 4 * random.below(typeBytes / 4);
        // Another type or name, or one wrong bit.
        if (change % 2 === 0) view.setUint32(at, random.below(160_000), true);
        else view.setUint32(at, view.getUint32(at, true) ^ (1 << random.below(31)), true);
      }
      let types: BtfTypes;
      try {
        types = BtfTypes.read(bytes, 8);
      } catch (error) {
        expect(error).toBeInstanceOf(BadProfile);
        continue;
      }
      read++;
      const names = [...types.names()];
      for (let nth = 0; nth < 200; nth++)
        for (const type of types.find(random.pick(names)))
          expect(layoutText(layoutOf(type, null)).length).toBeLessThan(4 << 20);
    }
    expect(read).toBeGreaterThan(5);
  });
});

describe('the types of a module', () => {
  /** A module's BTF: its numbers and strings go on where the kernel's end. */
  function drawModule(): Uint8Array {
    const own = Buffer.from('module_thing\0next\0word\0');
    const at = (word: string): number => kernel.stringBytes + own.indexOf(word);
    const id = kernel.count;
    const records = [
      ...[at('module_thing'), ((4 << 24) | 2) >>> 0, 16], // struct with two members
      ...[at('next'), id + 1, 0],
      ...[at('word'), 3, 64], // the kernel's long
      ...[0, 2 << 24, id], // a pointer to it
    ];
    const types = Buffer.alloc(4 * records.length);
    for (const [index, word] of records.entries()) types.writeUInt32LE(word, 4 * index);
    const header = Buffer.alloc(24);
    header.writeUInt16LE(0xeb9f, 0);
    header.writeUInt8(1, 2);
    for (const [index, word] of [24, 0, types.length, types.length, own.length].entries())
      header.writeUInt32LE(word, 4 + 4 * index);
    return Buffer.concat([header, types, own]);
  }

  it('rest on the kernel’s, and are its own alone', () => {
    const module = kernel.ofModule(drawModule());
    expect([...module.names()]).toEqual(['module_thing']);
    const [thing] = module.find('module_thing');
    expect(thing!.members.map(({ name, offset, type }) => [type.declare(name), offset])).toEqual([
      ['struct module_thing *next', 0],
      ['long unsigned int word', 8],
    ]);
    expect(kernel.find('module_thing')).toEqual([]);
  });

  it('mean nothing without the kernel’s', () => {
    expect(() => BtfTypes.read(drawModule(), 8)).toThrow(BadProfile);
  });
});
