import { describe, expect, it } from 'vitest';
import { Column } from '../../src/page/client/column.ts';
import { Forest } from '../../src/page/client/forest.ts';
import { allRows, Search, sortRows } from '../../src/page/client/order.ts';
import type { PageCell, PageKind } from '../../src/page/model.ts';
import { Random } from '../support/random.ts';

const column = (kind: PageKind, cells: readonly PageCell[], absent?: readonly [number, string][]): Column =>
  new Column({ name: 'one', kind, cells, ...(absent === undefined ? {} : { absent }) });

const texts = (one: Column): string[] => Array.from({ length: one.length }, (_, row) => one.text(row));

describe('a column of the page', () => {
  it.each<[PageKind, PageCell[], string[]]>([
    ['int', [1, -5, '18446744073709551615', null], ['1', '-5', '18446744073709551615', '']],
    ['text', ['a\x1bb', '', null], ['a\x1bb', '', '']], // escaped by whoever puts it into the page
    ['flag', [true, false, null], ['yes', 'no', '']],
    ['address', ['0xffff888000000000', '0x0'], ['0xffff888000000000', '0x0']],
    ['time', [0, 1_700_000_000_123], ['1970-01-01T00:00:00.000Z', '2023-11-14T22:13:20.123Z']],
    ['seconds', [0, 1.5, 12.3456789], ['0.000000', '1.500000', '12.345679']],
    ['seconds', [0, 2.5], ['0.0', '2.5']],
  ])('shows %s as the tables of the program do', (kind, cells, shown) => {
    expect(texts(column(kind, cells))).toEqual(shown);
  });

  it('tells a cell that could not be read from one that does not apply', () => {
    const one = column('text', [null, null], [[1, 'swapped']]);
    expect(texts(one)).toEqual(['', '–']);
    expect([one.absence(0), one.absence(1)]).toEqual([undefined, 'swapped']);
  });

  it('bears a time that no calendar knows', () => {
    expect(texts(column('time', [1e300]))).toEqual(['1e+300']);
  });
});

describe('sorting', () => {
  const sorted = (one: Column, descending = false): number[] => [
    ...sortRows(allRows(one.length), one.keys(), descending),
  ];

  it('keeps rows alike in their order, and those without a value at the end, both ways', () => {
    const one = column('int', [3, null, 1, 3, 2, null]);
    expect(sorted(one)).toEqual([2, 4, 0, 3, 1, 5]);
    expect(sorted(one, true)).toEqual([0, 3, 4, 2, 1, 5]);
  });

  it('sorts addresses by their numbers', () => {
    expect(sorted(column('address', ['0xffff888000000000', '0x2', '0x10']))).toEqual([1, 2, 0]);
  });

  it('agrees with the plainest way on any numbers', () => {
    const random = new Random(3);
    const cells = Array.from({ length: 3_000 }, () => (random.below(9) === 0 ? null : random.below(500)));
    const plain = [...cells.keys()].sort(
      (a, b) => Number(cells[a] === null) - Number(cells[b] === null) || cells[a]! - cells[b]! || a - b,
    );
    expect(sorted(column('int', cells))).toEqual(plain);
  });
});

describe('searching', () => {
  const rows = [
    { pid: '1', name: 'init' },
    { pid: '11', name: 'Two Words' },
    { pid: '2', name: 'colon:word' },
  ];
  const search = new Search([
    { name: 'pid', isExact: true, text: (row) => rows[row]!.pid },
    { name: 'name', isExact: false, text: (row) => rows[row]!.name },
  ]);
  const found = (query: string): number[] => {
    const test = search.test(query);
    return [...rows.keys()].filter((row) => test === undefined || test(row));
  };

  it('meets what is seen of a text that could act, and the letters for it are others', () => {
    const names = ['\x1b[2J', '\\x1b[2J'];
    const acting = new Search([{ name: 'name', isExact: true, text: (row) => names[row]! }]);
    const meets = (query: string): number[] => [0, 1].filter((row) => acting.test(query)!(row));
    expect(meets('name:\\x1b[2J')).toEqual([0]);
    expect(meets('name:\\x5cx1b[2J')).toEqual([1]);
  });

  it.each<[string, number[]]>([
    ['', [0, 1, 2]],
    ['   ', [0, 1, 2]],
    ['INIT', [0]],
    ['1', [0, 1]],
    ['pid:1', [0]],
    ['PID:1', [0]],
    ['name:wo', [1, 2]],
    ['words two', [1]],
    ['"two words"', [1]],
    ['"words two"', []],
    ['name:"two w', [1]],
    ['colon:word', [2]],
    ['11two', []],
    ['pid:1 name:two', []],
  ])('finds with %j the rows %j', (query, wanted) => {
    expect(found(query)).toEqual(wanted);
  });
});

describe('a forest', () => {
  const shown = (forest: Forest, wanted?: (row: number) => boolean): string[] =>
    forest
      .branches(wanted)
      .map(
        ({ row, level, isOpen }) =>
          `${'-'.repeat(level)}${row}${{ true: '▾', false: '▸', null: '' }[`${isOpen}`]}`,
      );

  it('stands as its rows say', () => {
    expect(shown(new Forest([1, 2, 10, 11, 20], [0, 0, 1, 10, 2]))).toEqual([
      '-0▾',
      '--2▾',
      '---3',
      '-1▾',
      '--4',
    ]);
  });

  it('hides what is below a shut row, and shows it to a search', () => {
    const forest = new Forest([1, 2, 10, 11], [0, 0, 1, 10]);
    forest.fold(0, false);
    expect(shown(forest)).toEqual(['-0▸', '-1']);
    expect(shown(forest, (row) => row === 3)).toEqual(['-0▾', '--2▾', '---3']);
    forest.foldAll(true);
    expect(shown(forest)).toEqual(['-0▾', '--2▾', '---3', '-1']);
    forest.foldAll(false);
    expect(shown(forest)).toEqual(['-0▸', '-1']);
  });

  it.each<[string, (number | null)[], (number | null)[]]>([
    ['a process that is its own parent', [1, 2], [1, 1]],
    ['a loop', [1, 2, 3], [3, 1, 2]],
    ['a loop beside a tree', [1, 5, 6, 7], [0, 6, 5, 6]],
    ['IDs that are there twice', [1, 1, 2], [0, 0, 1]],
    ['IDs that could not be read', [null, 1, null], [1, null, null]],
  ])('has every row once where there is %s', (_, ids, parents) => {
    const rows = new Forest(ids, parents).branches().map(({ row }) => row);
    expect(rows.toSorted()).toEqual([...ids.keys()]);
  });

  it('bears a chain as long as damage may make it', () => {
    const count = 20_000;
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const forest = new Forest(
      ids,
      ids.map((id) => id - 1),
    );
    expect(forest.branches().length).toBe(count);
    expect(forest.branches((row) => row === count - 1).length).toBe(count);
  });
});
