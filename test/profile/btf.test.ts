import { describe, expect, it } from 'vitest';
import { Btf } from '../../src/profile/btf.ts';
import { drawBtf } from '../support/btf.ts';

const drawn = drawBtf({
  int: { int: 'int', size: 4 },
  char: { int: 'char', size: 1 },
  long: { int: 'long unsigned int', size: 8 },
  name: { array: 'char', count: 16 },
  'nameless union': {
    struct: '',
    union: true,
    size: 8,
    members: [
      ['first', 'int', 0],
      ['second', 'long', 0],
    ],
  },
  'const nameless': { const: 'nameless union' },
  task: {
    struct: 'task_struct',
    size: 64,
    members: [
      ['pid', 'int', 4],
      ['comm', 'name', 8],
      ['', 'const nameless', 24],
      ['next', 'to task', 32],
      ['uid', 'kuid', 40],
    ],
  },
  'to task': { ptr: 'task' },
  kuid: { typedef: 'kuid_t', of: 'kuid struct' },
  'kuid struct': { struct: '', size: 4, members: [['val', 'int', 0]] },
  flags: {
    struct: 'flags_struct',
    size: 8,
    members: [
      ['plain', 'int', 0],
      ['one', 'int', 4, [3, 1]],
      ['wide', 'int', 4, [9, 12]],
    ],
  },
  types: { enum: 'pid_type', values: { PIDTYPE_PID: 0, PIDTYPE_TGID: 1, MINUS: -1 } },
});

describe('Btf', () => {
  it('gives offset and size of the members asked for and of no others', () => {
    expect(new Btf(drawn, 8).layouts({ task_struct: ['pid', 'comm', 'next', 'uid', 'no_such'] })).toEqual({
      task_struct: { size: 64, members: { pid: [4, 4], comm: [8, 16], next: [32, 8], uid: [40, 4] } },
    });
  });

  it('goes into nameless unions behind qualifiers as C does', () => {
    const { members } = new Btf(drawn, 8).layouts({ task_struct: ['first', 'second'] })['task_struct']!;
    expect(members).toEqual({ first: [24, 4], second: [24, 8] });
  });

  it('counts bitfields from the byte that they begin in', () => {
    const { members } = new Btf(drawn, 8).layouts({ flags_struct: ['plain', 'one', 'wide'] })[
      'flags_struct'
    ]!;
    expect(members).toEqual({ plain: [0, 4], one: [4, 4, 3, 1], wide: [5, 4, 1, 12] });
  });

  it('finds a nameless struct by its typedef', () => {
    expect(new Btf(drawn, 8).layouts({ kuid_t: ['val'] })).toEqual({
      kuid_t: { size: 4, members: { val: [0, 4] } },
    });
  });

  it('takes the size of a pointer from the profile', () => {
    expect(new Btf(drawn, 4).layouts({ task_struct: ['next'] })['task_struct']!.members).toEqual({
      next: [32, 4],
    });
  });

  it('reads enumerators, negative ones too', () => {
    expect(new Btf(drawn, 8).enumerators(['PIDTYPE_TGID', 'MINUS', 'NONE'])).toEqual({
      PIDTYPE_TGID: 1,
      MINUS: -1,
    });
  });

  it.each([
    ['btf has no magic', (bytes: Buffer) => bytes.writeUInt16LE(0, 0)],
    ['btf has version 9, known is 1', (bytes: Buffer) => bytes.writeUInt8(9, 2)],
    [/^btf of \d+ bytes has sections past its end$/, (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, 12)],
    [
      'btf type 1 is of kind 31, which is unknown: where the next begins cannot be told',
      (bytes: Buffer) => bytes.writeUInt32LE(0x1f000000, 28),
    ],
    ['btf type 1 is of kind 0, which is unknown', (bytes: Buffer) => bytes.writeUInt32LE(0, 28)],
    ['btf is of a big-endian machine, which is not read', (bytes: Buffer) => bytes.writeUInt16BE(0xeb9f, 0)],
    ['btf has a header of 23 bytes', (bytes: Buffer) => bytes.writeUInt32LE(23, 4)],
    [/^btf has a header of 2147483647 bytes/, (bytes: Buffer) => bytes.writeUInt32LE(0x7fffffff, 4)],
    ['btf has 3 bytes of types: no whole words', (bytes: Buffer) => bytes.writeUInt32LE(3, 12)],
    [/^btf is split: a module's/, (bytes: Buffer) => bytes.writeUInt32LE(bytes.readUInt32LE(16) - 1, 16)],
    [/^btf is split/, (bytes: Buffer) => bytes.writeUInt32LE(0, 20)],
    [/^btf type \d+ ends past its section$/, (bytes: Buffer) => bytes.writeUInt32LE(0x0400ffff, 28)],
  ])('refuses damage: %s', (message, damage) => {
    const bytes = Buffer.from(drawn);
    damage(bytes);
    expect(() => new Btf(bytes, 8)).toThrow(message);
  });

  it('ends on types that contain or alias themselves', () => {
    const looped = drawBtf({
      'inner ': {
        struct: '',
        size: 8,
        members: [
          ['', 'inner ', 0],
          ['', 'inner ', 0],
        ],
      },
      own: { typedef: 'own_t', of: 'own' },
      array: { array: 'array', count: 2 },
      task: {
        struct: 'task_struct',
        size: 8,
        members: [
          ['pid', 'own', 0],
          ['list', 'array', 0],
        ],
      },
    });
    expect(new Btf(looped, 8).layouts({ task_struct: ['pid', 'list'] })['task_struct']!.members).toEqual({
      pid: [0, 0],
      list: [0, 0],
    });
    expect(new Btf(looped, 8).layouts({ own_t: ['pid'] })).toEqual({});
  });
});
