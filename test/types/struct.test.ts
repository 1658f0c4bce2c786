import { describe, expect, it } from 'vitest';
import { highWord, lowWord } from '../../src/base/address.ts';
import { NotInKernel } from '../../src/base/errors.ts';
import { Notes } from '../../src/base/notes.ts';
import {
  bytes,
  inside,
  int,
  links,
  long,
  opt,
  place,
  pointer,
  ptr,
  ref,
  text,
  uint,
  ulong,
} from '../../src/types/fields.ts';
import type { Layouts, MemberLayout } from '../../src/types/layout.ts';
import { type Field, type StructTable, TypeTable, type View } from '../../src/types/struct.ts';
import { Image } from '../support/image.ts';

const AT = 0xffff_8880_0000_0000n;

/** One struct `thing` with one member, over bytes that count up from 0x80. */
function reading<F extends Field<unknown>>(field: F, member: MemberLayout): unknown {
  const image = new Image();
  const first = image.map(AT, { pages: 2 });
  for (let i = 0; i < 0x1100; i++) image.put8(first + i, 0x80 + i);
  const table: StructTable = { thing: { member: field }, other: {} };
  const types = new TypeTable(
    table,
    { thing: { size: 8, members: { member } }, other: { size: 8, members: {} } },
    8,
  );
  const Thing = types.classOf('thing');
  const view = new Thing(image.space(), highWord(AT), lowWord(AT));
  return 'member' in view ? view.member : undefined;
}

describe('a field adapts to the width that the build gives its member', () => {
  it.each([
    ['uint', uint, [0, 1], 0x80],
    ['uint', uint, [1, 2], 0x8281],
    ['uint', uint, [2, 4], 0x8584_8382],
    ['uint', uint, [2, 8], 0x8584_8382],
    ['int', int, [0, 1], -0x80],
    ['int', int, [1, 2], 0x8281 - 0x1_0000],
    ['int', int, [2, 4], 0x8584_8382 - 0x1_0000_0000],
    ['ulong', ulong, [0, 8], 0x8786_8584_8382_8180n],
    ['ulong', ulong, [0, 4], 0x8382_8180n],
    ['long', long, [0, 8], 0x8786_8584_8382_8180n - (1n << 64n)],
    ['long', long, [0, 2], 0x8180n - 0x1_0000n],
    ['pointer', pointer, [8, 8], 0x8f8e_8d8c_8b8a_8988n],
    ['place', place, [0x1000, 64], AT + 0x1000n],
    ['bytes', bytes, [3, 3], Uint8Array.of(0x83, 0x84, 0x85)],
    ['text', text, [3, 2], '\\x83\\x84'],
  ] as const)('%s at %j', (_, field, [offset, size], expected) => {
    expect(reading<Field<unknown>>(field, [offset, size])).toEqual(expected);
  });

  it('reads a word that straddles two pages', () => {
    expect(reading(uint, [0xffe, 4])).toBe(0x8180_7f7e);
  });

  it.each([
    [0, 1],
    [7, 1],
    [4, 4],
    [6, 12],
    [3, 32],
  ])('bits from %i on, %i wide', (firstBit, width) => {
    const word = 0x84_8382_8180n;
    expect(reading(uint, [0, 4, firstBit, width])).toBe(
      Number((word >> BigInt(firstBit)) & ((1n << BigInt(width)) - 1n)),
    );
  });
});

const table = {
  node: {
    value: uint,
    list: links('node', 'list'),
    next: ptr('node'),
    owner: ref('node'),
    old: opt(uint),
    part: inside('part'),
  },
  part: { inner: uint },
  head: { nodes: links('node', 'list') },
} as const satisfies StructTable;
const layouts: Layouts = {
  node: {
    size: 64,
    members: { value: [0, 4], list: [16, 16], next: [32, 8], owner: [40, 8], part: [48, 4] },
  },
  part: { size: 4, members: { inner: [0, 4] } },
  head: { size: 16, members: { nodes: [0, 16] } },
};

/** A list of `count` nodes 64 bytes apart, its head before them. */
function drawnList(count: number): {
  image: Image;
  first: number;
  notes: Notes;
  head: () => View<typeof table, 'head'>;
} {
  const image = new Image();
  const first = image.map(AT, { pages: 2 });
  const link = (i: number): number => (i === 0 ? 0 : 64 * i + 16);
  for (let i = 0; i <= count; i++) {
    image.put64(first + link(i), AT + BigInt(link(i === count ? 0 : i + 1)));
    image.put64(first + link(i) + 8, AT + BigInt(link(i === 0 ? count : i - 1)));
    image.put32(first + 64 * i + (i === 0 ? 32 : 0), i);
  }
  const notes = new Notes();
  return {
    image,
    first,
    notes,
    head: () => {
      const space = image.space();
      space.note = notes.add;
      return new (new TypeTable(table, layouts, 8).classOf('head'))(space, highWord(AT), lowWord(AT)) as View<
        typeof table,
        'head'
      >;
    },
  };
}

const valuesIn = (head: View<typeof table, 'head'>): number[] => [...head.nodes].map((node) => node.value);

/** The values, and whether the walk says that it is whole. */
function walked(head: View<typeof table, 'head'>): [number[], boolean | undefined] {
  const values: number[] = [];
  const walk = head.nodes[Symbol.iterator]();
  for (;;) {
    const step = walk.next();
    if (step.done === true) return [values, step.value];
    values.push(step.value.value);
  }
}

describe('a list', () => {
  it('yields every entry once, in order', () => {
    const { head, notes } = drawnList(3);
    expect(valuesIn(head())).toEqual([1, 2, 3]);
    expect(notes.drain()).toEqual([]);
  });

  it('is empty where its head points at itself', () => {
    const { head, notes } = drawnList(0);
    expect(valuesIn(head())).toEqual([]);
    expect(notes.drain()).toEqual([]);
  });

  it('that loops ends with a note', () => {
    const { image, first, head, notes } = drawnList(4);
    image.put64(first + 64 * 4 + 16, AT + 64n * 2n + 16n);
    expect(valuesIn(head())).toEqual([1, 2, 3, 4]);
    expect(notes.drain()).toEqual(['node.list list loops after 4 entries']);
  });

  const next = (i: number): number => (i === 0 ? 0 : 64 * i + 16);

  it.each([
    [
      'points into nowhere',
      0xffff_c900_1234_5678n,
      '0xffffc90012345678 is not mapped: level 4 entry is not present',
    ],
    ['points at garbage', 0x1234_5678_9abc_def0n, '0x123456789abcdef0 is not a canonical address'],
    ['has a link of zeros', 0n, 'a link is zero, which no list has'],
  ])('that %s is gone through from its end, and nothing is lost', (_, link, why) => {
    const { image, first, head, notes } = drawnList(4);
    image.put64(first + next(2), link);
    expect(walked(head())).toEqual([[1, 2, 3, 4], true]);
    expect(notes.drain()).toEqual([
      `node.list list breaks after 2 entries: ${why}; 2 more are found from its end`,
    ]);
  });

  it('whose head is damaged is gone through from its end', () => {
    const { image, first, head, notes } = drawnList(3);
    image.put64(first, 0n);
    expect(walked(head())).toEqual([[1, 2, 3], true]);
    expect(notes.drain()).toHaveLength(1);
  });

  it('of zeros from its head on is not taken for an empty one', () => {
    const { image, first, head, notes } = drawnList(3);
    image.put64(first, 0n);
    image.put64(first + 8, 0n);
    expect(walked(head())).toEqual([[], false]);
    expect(notes.drain()).toEqual([
      'node.list list breaks after 0 entries: a link is zero, which no list has; entries between may be lost',
    ]);
  });

  it('that lacks one entry lacks no other', () => {
    const { image, first, head, notes } = drawnList(6);
    image.put64(first + next(3), 0n); // as where the page of entry 3 holds zeros
    image.put64(first + next(3) + 8, 0n);
    expect(walked(head())).toEqual([[1, 2, 3, 4, 5, 6], true]);
    expect(notes.drain()).toHaveLength(1);
  });

  it('that breaks twice says that something may be lost between', () => {
    const { image, first, head, notes } = drawnList(6);
    image.put64(first + next(2), 0n);
    image.put64(first + next(5) + 8, 0x1234_5678_9abc_def0n);
    expect(walked(head())).toEqual([[1, 2, 5, 6], false]);
    expect(notes.drain()[0]).toMatch(/; 2 more are found from its end; entries between may be lost$/);
  });

  it('whose links back lead in a circle ends all the same', () => {
    const { image, first, head, notes } = drawnList(6);
    image.put64(first + next(2), 0n);
    image.put64(first + next(4) + 8, AT + BigInt(next(6)));
    expect(walked(head())).toEqual([[1, 2, 4, 5, 6], false]);
    expect(notes.drain()).toHaveLength(1);
  });
});

describe('pointers and parts', () => {
  it('follow, stop at NULL where that is allowed, and complain where it is not', () => {
    const { image, first, head } = drawnList(2);
    image.put64(first + 64 + 32, AT + 128n);
    const [one, two] = [...head().nodes];
    expect(one?.next?.value).toBe(2);
    expect(two?.next).toBeNull();
    expect(() => one?.owner).toThrow('null node pointer where the kernel never keeps one');
    image.put32(first + 64 + 48, 77);
    expect([...head().nodes][0]?.part.inner).toBe(77);
  });
});

describe('a kernel that lacks a member', () => {
  it('gives undefined where that is foreseen', () => {
    const [node] = [...drawnList(1).head().nodes];
    expect(node?.old).toBeUndefined();
  });

  it('names all that its structs lack, and faults only when one is read', () => {
    const types = new TypeTable({ part: { inner: uint, more: ulong, rest: uint } }, layouts, 8);
    expect(types.missing).toEqual(['part.more', 'part.rest']);
    const image = new Image();
    image.map(AT);
    const view = new (types.classOf('part'))(image.space(), highWord(AT), lowWord(AT));
    expect(() => ('more' in view ? view.more : undefined)).toThrow(NotInKernel);
  });

  it('is at no loss for a struct that it does not have at all, until one is read', () => {
    const { part: _, ...less } = layouts;
    const types = new TypeTable({ part: { inner: uint } }, less, 8);
    expect(types.missing).toEqual([]);
    expect(types.has('part')).toBe(false);
    expect(() => types.sizeOf('part')).toThrow('this kernel has no part');
  });
});

/** What was made of a table: structs whose members were looked at, and members that were bound. */
interface Made {
  readonly structs: string[];
  readonly members: string[];
}

/** A table of `count` structs `s0` … that point at each other in a ring, and what is made of it. */
function countedTable(count: number): { readonly types: TypeTable; readonly made: Made } {
  const made: Made = { structs: [], members: [] };
  const counting = (type: string, name: string, field: Field<unknown>): Field<unknown> => ({
    ...field,
    bind: (member, types) => {
      made.members.push(`${type}.${name}`);
      return field.bind(member, types);
    },
  });
  const table = {};
  const drawn: Record<string, Layouts[string]> = {};
  for (let i = 0; i < count; i++) {
    const [type, other] = [`s${i}`, `s${(i + 1) % count}`];
    const members = { value: counting(type, 'value', uint), next: counting(type, 'next', ptr(other)) };
    const get = (): typeof members => {
      made.structs.push(type);
      return members;
    };
    Object.defineProperty(table, type, { get, enumerable: true });
    drawn[type] = { size: 16, members: { value: [0, 4], next: [8, 8] } };
  }
  return { types: new TypeTable(table, drawn, 8), made };
}

describe('a table of many structs', () => {
  it('costs those that are asked for, and of them the members that are read', () => {
    const { types, made } = countedTable(1000);
    const image = new Image();
    const first = image.map(AT);
    image.put32(first, 7);
    image.put64(first + 8, AT);
    expect(made).toEqual({ structs: [], members: [] });
    const view = new (types.classOf('s5'))(image.space(), highWord(AT), lowWord(AT));
    expect(made).toEqual({ structs: ['s5'], members: [] });
    const read = (name: string): unknown => Reflect.get(view, name);
    expect([read('value'), read('value')]).toEqual([7, 7]);
    expect(made).toEqual({ structs: ['s5'], members: ['s5.value'] });
    expect(read('next')).toBeInstanceOf(types.classOf('s6'));
    expect(made).toEqual({ structs: ['s5', 's6'], members: ['s5.value', 's5.next'] });
  });

  it('tells what its build lacks without making anything of it, and once', () => {
    const { types, made } = countedTable(1000);
    expect(types.missing).toEqual([]);
    expect(types.missing).toEqual([]);
    expect(made.structs).toHaveLength(1000);
    expect(made.members).toEqual([]);
  });
});
