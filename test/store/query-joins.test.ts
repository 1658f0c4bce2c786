// Joins of questions in SQL: a row that is not there, and one that nobody could see.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { QueryConnection } from '../../src/store/query.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, inScratch } from './scratch.ts';

const common = { summary: 'Draw', example: '', version: 1, subjects: () => [], identity: ['id'] as const };
const none = () => null;
const programs: AnyPlugin = {
  ...common,
  name: 'programs',
  columns: { id: { int: none }, address: { address: none }, found: { text: none } },
};
const links: AnyPlugin = {
  ...common,
  name: 'links',
  columns: { id: { int: none }, program: { int: none }, at: { address: none } },
  references: { program: 'programs.id', at: 'programs.address' },
};
const all: AnyPlugin[] = [programs, links];
const facts = fakeFacts();
const program = (id: Row[string], cells: Row = {}): Row => ({ id, address: null, found: 'x', ...cells });
const link = (id: number, program: Row[string], at: Row[string] = null): Row => ({ id, program, at });

interface Drawn {
  readonly linked: Row[];
  /** Left out, the question was not asked. */
  readonly found?: Row[];
  readonly notes?: string[];
}

/** What a query has to say of a snapshot with these answers. */
async function askOf({ linked, found, notes = [] }: Drawn, sql: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  await inScratch((folder) => {
    const path = join(folder, 'store');
    const store = Store.open(path, '1');
    store.keep(identity(1), facts, links, '{}', { rows: linked, notes: [] });
    if (found !== undefined) store.keep(identity(1), facts, programs, '{}', { rows: found, notes });
    // Another snapshot has every program: nothing of it may be joined.
    store.keep(identity(2), facts, programs, '{}', { rows: [1, 2, 3].map((id) => program(id)), notes: [] });
    store.close();
    const desk = QueryConnection.open(path, all);
    rows.push(...desk.ask(sql).rows);
    desk.close();
  });
  return rows;
}

const FOUND = 'SELECT id, program_is_there, program_id FROM links_program ORDER BY id';

describe('a join of two questions', () => {
  it('has the row that a column names, and says which is not there', async () => {
    const linked = [link(1, 1), link(2, 9), link(3, null)];
    expect(await askOf({ linked, found: [program(1), program(2)] }, FOUND)).toEqual([
      [1n, 1n, 1n],
      [2n, 0n, null],
      [3n, null, null],
    ]);
  });

  it('never says that a row is not there where the other answer is short, or nobody asked', async () => {
    const linked = [link(1, 1), link(2, 9)];
    const unknown = [
      [1n, 1n, 1n],
      [2n, null, null],
    ];
    expect(await askOf({ linked, found: [program(1)], notes: ['the list breaks'] }, FOUND)).toEqual(unknown);
    const unread = [program(1), program({ absent: 'not-present' })];
    expect(await askOf({ linked, found: unread }, FOUND)).toEqual(unknown);
    expect(await askOf({ linked }, FOUND)).toEqual([
      [1n, null, null],
      [2n, null, null],
    ]);
  });

  it('does not take a cell that could not be read for one that names nothing', async () => {
    const linked = [link(1, { absent: 'swapped' })];
    expect(await askOf({ linked, found: [program(1)] }, FOUND)).toEqual([[1n, null, null]]);
  });

  it('finds addresses, and tells the other row’s unread cells and all rows that are meant', async () => {
    const linked = [link(1, 1, 0xffff_8880_0000_1000n)];
    const address = 0xffff_8880_0000_1000n;
    const found = [
      program(1, { address, found: { absent: 'swapped' } }),
      program(2, { address, found: 'second' }),
    ];
    const sql = 'SELECT at, at_id, at_absent, at_address FROM links_at ORDER BY at_id';
    expect(await askOf({ linked, found }, sql)).toEqual([
      ['0xffff888000001000', 1n, '{"found":"swapped"}', '0xffff888000001000'],
      ['0xffff888000001000', 2n, null, '0xffff888000001000'],
    ]);
  });

  it('spans what scans recorded and what is remembered of other snapshots', () =>
    inScratch((folder) => {
      const [past, cache] = ['history', 'cache'].map((name) => Store.open(join(folder, name), '1'));
      const keep = (store: Store, n: number, rows: Row[]) => {
        store.keep(identity(n), facts, links, '{}', { rows: [link(n, 1)], notes: [] });
        store.keep(identity(n), facts, programs, '{}', { rows, notes: [] });
      };
      keep(past!, 1, [program(1)]);
      keep(cache!, 1, []);
      keep(cache!, 2, []);
      const desk = QueryConnection.open(past!.path, all, cache!.path);
      expect([...desk.ask(FOUND).rows]).toEqual([
        [1n, 1n, 1n],
        [2n, 0n, null],
      ]);
      const answers = 'SELECT snapshot, plugin, "rows", notes FROM answers ORDER BY snapshot, plugin';
      expect([...desk.ask(answers).rows]).toEqual([
        [identity(1).path, 'links', 1n, 0n],
        [identity(1).path, 'programs', 1n, 0n],
        [identity(2).path, 'links', 1n, 0n],
        [identity(2).path, 'programs', 0n, 0n],
      ]);
      desk.close();
      past!.close();
      cache!.close();
    }));

  it('can only be read, and no two of its columns are of one name, in any question that there is', () =>
    inScratch((folder) => {
      const path = join(folder, 'store');
      Store.open(path, '1').close();
      const desk = QueryConnection.open(path, plugins);
      expect(desk.joins.length).toBeGreaterThan(plugins.length / 2);
      for (const { name } of desk.joins) {
        const { columns } = desk.ask(`SELECT * FROM "${name}"`);
        expect(new Set(columns.map((column) => column.toLowerCase())).size).toBe(columns.length);
      }
      expect(() => desk.ask('DELETE FROM pslist_ppid')).toThrow();
      expect(() => desk.ask('WITH x AS (SELECT 1) DELETE FROM temp.newest')).toThrow('only read');
      desk.close();
    }));
});
