// How much of RAM a snapshot lacks: counted in whole pages, against what the kernel knows of.
import { describe, expect, it } from 'vitest';
import { bytesMissing } from '../../src/kernel/linux/memory/ram.ts';

const PAGE = 4096;
const range = (start: number, end: number) => ({ start: start * PAGE, end: end * PAGE });

describe('what is missing of RAM', () => {
  it.each([
    ['nothing of what is held', [range(0, 10)], [range(0, 10)], 0],
    ['nothing of a gap in which no RAM is', [range(0, 4), range(8, 10)], [range(0, 4), range(8, 10)], 0],
    ['what is behind the last range', [range(0, 10)], [range(0, 7)], 3],
    ['what is before the first', [range(0, 10)], [range(2, 10)], 2],
    ['holes within', [range(0, 10)], [range(0, 2), range(3, 4), range(6, 9)], 4],
    ['all where nothing is held', [range(0, 3), range(5, 6)], [], 4],
    ['what one held range covers of two', [range(0, 3), range(5, 8)], [range(0, 6)], 2],
    ['nothing of what is held besides', [range(2, 4)], [range(0, 1), range(1, 9)], 0],
    ['no part of a page', [{ start: 100, end: 3 * PAGE + 100 }], [range(1, 3)], 0],
  ])('is %s', (_, ram, held, pages) => {
    expect(bytesMissing(ram, held)).toBe(pages * PAGE);
  });
});
