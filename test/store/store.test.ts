import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { connect } from '../../src/store/connection.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { Store } from '../../src/store/store.ts';
import { UnusableStore } from '../../src/store/unusable.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';
import { identity, inScratch, inStore, plugin, ROWS, zeros } from './scratch.ts';

const NOTES = ['the list breaks after 3 entries', 'another'];
const facts = fakeFacts();

/** The path of a cache with one answer in it, closed. */
function filled(folder: string): string {
  const path = join(folder, 'cache.sqlite');
  const store = Store.open(path, '1');
  store.keep(identity(), facts, plugin(), '{}', { rows: ROWS, notes: NOTES });
  store.close();
  return path;
}

/** What a StoreError says. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return (error as StoreError).message;
  }
  return 'nothing was refused';
}

describe('Store', () => {
  it('gives back the rows, notes and facts that it was given, of every kind of cell', () =>
    inScratch((folder) => {
      const store = Store.open(filled(folder), '1');
      expect(store.answer(identity(), plugin(), '{}')).toEqual({ rows: ROWS, notes: NOTES });
      expect(store.facts(identity())).toEqual({
        ...facts,
        snapshot: { ...facts.snapshot, path: '/snapshots/1.raw' },
      });
      store.close();
    }));

  it('keeps numbers whole in SQLite whatever they were, and addresses in 64 bits', () =>
    inScratch((folder) => {
      const path = `${folder}/cache.sqlite`;
      const wide = drawnPlugin({ n: 'int', at: 'address' }, []);
      const most = 2 ** 53 - 1;
      const rows = [
        [-0, 0n],
        [most, 1n],
        [-most, (1n << 63n) - 1n],
        [BigInt(most) + 1n, 1n << 63n],
        [-(1n << 63n), (1n << 64n) - 1n],
      ].map(([n, at]) => ({ n: n!, at: at as bigint }));
      const store = Store.open(path, '1');
      store.keep(identity(), facts, wide, '{}', { rows, notes: [] });
      expect(store.answer(identity(), wide, '{}')!.rows).toEqual(
        rows.map((row) => ({ ...row, n: Object.is(row.n, -0) ? 0 : row.n })),
      );
      store.close();
      const database = connect(path);
      expect(
        database
          .prepare("SELECT typeof(n), printf('%d', n), typeof(at), printf('%x', at) FROM drawn")
          .raw()
          .all(),
      ).toEqual([
        ['integer', '0', 'integer', '0'],
        ['integer', '9007199254740991', 'integer', '1'],
        ['integer', '-9007199254740991', 'integer', '7fffffffffffffff'],
        ['integer', '9007199254740992', 'integer', '8000000000000000'],
        ['integer', '-9223372036854775808', 'integer', 'ffffffffffffffff'],
      ]);
      database.close();
    }));

  it('has no answer for another snapshot, binding, option, plugin version or program', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const store = Store.open(path, '1');
      expect(store.answer(identity(2), plugin(), '{}')).toBeUndefined();
      expect(store.answer(identity(1, 'base'), plugin(), '{}')).toBeUndefined();
      expect(store.answer(identity(), plugin(), '{"depth":1}')).toBeUndefined();
      expect(store.answer(identity(), plugin({ version: 2 }), '{}')).toBeUndefined();
      store.close();
      const newer = Store.open(path, '2');
      expect(newer.facts(identity())).toBeUndefined();
      expect(newer.answer(identity(), plugin(), '{}')).toBeUndefined();
      newer.close();
    }));

  it('replaces what another version of the program found', () =>
    inScratch((folder) => {
      const store = Store.open(filled(folder), '2');
      store.keep(identity(), facts, plugin(), '{}', { rows: ROWS.slice(0, 1), notes: [] });
      expect(store.answer(identity(), plugin(), '{}')).toEqual({ rows: ROWS.slice(0, 1), notes: [] });
      expect(store.upkeep.snapshots().map(({ rowCount }) => rowCount)).toEqual([1]);
      store.close();
    }));

  it('is for its owner alone, folder and all, and is so again after a careless copy', () =>
    inScratch((folder) => {
      const path = join(folder, 'new', 'folder', 'cache.sqlite');
      Store.open(path, '1').close();
      expect(statSync(join(folder, 'new', 'folder')).mode & 0o777).toBe(0o700);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      chmodSync(path, 0o644);
      const store = Store.open(path, '1');
      store.keep(identity(), facts, plugin(), '{}', { rows: ROWS, notes: [] });
      for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o077).toBe(0);
      store.close();
    }));

  it('shows the rows of many snapshots in a view for people with sqlite3', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const store = Store.open(path, '1');
      store.keep(identity(2), facts, plugin(), '{}', { rows: ROWS.slice(0, 1), notes: [] });
      store.keep(identity(2), facts, plugin(), '{"depth":1}', { rows: ROWS, notes: [] });
      store.close();
      const database = connect(path, { readonly: true });
      expect(
        database
          .prepare(`SELECT snapshot, pid, name, printf('0x%x', task) AS task, started FROM drawn`)
          .all(),
      ).toEqual([
        {
          snapshot: '/snapshots/1.raw',
          pid: 1,
          name: 'systemd',
          task: '0xffff888000001000',
          started: '2023-11-14T22:13:20.123Z',
        },
        expect.objectContaining({ name: null, task: '0x0' }),
        expect.objectContaining({ pid: 0, task: '0xffffffffffffffff' }),
        expect.objectContaining({ pid: null }),
        expect.objectContaining({ snapshot: '/snapshots/2.raw', pid: 1 }),
      ]);
      const types = database.pragma('table_info(rows_drawn_1)') as { name: string; type: string }[];
      expect(Object.fromEntries(types.map(({ name, type }) => [name, type]))).toEqual({
        run_id: 'INTEGER',
        ordinal: 'INTEGER',
        pid: 'INTEGER',
        big: 'INTEGER',
        name: 'TEXT',
        kernel: 'INTEGER',
        task: 'INTEGER',
        started: 'TEXT',
        cpuTime: 'REAL',
        absent: 'TEXT',
      });
      database.close();
    }));

  it('keeps the view on the newest version of a plugin, whichever was written last', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const store = Store.open(path, '1');
      const second = drawnPlugin({ pid: 'int', extra: 'text' }, [], { version: 2 });
      store.keep(identity(), facts, second, '{}', { rows: [{ pid: 7, extra: 'x' }], notes: [] });
      store.keep(identity(2), facts, plugin(), '{}', { rows: ROWS, notes: [] });
      store.close();
      const database = connect(path, { readonly: true });
      expect(database.prepare('SELECT pid, extra FROM drawn').all()).toEqual([{ pid: 7, extra: 'x' }]);
      database.close();
    }));

  it('makes the table anew where a plugin changed its columns without a new version', () =>
    inScratch((folder) => {
      const store = Store.open(filled(folder), '1');
      const draft = drawnPlugin({ pid: 'text' }, []);
      store.keep(identity(2), facts, draft, '{}', { rows: [{ pid: 'x' }], notes: [] });
      expect(store.answer(identity(2), draft, '{}')).toEqual({ rows: [{ pid: 'x' }], notes: [] });
      expect(store.answer(identity(), draft, '{}')).toBeUndefined();
      store.close();
    }));

  it('forgets snapshots with their rows, answers of other versions, and everything', () =>
    inScratch((folder) => {
      const store = Store.open(filled(folder), '1');
      store.keep(identity(2), facts, plugin(), '{}', { rows: ROWS, notes: [] });
      store.keep(identity(2), facts, plugin({ version: 2 }), '{}', { rows: ROWS, notes: [] });
      expect(store.upkeep.forget(({ path }) => path === '/snapshots/1.raw')).toBe(1);
      expect(store.answer(identity(), plugin(), '{}')).toBeUndefined();
      expect(store.upkeep.forgetOutdated([plugin({ version: 2 })])).toBe(1);
      expect(store.answer(identity(2), plugin({ version: 2 }), '{}')?.rows.length).toBe(ROWS.length);
      store.upkeep.clear();
      expect(store.upkeep.snapshots()).toEqual([]);
      store.keep(identity(), facts, plugin(), '{}', { rows: ROWS, notes: [] });
      expect(store.answer(identity(), plugin(), '{}')?.rows.length).toBe(ROWS.length);
      store.close();
    }));
});

describe('a file that is no sound cache', () => {
  const refuses = (path: string, message: string): void => {
    const before = statSync(path).isFile() ? readFileSync(path) : undefined;
    expect(refusal(() => Store.open(path, '1'))).toBe(`cache ${path}: ${message}`);
    if (before !== undefined) expect(readFileSync(path).equals(before)).toBe(true);
  };

  it('is refused and left alone where it is a database of another program', () =>
    inScratch((folder) => {
      const path = join(folder, 'places.sqlite');
      const database = connect(path);
      database.exec('CREATE TABLE mine (x); INSERT INTO mine VALUES (1)');
      database.close();
      refuses(path, 'the file is a database of another program');
      expect(refusal(() => Store.discard(path))).toBe(
        `cache ${path}: the file is no cache, and is left alone`,
      );
    }));

  it('is refused and left alone where it is no database at all', () =>
    inScratch((folder) => {
      const path = zeros(join(folder, 'memory.raw'), 8192);
      refuses(path, 'the file is no cache');
      writeFileSync(path, 'x');
      refuses(path, 'the file is no cache');
      mkdirSync(join(folder, 'folder'));
      refuses(join(folder, 'folder'), 'it is no regular file');
    }));

  it('is refused where a newer version wrote it, and can be discarded', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const database = connect(path);
      database.pragma('user_version = 99');
      database.pragma('journal_mode = DELETE');
      database.close();
      refuses(path, `the file has schema 99, and this version knows up to ${MIGRATIONS.length}`);
      Store.discard(path);
      const store = Store.open(path, '1');
      expect(store.upkeep.snapshots()).toEqual([]);
      store.close();
    }));

  it('costs a StoreError and nothing worse wherever it is damaged', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const sound = readFileSync(path);
      const damaged = join(folder, 'damaged.sqlite');
      let refused = 0;
      for (let at = 0; at + 512 <= sound.length; at += 509) {
        const bytes = Buffer.from(sound);
        bytes.fill(0xa5, at, at + 512);
        writeFileSync(damaged, bytes);
        try {
          const store = Store.open(damaged, '1');
          try {
            store.facts(identity());
            store.answer(identity(), plugin(), '{}');
            store.keep(identity(3), facts, plugin(), '{}', { rows: ROWS, notes: [] });
          } finally {
            store.close();
          }
        } catch (error) {
          expect(error).toBeInstanceOf(StoreError);
          refused++;
        }
        for (const suffix of ['-wal', '-shm', '-journal']) rmSync(damaged + suffix, { force: true });
      }
      expect(refused).toBeGreaterThan(5);
    }));

  it('is spoken of once, whatever the trouble came through', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const store = Store.open(path, '1');
      const database = connect(path);
      database.exec("UPDATE snapshot SET facts = '{', facts_checksum = NULL");
      database.close();
      const action = () => store.scans.atomically(() => store.facts(identity()));
      expect(action).toThrow(UnusableStore);
      expect(refusal(action)).toBe(`cache ${path}: the file is damaged`);
      store.close();
    }));

  it.each([
    ['a letter of a cell', `UPDATE rows_drawn_1 SET "name" = 'systemd!' WHERE ordinal = 0`],
    ['a number', 'UPDATE rows_drawn_1 SET "pid" = 2 WHERE ordinal = 0'],
    ['an address', 'UPDATE rows_drawn_1 SET "task" = "task" + 8 WHERE ordinal = 0'],
    ['a cell that is gone', 'UPDATE rows_drawn_1 SET "pid" = NULL WHERE ordinal = 0'],
    ['why a cell is absent', `UPDATE rows_drawn_1 SET absent = '{' WHERE absent IS NOT NULL`],
    ['a row that is gone', 'DELETE FROM rows_drawn_1 WHERE ordinal = 0'],
    ['the order of rows', 'UPDATE rows_drawn_1 SET ordinal = -1 WHERE ordinal = 1'],
    ['a note', `UPDATE run SET notes = '["all is well"]'`],
  ])('has no answer that is not what was kept: damaged is %s', (_, damage) =>
    inStore((store, database) => {
      const answer = { rows: ROWS, notes: ['the list breaks'] };
      const keep = (): number => store.keep(identity(), facts, plugin(), '{}', answer);
      keep();
      database.exec(damage);
      expect(store.history.answer(store.history.find(identity())!, plugin())).toBeUndefined();
      expect(store.answer(identity(), plugin(), '{}')).toBeUndefined();
      keep();
      expect(store.answer(identity(), plugin(), '{}')).toEqual(answer);
    }),
  );

  it('knows no facts that are not what was kept, and learns them anew', () =>
    inStore((store, database) => {
      const keep = (): number => store.keep(identity(), facts, plugin(), '{}', { rows: ROWS, notes: [] });
      keep();
      const known = store.facts(identity());
      database.exec("UPDATE snapshot SET facts = replace(facts, 'guest', 'ghost')");
      expect(store.facts(identity())).toBeUndefined();
      keep();
      expect(store.facts(identity())).toEqual(known);
    }));

  it('is refused where it is cut', () =>
    inScratch((folder) => {
      const path = filled(folder);
      const cut = join(folder, 'cut.sqlite');
      writeFileSync(cut, readFileSync(path).subarray(0, 5000));
      expect(refusal(() => Store.open(cut, '1').answer(identity(), plugin(), '{}'))).toBe(
        `cache ${cut}: the file is damaged`,
      );
    }));

  it('is refused where its folder cannot be made', () =>
    inScratch((folder) => {
      const path = join(zeros(join(folder, 'file'), 1), 'cache.sqlite');
      expect(refusal(() => Store.open(path, '1'))).toBe(`cache ${path}: a part of the path is no directory`);
    }));

  it('still answers a copy in another place', () =>
    inScratch((folder) => {
      const copy = join(folder, 'copy.sqlite');
      copyFileSync(filled(folder), copy);
      const store = Store.open(copy, '1');
      expect(store.answer(identity(), plugin(), '{}')?.rows).toEqual(ROWS);
      store.close();
    }));
});
