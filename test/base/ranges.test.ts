// The range around an address, held against looking at each; and ranges that overlap, as forged ones do.
import { describe, expect, it } from 'vitest';
import { disjoint, rangeAround } from '../../src/base/ranges.ts';
import { Random } from '../support/random.ts';

const range = (start: number, end: number) => ({
  start: BigInt(start),
  end: BigInt(end),
  name: `${start}-${end}`,
});

describe('the range around an address', () => {
  it('is the one that has it, at its first and last address too, and none beside', () => {
    const ranges = [range(10, 20), range(20, 30), range(40, 41)];
    const names = [9, 10, 19, 20, 29, 30, 39, 40, 41].map((at) => rangeAround(ranges, BigInt(at))?.name);
    expect(names).toEqual([
      ...[undefined, '10-20', '10-20', '20-30', '20-30'],
      ...[undefined, undefined, '40-41', undefined],
    ]);
    expect(rangeAround([], 1n)).toBe(undefined);
  });

  it('is found in whatever overlaps, wherever one of them has the address', () => {
    const random = new Random(7);
    for (let run = 0; run < 200; run++) {
      const ranges = Array.from({ length: random.below(12) }, () => {
        const start = random.below(100);
        return range(start, start + random.below(30));
      });
      const sorted = disjoint(ranges);
      for (let at = 0; at < 140; at++) {
        const isIn = ranges.some(({ start, end }) => BigInt(at) >= start && BigInt(at) < end);
        expect(rangeAround(sorted, BigInt(at)) !== undefined, `run ${run}, ${at}`).toBe(isIn);
      }
    }
  });

  it('leaves ranges that do not overlap as they are', () => {
    const ranges = [range(40, 41), range(10, 20)];
    expect(disjoint(ranges)).toEqual([ranges[1], ranges[0]]);
    expect(disjoint(ranges)[0]).toBe(ranges[1]);
  });
});
