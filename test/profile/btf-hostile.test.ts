import { describe, expect, it } from 'vitest';
import { ForensicError } from '../../src/base/errors.ts';
import { Btf } from '../../src/profile/btf.ts';
import { required } from '../../src/session/linux/required-members.ts';
import { type DrawnType, drawBtf } from '../support/btf.ts';
import { Random } from '../support/random.ts';
import { sampleBtf } from '../support/sample-btf.ts';

/** Everything that can be asked of a BTF; it must end, and only what is explained may be thrown. */
function askAll(bytes: Uint8Array): void {
  try {
    const btf = new Btf(bytes, 8);
    const layouts = btf.layouts(required.types);
    for (const { size, members } of Object.values(layouts)) {
      expect([size, ...Object.values(members).flat()].every(Number.isSafeInteger)).toBe(true);
    }
    btf.describe(required.types);
    btf.enumerators(required.enumerators);
  } catch (error) {
    if (!(error instanceof ForensicError)) throw error;
  }
}

/** A BTF of `count` copies of one record, followed by others; `strings` after the NUL that begins them. */
function repeated(
  record: readonly number[],
  count: number,
  rest: readonly number[],
  strings: Buffer,
): Buffer {
  const words = new Uint32Array(record.length * count + rest.length);
  for (let i = 0; i < count; i++) words.set(record, i * record.length);
  words.set(rest, record.length * count);
  const header = Buffer.alloc(24);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  for (const [index, word] of [24, 0, words.byteLength, words.byteLength, strings.length + 1].entries())
    header.writeUInt32LE(word, 4 + 4 * index);
  return Buffer.concat([header, Buffer.from(words.buffer), Buffer.alloc(1), strings]);
}

const STRUCT = 4 << 24;

describe('a hostile BTF', () => {
  it('with arrays of 2^32 arrays of 2^32 has members without a size', () => {
    const types: Record<string, DrawnType> = { int: { int: 'int', size: 0xffff_ffff } };
    for (let level = 0; level < 40; level++)
      types[`array ${level}`] = { array: level === 0 ? 'int' : `array ${level - 1}`, count: 0xffff_ffff };
    const bytes = drawBtf({
      ...types,
      task: {
        struct: 'task_struct',
        size: 64,
        members: [
          ['comm', 'array 39', 0],
          ['pid', 'array 1', 0],
          ['tgid', 'int', 4],
        ],
      },
    });
    const { members } = new Btf(bytes, 8).layouts({ task_struct: ['comm', 'pid', 'tgid'] })['task_struct']!;
    expect(members).toEqual({ comm: [0, 0], pid: [0, 0], tgid: [4, 0] });
    askAll(bytes);
  });

  it('whose nameless structs double at each of 40 levels ends', () => {
    const types: Record<string, DrawnType> = {
      'level 0': { struct: '', size: 4, members: [] },
    };
    for (let level = 1; level <= 40; level++) {
      const below = `level ${level - 1}`;
      types[`level ${level}`] = {
        struct: '',
        size: 4,
        members: [
          ['', below, 0],
          ['', below, 0],
        ],
      };
    }
    types['task'] = { struct: 'task_struct', size: 4, members: [['', 'level 40', 0]] };
    askAll(drawBtf(types));
  });

  it('that refers to types and names that do not exist has no members there', () => {
    const bytes = Buffer.from(
      drawBtf({
        int: { int: 'int', size: 4 },
        task: {
          struct: 'task_struct',
          size: 8,
          members: [
            ['pid', 'int', 0],
            ['tgid', 'int', 4],
          ],
        },
      }),
    );
    const member = 24 + 16 + 12; // behind the header, the int and the struct's own words
    bytes.writeUInt32LE(0x7fff_ffff, member); // the name of the first
    bytes.writeUInt32LE(0x7fff_ffff, member + 12 + 4); // the type of the second
    const btf = new Btf(bytes, 8);
    expect(btf.layouts({ task_struct: ['pid', 'tgid'] })).toEqual({
      task_struct: { size: 8, members: { tgid: [4, 0] } },
    });
    expect(btf.describe({ task_struct: ['tgid'] })['task_struct']!.members['tgid']!.type).toEqual({
      kind: 'nothing',
      name: 'void',
      size: 0,
    });
  });

  it('of 12 MiB of structs with our name ends', () => {
    const member = [13, 1, 0]; // nameless within nameless, itself
    const members = Array.from({ length: 100 }, () => [0, 1, 0]).flat();
    askAll(
      repeated(
        [1, STRUCT | 100, 8, ...members],
        10_000,
        [1, STRUCT | 1, 8, ...member],
        Buffer.from('task_struct\0pid\0'),
      ),
    );
  });

  it('of half a million records whose names have no end ends', () => {
    const endless = Buffer.alloc(8 << 20, 0x61);
    askAll(repeated([1, STRUCT, 0], 500_000, [], endless));
    askAll(repeated([0, (6 << 24) | 2, 4, 1, 0, 2, 0], 300_000, [], endless));
  });

  it('with a kind that is not known, but whose length it tells, is read', () => {
    const types: Record<string, DrawnType> = {
      'from the future': { kind: 21, vlen: 3, words: [1, 2, 3, 4] },
      int: { int: 'int', size: 4 },
      task: { struct: 'task_struct', size: 4, members: [['pid', 'int', 0]] },
    };
    expect(() => new Btf(drawBtf(types), 8)).toThrow(
      'btf type 1 is of kind 21, which is unknown: where the next begins cannot be told',
    );
    const lengths = Array.from(
      { length: 22 },
      (_, kind) => (kind === 21 ? [4, 4] : [0, 0]) as [number, number],
    );
    expect(new Btf(drawBtf(types, { lengths }), 8).layouts({ task_struct: ['pid'] })).toEqual({
      task_struct: { size: 4, members: { pid: [0, 4] } },
    });
  });

  it('made of a real one by a few wrong bytes gives an answer or a reason', () => {
    const real = sampleBtf();
    const sound = new Btf(real, 8).layouts(required.types);
    expect(Object.keys(sound).length).toBeGreaterThan(50);
    const random = new Random(1);
    for (let round = 0; round < 24; round++) {
      const bytes = Uint8Array.from(real);
      const damage = 1 + random.below(2000);
      for (let i = 0; i < damage; i++)
        bytes[random.below(round % 4 === 0 ? 64 : bytes.length)] = random.below(256);
      askAll(round % 8 === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes);
    }
  });
});
