// Where rows of a long table are, and what of a table is copied.
import { describe, expect, it } from 'vitest';
import { type Copied, csvOf, jsonOf } from '../../src/page/client/copied.ts';
import { RowHeights } from '../../src/page/client/row-heights.ts';

const rows = (...numbers: number[]): Uint32Array => Uint32Array.from(numbers);

describe('rows that are alike', () => {
  it('are as high as the first that was measured', () => {
    const heights = new RowHeights(true);
    heights.arrange(rows(0, 1, 2, 3));
    expect(heights.isUnmeasured).toBe(true);
    expect(heights.learn(0, 30)).toBe(false);
    expect(heights.learn(1, 90)).toBe(false);
    expect([heights.top(0), heights.top(3), heights.top(4)]).toEqual([0, 90, 120]);
    expect([0, 29, 30, 119, 500].map((y) => heights.placeAt(y))).toEqual([0, 0, 1, 3, 3]);
  });
});

describe('rows that differ', () => {
  it('are where the measured heights put them, in any order', () => {
    const heights = new RowHeights(false);
    heights.arrange(rows(5, 7, 9));
    expect(heights.learn(5, 20)).toBe(true);
    expect(heights.learn(7, 50)).toBe(true);
    expect(heights.learn(7, 50)).toBe(false);
    expect([0, 1, 2, 3].map((place) => heights.top(place))).toEqual([0, 20, 70, 90]);
    expect([19, 20, 69, 70, 1000].map((y) => heights.placeAt(y))).toEqual([0, 1, 1, 2, 2]);
    heights.arrange(rows(7, 5));
    expect([0, 1, 2].map((place) => heights.top(place))).toEqual([0, 50, 70]);
    heights.forget();
    expect(heights.isUnmeasured).toBe(true);
  });

  it('have places where none is', () => {
    const heights = new RowHeights(false);
    heights.arrange(rows());
    expect([heights.top(0), heights.placeAt(100)]).toEqual([0, 0]);
  });
});

describe('what is copied', () => {
  const cells = [-1, '=1+1', 'a;b', null, { absent: 'swapped' }, true, '', 'a\u202eb', 'absent:swapped'];
  const columns: readonly Copied[] = [{ name: 'cell', value: (row) => cells[row] ?? null }];
  const all = rows(...cells.keys());

  it('is CSV that no spreadsheet runs', () => {
    expect(csvOf(columns, all).split('\r\n')).toEqual([
      ...['cell', '-1', "'=1+1", '"a;b"', '', 'absent:swapped', 'yes', '""', 'a\\u202eb', "'absent:swapped"],
      '',
    ]);
  });

  it('is JSON of the rows that are shown, in their order', () => {
    expect(JSON.parse(jsonOf(columns, rows(5, 0, 4)))).toEqual([
      { cell: true },
      { cell: -1 },
      { cell: { absent: 'swapped' } },
    ]);
    expect(jsonOf(columns, rows(7))).toContain('a\\u202eb');
  });
});
