// Values of drawn types in drawn memory: each kind of C's, and what is lost, blank or too large.
import { describe, expect, it } from 'vitest';
import { CorruptStructure, NotInKernel, NotInSnapshot } from '../../src/base/errors.ts';
import { layoutOf } from '../../src/library/layout.ts';
import { settle } from '../../src/library/settle.ts';
import { ArrayOfValues, Pointer, Struct, Values } from '../../src/library/values.ts';
import { BtfTypes } from '../../src/profile/btf-types.ts';
import { isWhole, settledJson } from '../../src/report/settled-json.ts';
import { valueText } from '../../src/report/struct-values.ts';
import { drawBtf } from '../support/btf.ts';
import { Image } from '../support/image.ts';

const AT = 0xffff_8880_0000_1000n;
const OTHER = 0xffff_8880_0000_2000n;

const types = BtfTypes.read(
  drawBtf({
    int: { int: 'int', size: 4, signed: true },
    'unsigned int': { int: 'unsigned int', size: 4 },
    char: { int: 'char', size: 1, signed: true },
    bool: { int: '_Bool', size: 1 },
    u8: { int: 'unsigned char', size: 1 },
    long: { int: 'long unsigned int', size: 8 },
    s64: { int: 'long long int', size: 8, signed: true },
    'char[8]': { array: 'char', count: 8 },
    'u8[4]': { array: 'u8', count: 4 },
    'int[3]': { array: 'int', count: 3 },
    'long[1000000]': { array: 'long', count: 1_000_000 },
    'int[0]': { array: 'int', count: 0 },
    kind: { enum: 'kind', values: { KIND_NONE: 0, KIND_FILE: 7 } },
    'to char': { ptr: 'char' },
    'to thing': { ptr: 'thing' },
    'to hidden': { ptr: 'hidden' },
    hidden: { fwd: 'hidden' },
    either: {
      struct: '',
      union: true,
      size: 8,
      members: [
        ['word', 'long', 0],
        ['half', 'int', 0],
      ],
    },
    thing: {
      struct: 'thing',
      size: 128,
      members: [
        ['name', 'char[8]', 0],
        ['count', 'int', 8],
        ['isSet', 'bool', 12],
        ['flags', 'u8[4]', 16],
        ['numbers', 'int[3]', 20],
        ['next', 'to thing', 32],
        ['text', 'to char', 40],
        ['opaque', 'to hidden', 48],
        ['', 'either', 56],
        ['kind', 'kind', 64],
        ['odd', 'kind', 68],
        ['wide', 's64', 72],
        ['__proto__', 'int', 80],
        ['tail', 'int[0]', 128],
      ],
    },
    bits: {
      struct: 'bits',
      size: 16,
      members: [
        ['low', 'unsigned int', 0, [0, 3]],
        ['signed', 'int', 0, [3, 4]],
        ['across', 'unsigned int', 0, [7, 12]],
        ['long', 'long', 8, [4, 60]],
      ],
    },
    huge: { struct: 'huge', size: 8_000_000, members: [['all', 'long[1000000]', 0]] },
    endless: { typedef: 'endless', of: 'its body' },
    'its body': {
      struct: '',
      size: 8,
      members: Array.from({ length: 200 }, () => ['', 'its body', 0] as const),
    },
    'long[4e9]': { array: 'long', count: 4_000_000_000 },
    boundless: { struct: 'boundless', size: 8, members: [['all', 'long[4e9]', 0]] },
  }),
  8,
);

function drawn(): { image: Image; page: number; values: () => Values } {
  const image = new Image();
  const page = image.map(AT, { pages: 2 });
  image.put64(page + 4088, 1n); // something else of the kernel's on the page
  return { image, page, values: () => new Values(image.space(), 8) };
}

const typeOf = (name: string) => types.find(name)[0]!;

describe('a struct', () => {
  it('has each member in the form that its type asks for', () => {
    const { image, page, values } = drawn();
    image.write(page, 'init\0junk');
    image.put(page + 8, 4, -5);
    image.put8(page + 12, 1);
    image.write(page + 16, Uint8Array.of(1, 2, 3, 4));
    for (const [index, value] of [10, 20, 30].entries()) image.put32(page + 20 + 4 * index, value);
    image.put64(page + 32, OTHER);
    image.put64(page + 40, AT);
    image.put64(page + 48, OTHER);
    image.put64(page + 56, 0x1_0000_0002n);
    image.put32(page + 64, 7);
    image.put32(page + 68, 99);
    image.put64(page + 72, -1n);
    image.put32(page + 80, 3);
    image.put32(page + 128, 77);
    const thing = values().struct(typeOf('thing'), AT);
    expect(thing).toMatchObject({
      name: 'init',
      count: -5,
      isSet: true,
      kind: 'KIND_FILE',
      odd: 99,
      wide: -1n,
    });
    expect(thing['flags']).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect([...thing['numbers']]).toEqual([10, 20, 30]);
    expect(thing['numbers'][2]).toBe(30);
    expect(() => thing['numbers'].at(3)).toThrow(RangeError);
    expect(thing['next']).toBeInstanceOf(Struct);
    expect(thing['next'].$address).toBe(OTHER);
    expect(thing['text']).toBeInstanceOf(Pointer);
    expect(thing['text'].$string()).toBe('init');
    expect(thing['opaque']).toBeInstanceOf(Pointer);
    expect(() => thing['opaque'].$read()).toThrow(NotInKernel);
    expect([thing['word'], thing['half']]).toEqual([0x1_0000_0002n, 2]);
    expect(Reflect.get(thing, '__proto__')).toBe(3);
    expect(thing['tail']).toBeInstanceOf(ArrayOfValues);
    expect([thing['tail'].length, thing['tail'].at(0)]).toEqual([0, 77]);
  });

  it('has bitfields of any place and sign', () => {
    const { image, page, values } = drawn();
    // low = 5, signed = -3 (13 of 16), across = 0xabc
    image.put32(page, 5 | (13 << 3) | (0xabc << 7));
    image.put64(page + 8, (0x123_4567_89ab_cdefn << 4n) | 0xfn);
    expect({ ...members(values().struct(typeOf('bits'), AT)) }).toEqual({
      low: 5,
      signed: -3,
      across: 0xabc,
      long: 0x123_4567_89ab_cdefn,
    });
  });

  it('says of what is lost why, and reads the rest', () => {
    const { image, page, values } = drawn();
    image.put64(page + 4080, AT);
    image.lose(page + 4096);
    const thing = values().struct(typeOf('thing'), OTHER - 16n);
    expect(thing['count']).not.toBeNull();
    expect(() => thing['flags']).toThrow(NotInSnapshot);
    const settled = settle(() => thing, typeOf('thing'));
    expect(isWhole(settled)).toBe(false);
    expect(valueText({ name: 'struct thing', address: thing.$address, value: settled })).toContain(
      'flags = <not-in-snapshot: physical page 0x',
    );
  });

  it('does not believe a page of zeros', () => {
    const { values } = drawn();
    const thing = values().struct(typeOf('thing'), OTHER);
    for (const member of ['name', 'count', 'isSet', 'next', 'kind', 'wide'])
      expect(() => thing[member], member).toThrow(CorruptStructure);
  });

  it('is read no further than its limits, however large its arrays are', () => {
    const { image, page, values } = drawn();
    image.put64(page, 1n);
    const settled = settle(() => values().struct(typeOf('huge'), AT), typeOf('huge'));
    expect(settledJson(settled)).toMatchObject({
      members: [{ name: 'all', value: { leftOut: 1_000_000 - 32 } }],
    });
    const text = valueText({ name: 'struct huge', address: AT, value: settled });
    expect(text).toContain('/* 999968 more */');
    expect(text.split('\n').length).toBeLessThan(50);
  });

  it('that contains itself without end, many times over, has no members', () => {
    const { values } = drawn();
    expect([...values().membersOf(typeOf('endless'))]).toEqual([]);
    const { unlisted } = layoutOf(typeOf('endless'), null);
    expect(unlisted).toBeGreaterThan(0);
  });

  it('has no elements in an array that is larger than anything in a kernel', () => {
    const { values } = drawn();
    expect([...values().struct(typeOf('boundless'), AT)['all']]).toEqual([]);
  });

  it('shows nothing that acts on a terminal', () => {
    const { image, page, values } = drawn();
    image.write(page, '\x1b[2J"\n');
    const settled = settle(() => values().read(typeOf('thing'), AT), typeOf('thing'));
    const text = valueText({ name: 'struct thing', address: AT, value: settled });
    expect(text).toContain('name = "\\x1b[2J\\"\\x0a"');
  });
});

/** What the getters of a struct give. */
const members = (struct: Struct): Record<string, unknown> =>
  Object.fromEntries([...struct.$values.membersOf(struct.$type).keys()].map((name) => [name, struct[name]]));
