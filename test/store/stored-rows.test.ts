import type Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { DamagedAnswer, ForgottenRows } from '../../src/store/forgotten.ts';
import type { RememberedAnswer } from '../../src/store/remembered.ts';
import { Store } from '../../src/store/store.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';
import { identity, inStore as inOpenStore, plugin, ROWS } from './scratch.ts';

const NOTES = ['the list breaks after 3 entries'];
const facts = fakeFacts();

/** A store with one answer and what that was read from, and the same file as SQLite has it. */
const inStore = (action: (store: Store, database: Database.Database, path: string) => void) =>
  inOpenStore((store, database, path) => {
    keep(store, 1, { rows: ROWS, notes: NOTES });
    store.extents.keepReads(1, plugin(), '{}', 'basis', new Uint8Array(8));
    action(store, database, path);
  });

const keep = (store: Store, n: number, answer: RememberedAnswer): number =>
  store.scans.atomically(() => store.keep(identity(n), facts, plugin(), '{}', answer));

/** What is kept, as the answer to another snapshot. @param wanted told when somebody wants the rows as rows */
function takenOver(store: Store, wanted: () => void = () => undefined): RememberedAnswer {
  const { rows, notes } = store.extents.readsFor('basis', plugin(), '{}')!;
  return {
    get rows() {
      wanted();
      return rows.all;
    },
    notes,
    kept: rows,
  };
}

/** What is thrown. */
function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

describe('rows that are kept already', () => {
  /** What the view, and the store, have of the snapshots. */
  const seen = (store: Store, database: Database.Database, ids: readonly number[]): unknown => [
    database
      .prepare('SELECT snapshot_id, count(*) AS n, min(name) AS name FROM drawn GROUP BY 1')
      .raw()
      .all(),
    ids.map((id) => store.answer(identity(id), plugin(), '{}')),
  ];
  /** The same where each has the rows by itself. */
  const whole = (ids: readonly number[]): unknown => [
    ids.map((id) => [id, ROWS.length, '']),
    ids.map(() => ({ rows: ROWS, notes: NOTES })),
  ];
  const countOf = (database: Database.Database): unknown =>
    database.prepare('SELECT count(*) FROM rows_drawn_1').pluck().get();

  it('are those of another snapshot too, once in the file, and nobody reads them', () =>
    inStore((store, database) => {
      let reads = 0;
      keep(
        store,
        2,
        takenOver(store, () => reads++),
      );
      expect(reads).toBe(0);
      expect(countOf(database)).toBe(ROWS.length);
      keep(store, 3, { rows: ROWS, notes: NOTES });
      expect(countOf(database)).toBe(2 * ROWS.length);
      expect(seen(store, database, [1, 2, 3])).toEqual(whole([1, 2, 3]));
      const order = 'SELECT snapshot_id, pid FROM drawn';
      expect(database.prepare(order).raw().all()).toEqual(
        [1, 2, 3].flatMap((id) => database.prepare(`${order} WHERE snapshot_id = ?`).raw().all(id)),
      );
      const runs = database.prepare('SELECT notes, row_count FROM run').all();
      expect(runs).toEqual([runs[0], runs[0], runs[0]]);
    }));

  it.each([
    [1, 2, 3, 4],
    [4, 3, 2, 1],
    [2, 4, 1, 3],
    [3, 1, 4, 2],
  ])('are there for those that are left when %i, %i, %i and %i are forgotten', (...order) =>
    inStore((store, database) => {
      for (const id of [2, 3, 4]) {
        keep(store, id, takenOver(store));
        store.extents.keepReads(id, plugin(), '{}', 'basis', new Uint8Array(8));
      }
      expect(countOf(database)).toBe(ROWS.length);
      const left = new Set([1, 2, 3, 4]);
      for (const id of order) {
        store.history.forget([id]);
        left.delete(id);
        const ids = [...left];
        expect(seen(store, database, ids)).toEqual(whole(ids));
        expect(countOf(database)).toBe(ids.length === 0 ? 0 : ROWS.length);
      }
      expect(database.prepare('SELECT count(*) FROM run').pluck().get()).toBe(0);
    }),
  );

  it('are there for those that are left when several are forgotten at once, and stand until they are read', () =>
    inStore((store, database) => {
      for (const id of [2, 3, 4, 5]) keep(store, id, takenOver(store));
      store.extents.keepReads(4, plugin(), '{}', 'basis', new Uint8Array(8));
      const answer = takenOver(store);
      store.history.forget([1, 3]);
      expect(seen(store, database, [2, 4, 5])).toEqual(whole([2, 4, 5]));
      expect(answer.rows).toEqual(ROWS);
      keep(store, 6, answer);
      store.history.forget([2, 4, 5]);
      expect(seen(store, database, [6])).toEqual(whole([6]));
      store.upkeep.clear();
      expect(store.upkeep.snapshots()).toEqual([]);
      keep(store, 1, { rows: ROWS, notes: NOTES });
      expect(store.answer(identity(1), plugin(), '{}')?.rows).toEqual(ROWS);
    }));

  it('are read when somebody wants them, and once', () =>
    inStore((store, database) => {
      database.exec('UPDATE run SET checksum = NULL'); // as versions kept it that made none
      const { rows } = store.extents.readsFor('basis', plugin(), '{}')!;
      database.exec('UPDATE rows_drawn_1 SET "name" = \'read late\' WHERE ordinal = 2');
      expect(rows.all).toEqual(ROWS.map((row, at) => (at === 2 ? { ...row, name: 'read late' } : row)));
      database.exec('DELETE FROM rows_drawn_1');
      expect(rows.all).toBe(rows.all);
    }));

  it('tell how many they are, of which snapshot, and how many lack a cell', () =>
    inStore((store) => {
      const { rows, notes } = store.extents.readsFor('basis', plugin(), '{}')!;
      expect([rows.count, rows.snapshotId, notes]).toEqual([ROWS.length, 1, NOTES]);
      // What is too large or no UTF-8 is kept beside its column too, and is there all the same.
      const lacking = [['pid'], ['big', 'name'], ['task'], []].map((columns) => rows.lacking(columns));
      expect(lacking).toEqual([1, 1, 0, 0]);
    }));

  it('are refused once they are forgotten, and nothing is kept', () =>
    inStore((store) => {
      const answer = takenOver(store);
      store.history.forget([1]);
      for (const action of [
        () => answer.rows,
        () => answer.kept!.lacking(['pid']),
        () => keep(store, 2, answer),
      ])
        expect(thrownBy(action)).toBeInstanceOf(ForgottenRows);
      expect(thrownBy(() => keep(store, 2, answer)).message).toBe(
        `cache ${store.path}: the rows of drawn were forgotten before they were read`,
      );
      expect(store.upkeep.snapshots()).toEqual([]);
    }));

  it('are not taken for others that were given their number since', async () => {
    await inStore((store, database) => {
      database.exec("UPDATE run SET made = '2026-01-02T03:04:05.678Z'");
      const answer = takenOver(store);
      store.history.forget([1]);
      keep(store, 2, { rows: ROWS.slice(0, 2), notes: [] });
      expect(database.prepare('SELECT id, snapshot_id FROM run').raw().all()).toEqual([[1, 1]]);
      expect(thrownBy(() => answer.rows)).toBeInstanceOf(ForgottenRows);
      expect(thrownBy(() => keep(store, 3, answer))).toBeInstanceOf(ForgottenRows);
    });
  });

  it('are refused where some are lost, and nothing is kept', () =>
    inStore((store, database) => {
      database.exec('DELETE FROM rows_drawn_1 WHERE ordinal = 1');
      const lost = `cache ${store.path}: ${ROWS.length - 1} rows of ${ROWS.length} are left`;
      for (const action of [() => takenOver(store).rows, () => keep(store, 2, takenOver(store))]) {
        expect(thrownBy(action)).toBeInstanceOf(DamagedAnswer);
        expect(thrownBy(action).message).toBe(lost);
      }
      expect(store.upkeep.snapshots()).toHaveLength(1);
    }));

  it('are refused where they are no more what they were, and are another question’s trouble once forgotten', () =>
    inStore((store, database) => {
      keep(store, 2, takenOver(store)); // nobody looks at them
      database.exec(`UPDATE rows_drawn_1 SET "name" = 'another' WHERE ordinal = 1`);
      const damage = thrownBy(() => takenOver(store).rows) as DamagedAnswer;
      expect(damage).toBeInstanceOf(DamagedAnswer);
      store.forget(damage);
      expect(store.extents.readsFor('basis', plugin(), '{}')).toBeUndefined();
      expect(store.answer(identity(2), plugin(), '{}')).toBeUndefined();
      expect(database.prepare('SELECT count(*) FROM run').pluck().get()).toBe(0);
    }));

  it('are not kept once more where they could not be read in between: somebody may have gone on without', () =>
    inStore((store, database) => {
      const answer = takenOver(store);
      database.exec(`UPDATE rows_drawn_1 SET absent = '{' WHERE ordinal = 3`);
      expect(thrownBy(() => answer.kept!.lacking(['pid'])).message).toBe(
        `cache ${store.path}: the file is damaged`,
      );
      database.exec('UPDATE rows_drawn_1 SET absent = NULL WHERE ordinal = 3');
      expect(thrownBy(() => keep(store, 2, answer)).message).toBe(`cache ${store.path}: the file is damaged`);
      keep(store, 2, takenOver(store));
      expect(store.upkeep.snapshots()).toHaveLength(2);
    }));

  it('are read to be kept in another store', () =>
    inStore((store, _, path) => {
      const other = Store.open(`${path}-other`, '1');
      keep(other, 2, takenOver(store));
      expect(other.answer(identity(2), plugin(), '{}')).toEqual({ rows: ROWS, notes: NOTES });
      other.close();
    }));

  it('are none of a draft of the plugin that has other columns', () =>
    inStore((store) => {
      const draft = drawnPlugin({ pid: 'text', more: 'int' }, []);
      expect(store.extents.readsFor('basis', draft, '{}')).toBeUndefined();
    }));
});
