import { describe, expect, it } from 'vitest';
import { BadProfile } from '../../src/base/errors.ts';
import { isfBanner, readIsf, tableKind } from '../../src/profile/isf.ts';
import type { RequiredNames } from '../../src/profile/profile.ts';
import { BANNER, constant, drawnIsf, INIT_TASK, isfText } from '../support/isf.ts';
import { Random } from '../support/random.ts';

const required: RequiredNames = {
  types: {
    task_struct: ['pid', 'comm', 'next', 'uid', 'first', 'second', 'grid', 'tail', 'late', 'one', 'none'],
    kuid_t: ['val'],
    no_such: ['x'],
  },
  symbols: ['init_task', 'nowhere', 'absent'],
  enumerators: ['PIDTYPE_TGID', 'MINUS', 'NONE'],
};

const read = (text: string, wanted = required) => readIsf(Buffer.from(text), wanted, 't.json');
const { user_types, base_types, metadata, symbols } = drawnIsf;
const { task_struct } = user_types;
const withField = (type: unknown, more: object = {}) => ({
  user_types: {
    ...user_types,
    task_struct: { ...task_struct, fields: { pid: { offset: 4, type, ...more } } },
  },
});

describe('readIsf', () => {
  it('gives members of every kind where they are, those of nameless inner structs too', () => {
    const { types, enumerators } = read(isfText());
    expect(types).toEqual({
      task_struct: {
        size: 96,
        members: {
          pid: [4, 4],
          comm: [8, 16],
          next: [24, 8],
          uid: [32, 4],
          first: [40, 8],
          second: [52, 4],
          grid: [64, 24],
          tail: [92, 0],
          late: [89, 4, 1, 3],
          one: [88, 4, 3, 1],
        },
      },
      kuid_t: { size: 4, members: { val: [0, 4] } },
    });
    expect(enumerators).toEqual({ PIDTYPE_TGID: 1, MINUS: -1 });
  });

  it('says of which build it is, and keeps addresses to the last bit', () => {
    expect(read(isfText())).toMatchObject({
      banner: BANNER,
      release: '6.1.0-drawn',
      buildId: null,
      architecture: 'x86-64',
      pointerBytes: 8,
      source: 'isf, by drawn 1.0.0',
      symbols: { init_task: `0x${INIT_TASK.toString(16)}` },
      absent: {
        types: ['task_struct.none', 'no_such'],
        symbols: ['nowhere', 'absent'],
        enumerators: ['NONE'],
      },
    });
    expect(isfBanner(Buffer.from(isfText()), 't.json')).toBe(BANNER);
  });

  it.each(['4.0.0', '4.1.0', '5.0.0', '6.0.0', '6.1.0', '6.2.0', '6.3.0'])('reads schema %s', (format) => {
    expect(read(isfText({ metadata: { format } })).source).toBe('isf');
  });

  it('goes into nameless members that do not say so, as older tables have them', () => {
    const { unnamed_field_0, ...rest } = task_struct.fields;
    const { anonymous: _, ...silent } = unnamed_field_0;
    const fields = { ...rest, unnamed_field_0: silent };
    const text = isfText({ user_types: { ...user_types, task_struct: { ...task_struct, fields } } });
    expect(read(text).types['task_struct']!.members).toMatchObject({ first: [40, 8], second: [52, 4] });
  });

  it.each([
    ['i386', 4, { pt_regs: user_types.pt_regs }, {}],
    ['aarch64', 8, { pt_regs: { ...user_types.pt_regs, fields: { pstate: { offset: 0 } } } }, {}],
    ['aarch64', 8, { pt_regs: undefined }, { kimage_voffset: { address: 9 } }],
    ['x86-64', 8, { pt_regs: undefined }, { init_top_pgt: { address: 9 } }],
  ])('tells %s by what only it has', (architecture, size, types, more) => {
    const text = isfText({
      base_types: { ...base_types, pointer: { ...base_types.pointer, size } },
      user_types: { ...user_types, ...types },
      symbols: { ...symbols, ...more },
    });
    expect(read(text)).toMatchObject({ architecture, pointerBytes: size });
  });

  it('reads names with escapes, white space and a mark of byte order', () => {
    const text = `\ufeff${isfText().replace('"task_struct":{', '\n\t"task\\u005fstruct" :  {')}\r\n `;
    expect(read(text).types['task_struct']!.size).toBe(96);
  });

  it('takes a wanted name that JavaScript has a use for as a name', () => {
    const text = isfText().replace('"kuid_t":{', '"__proto__":{"size":7,"fields":{}},"kuid_t":{');
    const { types } = read(text, { ...required, types: { ['__proto__']: ['x'], constructor: ['x'] } });
    expect(Object.keys(types)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(types)).toBe(Object.prototype);
  });

  it('lets the last of several values of one name count', () => {
    const text = isfText().replace('"symbols":{', '"symbols":{"init_task":{"address":5},');
    expect(read(text).symbols).toEqual({ init_task: `0x${INIT_TASK.toString(16)}` });
  });
});

describe('readIsf refuses', () => {
  it.each([
    ['t.json is no symbol table: no object', '[]'],
    ['t.json is no symbol table: no object', ''],
    ['t.json is no symbol table: it has no metadata', '{}'],
    ['t.json is no symbol table: it has no enums', isfText({ enums: [] })],
    ['t.json is no symbol table: its metadata tell no format', isfText({ metadata: { format: 6 } })],
    [
      't.json has ISF format 7.0.0, and this version reads 4 to 6',
      isfText({ metadata: { format: '7.0.0' } }),
    ],
    [
      't.json has ISF format 2.0.0, and this version reads 4 to 6',
      isfText({ metadata: { format: '2.0.0' } }),
    ],
    ['t.json is of Windows, not of Linux', isfText({ metadata: { ...metadata, windows: {} } })],
    ['t.json is of macOS, not of Linux', isfText({ metadata: { ...metadata, mac: {} } })],
    ['t.json does not say of which kernel it is', isfText({ symbols: {} })],
    [
      't.json does not say of which kernel it is',
      isfText({ symbols: { linux_banner: { address: 1, type: {} } } }),
    ],
    [
      't.json has a linux_banner that is none: "%s version %s"',
      isfText({ symbols: { linux_banner: { constant_data: constant('%s version %s') } } }),
    ],
    ['t.json has no types: it was made from a System.map alone', isfText({ user_types: {} })],
    [
      't.json is of a big-endian machine',
      isfText({ base_types: { ...base_types, int: { size: 4, endian: 'big' } } }),
    ],
    [
      't.json is of a CPU that is not known',
      isfText({ user_types: { task_struct: { size: 8, fields: {} } } }),
    ],
    ['t.json is of a CPU that is not known', isfText({ base_types: {} })],
    [
      't.json has no size for type task_struct',
      isfText({ user_types: { ...user_types, task_struct: { size: -1 } } }),
    ],
    ['t.json has no type for task_struct.pid: undefined ?', isfText(withField(7))],
    ['t.json has no type for task_struct.pid: base u128', isfText(withField({ kind: 'base', name: 'u128' }))],
    [
      't.json has no type for task_struct.pid: struct gone',
      isfText(withField({ kind: 'struct', name: 'gone' })),
    ],
    ['t.json has no type for task_struct.pid: enum gone', isfText(withField({ kind: 'enum', name: 'gone' }))],
    ['t.json has no type for task_struct.pid: class ?', isfText(withField({ kind: 'class', name: ['x'] }))],
    [
      't.json has no place for task_struct.pid',
      isfText(withField({ kind: 'base', name: 'int' }, { offset: '4' })),
    ],
    [
      't.json has no place for task_struct.pid',
      isfText(withField({ kind: 'base', name: 'int' }, { offset: 1e300 })),
    ],
    [
      't.json has no place for task_struct.pid',
      isfText(withField({ kind: 'bitfield', bit_position: -1, type: { kind: 'base', name: 'int' } })),
    ],
    [
      't.json is no sound profile: task_struct.pid has no place',
      isfText(
        withField({
          kind: 'array',
          count: 2 ** 30,
          subtype: { kind: 'array', count: 2 ** 30, subtype: { kind: 'base', name: 'int' } },
        }),
      ),
    ],
    ['t.json has no address for symbol init_task: "x"', isfText().replace(String(INIT_TASK), '"x"')],
    ['t.json has no address for symbol init_task: 1.8e19', isfText().replace(String(INIT_TASK), '1.8e19')],
    [
      't.json has no address for symbol init_task: 18446744073709551616',
      isfText().replace(String(INIT_TASK), String(1n << 64n)),
    ],
    [
      't.json has no address for symbol init_task: nothing',
      isfText().replace(`{"address":${INIT_TASK}}`, 'null'),
    ],
    [
      't.json has no whole number for enumerator MINUS',
      isfText({ enums: { ...drawnIsf.enums, early: { constants: { PIDTYPE_PID: 1 } } } }).replace(
        '-1',
        '0.5',
      ),
    ],
    ['t.json is no sound JSON: it ends early', isfText().slice(0, -1)],
    ['t.json is no sound JSON: it ends early', isfText().slice(0, 300)],
    ['is not the end', `${isfText()}]`],
    ['is not a comma', isfText().replace('"enums"', '"x":1 "enums"')],
    ['is not a colon', isfText().replace('"enums":', '"enums"=')],
    ['is not the other bracket', isfText().replace('"enums":{', '"x":[}],"enums":{')],
    [
      'is nested too deeply',
      isfText().replace('"enums":{', `"x":${'['.repeat(3e5)}${']'.repeat(3e5)},"enums":{`),
    ],
  ])('%s', (message, text) => {
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(BadProfile);
  });

  it('nothing because of what is not wanted', () => {
    const text = isfText({
      user_types: { ...user_types, other: 7, also: { size: 'x' } },
      symbols: { ...symbols, other: null },
    });
    expect(Object.keys(read(text).types)).toHaveLength(2);
  });
});

describe('readIsf ends', () => {
  const integer = { offset: 0, type: { kind: 'base', name: 'int' } };
  const inner = (name: string) => ({ offset: 0, anonymous: true, type: { kind: 'struct', name } });

  it('on nameless structs that contain themselves, and that double at each level', () => {
    const levels = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `level${n}`,
        {
          size: 8,
          fields: {
            [`first${n}`]: integer,
            unnamed_field_0: inner(`level${n + 1}`),
            unnamed_field_1: inner(`level${n + 1}`),
            [`last${n}`]: integer,
          },
        },
      ]),
    );
    const text = isfText({
      user_types: {
        ...user_types,
        ...levels,
        loop: { size: 8, fields: { a: inner('loop'), b: inner('loop') } },
      },
    });
    const { types } = read(text, { ...required, types: { loop: ['x'], level0: ['first0', 'last0'] } });
    // Behind so many members of inner structs nobody comes to the last one.
    expect(types).toEqual({
      loop: { size: 8, members: {} },
      level0: { size: 8, members: { first0: [0, 4] } },
    });
  });

  it('on arrays of arrays without an end', () => {
    let type: unknown = { kind: 'base', name: 'int' };
    for (let level = 0; level < 60; level++) type = { kind: 'array', count: 1, subtype: type };
    expect(() => read(isfText(withField(type)))).toThrow(
      't.json has arrays within arrays for task_struct.pid',
    );
  });

  it('on whatever bytes are damaged, with an explanation', () => {
    const random = new Random(5);
    const whole = Buffer.from(isfText());
    for (let round = 0; round < 3_000; round++) {
      const bytes = Buffer.from(whole);
      for (let change = 0; change <= random.below(3); change++)
        bytes[random.below(bytes.length)] = random.pick([...'{}[]":,0-e9'].map((c) => c.charCodeAt(0)));
      try {
        readIsf(bytes, required, 't.json');
      } catch (error) {
        if (!(error instanceof BadProfile)) throw new Error(`round ${round}`, { cause: error });
      }
    }
  });
});

describe('tableKind', () => {
  it.each([
    ['isf', isfText()],
    ['profile', '{"format": 1, "banner": "x"}'],
    [undefined, '{"name": "x", "version": 1}'],
    [undefined, '# Profiles\n'],
    [undefined, '["metadata"]'],
    [undefined, '{"x": '],
  ])('tells %s by its first keys', (kind, text) => {
    expect(tableKind(Buffer.from(text))).toBe(kind);
  });
});
