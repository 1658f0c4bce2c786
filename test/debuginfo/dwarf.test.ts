import { describe, expect, it } from 'vitest';
import { readDwarf } from '../../src/debuginfo/dwarf.ts';
import { ATTRIBUTE, FORM, TAG, UNIT } from '../../src/debuginfo/dwarf-constants.ts';
import { ElfImage } from '../../src/debuginfo/elf-image.ts';
import { Btf } from '../../src/profile/btf.ts';
import type { RequiredNames } from '../../src/profile/profile.ts';
import { drawBtf } from '../support/btf.ts';
import {
  type DrawnCType,
  type DrawnEntry,
  type DrawnUnit,
  type DwarfStyle,
  drawDwarf,
  entriesOf,
} from '../support/dwarf.ts';
import { drawElf, imageFile } from '../support/elf-object.ts';
import { scratchInMemory } from '../support/scratch.ts';

const types: Readonly<Record<string, DrawnCType>> = {
  int: { int: 'int', size: 4 },
  char: { int: 'char', size: 1 },
  long: { int: 'long unsigned int', size: 8 },
  name: { array: 'char', count: 16 },
  flexible: { array: 'char', count: 0 },
  'array of names': { array: 'name', count: 3 },
  'nameless union': {
    struct: '',
    union: true,
    size: 8,
    members: [
      ['first', 'int', 0],
      ['', 'innermost', 0],
    ],
  },
  innermost: {
    struct: '',
    size: 8,
    members: [
      ['low', 'int', 0],
      ['high', 'int', 4],
    ],
  },
  'const nameless': { const: 'nameless union' },
  task: {
    struct: 'task_struct',
    size: 400,
    members: [
      ['pid', 'int', 4],
      ['comm', 'name', 8],
      ['', 'const nameless', 24],
      ['next', 'to task', 32],
      ['uid', 'kuid', 40],
      ['names', 'array of names', 300],
      ['colour', 'colours', 348],
      ['rest', 'flexible', 400],
    ],
  },
  'to task': { ptr: 'task' },
  kuid: { typedef: 'kuid_t', of: 'const kuid' },
  'const kuid': { const: 'kuid struct' },
  'kuid struct': { struct: '', size: 4, members: [['val', 'int', 0]] },
  flags: {
    struct: 'flags_struct',
    size: 8,
    members: [
      ['plain', 'int', 0],
      ['constructor', 'int', 0],
      ['one', 'int', 4, [3, 1]],
      ['wide', 'int', 4, [9, 12]],
    ],
  },
  colours: { enum: 'colour', values: { RED: 0, GREEN: 200, MINUS: -1 } },
};

const required = {
  types: {
    task_struct: ['pid', 'comm', 'first', 'low', 'high', 'next', 'uid', 'names', 'colour', 'rest', 'no_such'],
    kuid_t: ['val'],
    flags_struct: ['plain', 'one', 'wide', 'constructor'],
    no_such_struct: ['member'],
  },
  enumerators: ['GREEN', 'MINUS', 'NONE'],
};

const imageOf = (units: readonly DrawnUnit[]) => new ElfImage(imageFile(drawElf(drawDwarf(units))));
const read = (units: readonly DrawnUnit[], wanted: Pick<RequiredNames, 'types' | 'enumerators'> = required) =>
  readDwarf(imageOf(units), wanted, scratchInMemory);
const struct = (
  name: string,
  size: number,
  members: readonly DrawnEntry[],
  more: DrawnEntry['attributes'] = [],
) => ({
  tag: TAG.structure,
  attributes: [
    [ATTRIBUTE.name, FORM.string, name] as const,
    [ATTRIBUTE.byteSize, FORM.data2, size] as const,
    ...more,
  ],
  children: members,
});
const member = (name: string, offset: number): DrawnEntry => ({
  tag: TAG.member,
  attributes: [
    [ATTRIBUTE.name, FORM.string, name],
    [ATTRIBUTE.memberLocation, FORM.data1, offset],
  ],
});

/** What differs between versions, compilers and their options. */
const STYLES: readonly (readonly [string, Omit<DrawnUnit, 'entries'>, DwarfStyle])[] = [
  ['DWARF 5 of GCC', { version: 5 }, { hasSiblings: true }],
  [
    'DWARF 5 of Clang',
    { version: 5, root: [[ATTRIBUTE.strOffsetsBase, FORM.secOffset, 8]] },
    { name: FORM.strx1 },
  ],
  ['DWARF 5 with names by number', { version: 5 }, { name: FORM.strx }],
  ['DWARF 5 with names of files', { version: 5 }, { name: FORM.lineStrp }],
  ['DWARF 5 with offsets of 64 bits', { version: 5, isWide: true }, { reference: FORM.refAddr }],
  ['DWARF 4 of GCC 10', { version: 4 }, { hasOldBitfields: true, hasSiblings: true }],
  ['DWARF 4 with names in place', { version: 4 }, { name: FORM.string, reference: FORM.ref2 }],
  ['DWARF 4 with references across units', { version: 4 }, { reference: FORM.refAddr }],
  ['DWARF 4 with offsets of 64 bits', { version: 4, isWide: true }, { reference: FORM.ref8 }],
  ['DWARF 3', { version: 3 }, { hasExpressions: true, hasOldBitfields: true }],
  ['DWARF 2', { version: 2 }, { hasExpressions: true, hasOldBitfields: true, reference: FORM.refAddr }],
];

describe('readDwarf', () => {
  it.each(STYLES)('says of %s what BTF says of the same types', async (_, unit, style) => {
    const btf = new Btf(drawBtf(types), 8);
    expect(await read([{ ...unit, entries: entriesOf(types, style) }])).toEqual({
      types: btf.layouts(required.types),
      enumerators: { GREEN: 200, MINUS: -1 },
    });
  });

  it('takes the size of a pointer from its unit', async () => {
    const found = await read([{ version: 4, addressBytes: 4, entries: entriesOf(types) }]);
    expect(found?.types['task_struct']?.members['next']).toEqual([32, 4]);
  });

  it('has nothing to say of an image without .debug_info', async () => {
    const image = new ElfImage(imageFile(drawElf([])));
    expect(await readDwarf(image, required, scratchInMemory)).toBeUndefined();
  });

  it('follows references into units that come later', async () => {
    const { task: _, ...others } = types;
    const style = { reference: FORM.refAddr };
    const found = await read([
      { entries: entriesOf(types, style).filter(({ label }) => label === 'task') },
      { version: 4, entries: entriesOf(others, style) },
    ]);
    expect(found?.types['task_struct']).toEqual(
      new Btf(drawBtf(types), 8).layouts(required.types)['task_struct'],
    );
  });

  it('finds types of units of their own by signature', async () => {
    const found = await read(
      [
        {
          entries: [
            {
              tag: TAG.typedef,
              attributes: [
                [ATTRIBUTE.name, FORM.string, 'kuid_t'],
                [ATTRIBUTE.type, FORM.refSig8, 0x1234_5678_9abc_def0n],
              ],
            },
          ],
        },
        {
          kind: UNIT.type,
          signature: 0x1234_5678_9abc_def0n,
          typeLabel: 'kuid struct',
          entries: [
            {
              label: 'kuid struct',
              tag: TAG.structure,
              attributes: [[ATTRIBUTE.byteSize, FORM.data1, 4]],
              children: [member('val', 0)],
            },
          ],
        },
      ],
      { types: { kuid_t: ['val'] }, enumerators: [] },
    );
    expect(found?.types).toEqual({ kuid_t: { size: 4, members: { val: [0, 0] } } });
  });

  it('passes over declarations and structs inside functions', async () => {
    const found = await read([
      {
        entries: [
          struct('flags_struct', 0, [], [[ATTRIBUTE.declaration, FORM.flagPresent, 1]]),
          {
            tag: 0x2e,
            attributes: [[ATTRIBUTE.sibling, FORM.ref4, 'sibling']],
            children: [struct('kuid_t', 4, [])],
          },
          { tag: 0x2e, children: [{ tag: 0x0b, children: [struct('kuid_t', 4, [])] }] },
          struct('task_struct', 8, [member('pid', 4)]),
        ],
      },
    ]);
    expect(found?.types).toEqual({ task_struct: { size: 8, members: { pid: [4, 0] } } });
  });

  it.each([
    ['first', ['big', 'small']],
    ['last', ['small', 'big']],
  ])('takes of two structs of one name the one with more of the members: %s', async (_, order) => {
    const drawn: Readonly<Record<string, DrawnEntry>> = {
      small: struct('flags_struct', 80, [member('plain', 40), member('other', 44)]),
      big: struct('flags_struct', 8, [member('plain', 0), member('one', 4)]),
    };
    const found = await read(order.map((name) => ({ entries: [drawn[name]!] })));
    expect(found?.types['flags_struct']?.size).toBe(8);
  });

  it('counts what an array has where the compiler says so', async () => {
    const found = await read([
      {
        entries: [
          ...entriesOf({ char: { int: 'char', size: 1 } }),
          {
            label: 'array',
            tag: TAG.array,
            attributes: [[ATTRIBUTE.type, FORM.ref4, { to: 'char' }]],
            children: [
              { tag: TAG.subrange, attributes: [[ATTRIBUTE.count, FORM.implicitConst, 5]] },
              { tag: TAG.subrange, attributes: [[ATTRIBUTE.upperBound, FORM.sdata, 2]] },
            ],
          },
          {
            label: 'endless',
            tag: TAG.array,
            attributes: [[ATTRIBUTE.type, FORM.ref4, { to: 'char' }]],
            children: [{ tag: TAG.subrange, attributes: [[ATTRIBUTE.upperBound, FORM.data8, -1]] }],
          },
          struct('task_struct', 64, [
            {
              tag: TAG.member,
              attributes: [
                [ATTRIBUTE.name, FORM.string, 'comm'],
                [ATTRIBUTE.type, FORM.ref4, { to: 'array' }],
                [ATTRIBUTE.memberLocation, FORM.implicitConst, 8],
              ],
            },
            {
              tag: TAG.member,
              attributes: [
                [ATTRIBUTE.name, FORM.string, 'rest'],
                [ATTRIBUTE.type, FORM.ref4, { to: 'endless' }],
                [ATTRIBUTE.memberLocation, FORM.exprloc, Uint8Array.of(0x10, 32, 0x22)],
              ],
            },
          ]),
        ],
      },
    ]);
    expect(found?.types['task_struct']?.members).toEqual({ comm: [8, 15], rest: [32, 0] });
  });
});
