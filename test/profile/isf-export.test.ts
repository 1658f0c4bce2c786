import { describe, expect, it } from 'vitest';
import { descriptionOf } from '../../src/cli/commands/profile-isf.ts';
import { Btf } from '../../src/profile/btf.ts';
import { readIsf } from '../../src/profile/isf.ts';
import { isfText } from '../../src/profile/isf-export.ts';
import type { RequiredNames } from '../../src/profile/profile.ts';
import { required } from '../../src/session/linux/required-members.ts';
import { openSession } from '../../src/session/session.ts';
import { type DrawnType, drawBtf } from '../support/btf.ts';
import { BANNER } from '../support/isf.ts';

const PROGRAM = { name: 'vestige', version: '0.1.0' };

const TYPES: Readonly<Record<string, DrawnType>> = {
  int: { int: 'int', size: 4, signed: true },
  char: { int: 'char', size: 1 },
  ulong: { int: 'long unsigned int', size: 8 },
  name: { array: 'char', count: 16 },
  inner: {
    struct: '',
    union: true,
    size: 8,
    members: [
      ['first', 'int', 0],
      ['second', 'ulong', 0],
    ],
  },
  kuid: { struct: '', size: 4, members: [['val', 'int', 0]] },
  kuid_t: { typedef: 'kuid_t', of: 'kuid' },
  vfsuid_t: { typedef: 'vfsuid_t', of: 'kuid_t' },
  lock: { struct: 'spinlock', size: 4, members: [['rlock', 'int', 0]] },
  spinlock_t: { typedef: 'spinlock_t', of: 'lock' },
  opaque: { fwd: 'secret' },
  'to opaque': { ptr: 'opaque' },
  'to task': { ptr: 'const task' },
  'const task': { const: 'task' },
  modes: { enum: 'mode', values: { OFF: 0, ON: 1, BROKEN: -1 } },
  task: {
    struct: 'task_struct',
    size: 96,
    members: [
      ['pid', 'int', 4],
      ['comm', 'name', 8],
      ['', 'inner', 24],
      ['next', 'to task', 32],
      ['uid', 'kuid_t', 40],
      ['lock', 'spinlock_t', 44],
      ['secret', 'to opaque', 48],
      ['mode', 'modes', 56],
      ['__proto__', 'int', 60],
      ['late', 'int', 64, [9, 3]],
    ],
  },
  small: { struct: 'twin', size: 4, members: [['a', 'int', 0]] },
  large: {
    struct: 'twin',
    size: 8,
    members: [
      ['a', 'int', 0],
      ['b', 'int', 4],
    ],
  },
  again: { struct: 'twin', size: 12, members: [['c', 'int', 8]] },
  uses: {
    struct: 'uses',
    size: 24,
    members: [
      ['one', 'small', 0],
      ['two', 'large', 4],
      ['three', 'again', 12],
    ],
  },
  registers: { struct: 'pt_regs', size: 168, members: [['orig_ax', 'ulong', 120]] },
};

const symbols = [
  { name: 'init_task', address: 0xffff_ffff_82a1_ac41n },
  { name: 'linux_banner', address: 0xffff_ffff_8200_0001n },
  { name: 'init_task', address: 7n },
  { name: 'current_task', address: 0x1f000n },
  { name: '__proto__', address: 0xffff_ffff_8100_0000n },
  { name: 'prb', address: 9n },
];

const drawn = drawBtf(TYPES);
const text = (btf = drawn): string =>
  [...isfText({ btf, pointerBytes: 8, banner: BANNER, symbols }, PROGRAM)].join('');

interface Written {
  readonly metadata: unknown;
  readonly base_types: Readonly<Record<string, unknown>>;
  readonly user_types: Readonly<Record<string, { size: number; fields: Record<string, { type: object }> }>>;
  readonly enums: Readonly<Record<string, unknown>>;
  readonly symbols: Readonly<Record<string, unknown>>;
}
const written = JSON.parse(text()) as Written;

describe('isfText', () => {
  it('is read back to the same layouts, enumerators and addresses', () => {
    const wanted: RequiredNames = {
      types: {
        task_struct: ['pid', 'comm', 'first', 'second', 'next', 'uid', 'lock', 'mode', '__proto__', 'late'],
        kuid_t: ['val'],
        vfsuid_t: ['val'],
        uses: ['one', 'two', 'three'],
        no_such: ['x'],
      },
      symbols: ['init_task', 'current_task', 'prb'],
      enumerators: ['ON', 'BROKEN'],
    };
    const profile = readIsf(Buffer.from(text()), wanted, 't.json');
    const btf = new Btf(drawn, 8);
    expect(profile.types).toEqual(btf.layouts(wanted.types));
    expect(profile.enumerators).toEqual(btf.enumerators(wanted.enumerators));
    expect(profile).toMatchObject({
      banner: BANNER,
      source: 'isf, by vestige 0.1.0',
      symbols: { init_task: '0xffffffff82a1ac41', current_task: '0x1f000', prb: '0x9' },
    });
  });

  it('names structs as their users do, and empties those that are only declared', () => {
    const { task_struct, secret, spinlock, spinlock_t } = written.user_types;
    expect(task_struct!.fields).toMatchObject({
      uid: { type: { kind: 'struct', name: 'kuid_t' }, offset: 40 },
      lock: { type: { kind: 'struct', name: 'spinlock_t' } },
      unnamed_field_2: { anonymous: true, offset: 24 },
      next: { type: { kind: 'pointer', subtype: { kind: 'struct', name: 'task_struct' } } },
      secret: { type: { kind: 'pointer', subtype: { kind: 'struct', name: 'secret' } } },
      late: {
        offset: 65,
        type: { kind: 'bitfield', bit_position: 1, bit_length: 3, type: { kind: 'base', name: 'int' } },
      },
    });
    expect(secret).toEqual({ kind: 'struct', size: 0, fields: {} });
    expect(spinlock_t).toEqual(spinlock);
  });

  it('keeps structs of one name apart: the one with most members has it', () => {
    const sizes = Object.values(written.user_types['uses']!.fields).map(
      ({ type }) => written.user_types[(type as { name: string }).name]!.size,
    );
    expect(sizes).toEqual([4, 8, 12]);
    expect(written.user_types['twin']!.size).toBe(8);
  });

  it('gives well-known symbols the types that BTF has not', () => {
    expect(written.symbols['init_task']).toMatchObject({ type: { kind: 'struct', name: 'task_struct' } });
    expect(written.symbols['prb']).toEqual({ address: 9 }); // this kernel has no printk_ringbuffer
    expect(Object.hasOwn(written.symbols, '__proto__')).toBe(true);
    expect(written.enums['mode']).toEqual({ size: 4, base: 'int', constants: { OFF: 0, ON: 1, BROKEN: -1 } });
    expect(written.metadata).toEqual({ format: '6.2.0', producer: PROGRAM, linux: {} });
  });

  it('refuses what is no BTF', () => {
    expect(() => text(new Uint8Array(40))).toThrow('btf has no magic');
  });
});

describe('the table of a real kernel', () => {
  it('describes it as its own BTF does', { timeout: 60_000 }, () => {
    const session = openSession('samples/web-1/after.kdump');
    const description = descriptionOf(session, (note) => expect.unreachable(note));
    const whole = Buffer.from([...isfText(description, PROGRAM)].join(''));
    const { types, enumerators, symbols, banner, architecture } = readIsf(whole, required, 'after');
    session.close();
    expect({ types, enumerators, symbols, banner, architecture }).toEqual({
      types: session.profile.types,
      enumerators: session.profile.enumerators,
      symbols: session.profile.symbols,
      banner: session.profile.banner,
      architecture: session.profile.architecture,
    });
    const { user_types, base_types, enums } = JSON.parse(String(whole)) as Written;
    const lost: string[] = [];
    const check = (type: Readonly<Record<string, unknown>>, where: string): void => {
      const table = type['kind'] === 'base' ? base_types : type['kind'] === 'enum' ? enums : user_types;
      if (typeof type['name'] === 'string' && !Object.hasOwn(table, type['name'])) lost.push(where);
      const inner = type['subtype'] ?? type['type'];
      if (inner !== undefined) check(inner as Readonly<Record<string, unknown>>, where);
    };
    for (const [name, { fields }] of Object.entries(user_types))
      for (const [field, { type }] of Object.entries(fields))
        check(type as Readonly<Record<string, unknown>>, `${name}.${field}`);
    expect(lost).toEqual([]);
  });
});
