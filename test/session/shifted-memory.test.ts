import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import { shiftIn } from '../../src/session/linux/shifted-memory.ts';
import { drawMemory } from '../support/writers.ts';

const LINEAR = 0xffff_8880_0000_0000n;
const MIB = 1 << 20;

/** A block of memory with empty lists, as they were `further` bytes further on. */
function lists(at: number, further: number): [number, Uint8Array] {
  const block = Buffer.alloc(MIB);
  for (let offset = 0; offset < MIB; offset += 0x3010)
    block.writeBigUInt64LE(LINEAR + BigInt(at + offset + further), offset);
  return [at, block];
}

const memoryOf = (...blocks: [number, Uint8Array][]) => new PhysicalMemory(drawMemory(new Map(blocks)));

describe('a part of memory that is not where it belongs', () => {
  it('is told by links that point to themselves, with where it begins', () => {
    const lost = memoryOf(
      lists(0, 0),
      lists(MIB, 0),
      [2 * MIB, new Uint8Array(MIB)],
      lists(3 * MIB, 0x1_0000),
    );
    expect(shiftIn(lost, LINEAR)).toEqual({ bytes: 0x1_0000, after: 2 * MIB, before: 3 * MIB });
    const added = memoryOf(lists(0, 0), lists(MIB, -0x2000));
    expect(shiftIn(added, LINEAR)).toEqual({ bytes: -0x2000, after: MIB, before: MIB });
  });

  it('is none where the links are at their places, or too few tell', () => {
    expect(shiftIn(memoryOf(lists(0, 0), lists(MIB, 0)), LINEAR)).toBeUndefined();
    const [at, block] = lists(MIB, 0x1_0000);
    expect(shiftIn(memoryOf(lists(0, 0), [at, block.fill(0, 0x4_0000)]), LINEAR)).toBeUndefined();
  });
});
