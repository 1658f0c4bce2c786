// The cache and what scans recorded, asked as one.
// Snapshot 1 is recorded, 2 is remembered, 3 is both.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JoinedStore } from '../../src/store/joined.ts';
import { QueryConnection } from '../../src/store/query.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, inScratch, plugin, ROWS } from './scratch.ts';

const facts = fakeFacts();
const rowsOf = (count: number) => ({ rows: ROWS.slice(0, count), notes: [] });

interface Both {
  readonly joined: JoinedStore;
  readonly cache: Store;
  readonly past: Store;
  /** How often the history was opened. */
  readonly opened: () => number;
}

const inBoth = (action: (both: Both) => void): Promise<void> =>
  inScratch((folder) => {
    const [cache, past] = ['cache', 'history'].map((name) => Store.open(join(folder, name), '1'));
    for (const n of [1, 3]) past!.keep(identity(n), facts, plugin(), '{}', rowsOf(3));
    for (const n of [2, 3]) cache!.keep(identity(n), facts, plugin(), '{}', rowsOf(2));
    let opened = 0;
    const joined = new JoinedStore(cache!, () => {
      opened++;
      return past!;
    });
    try {
      action({ joined, cache: cache!, past: past!, opened: () => opened });
    } finally {
      joined.close();
      past!.close();
    }
  });

describe('two stores', () => {
  it('answer what either knows, and the history is opened for what the cache lacks', () =>
    inBoth(({ joined, opened }) => {
      expect(joined.answer(identity(2), plugin(), '{}')?.rows.length).toBe(2);
      expect(joined.facts(identity(3))?.kernel).toEqual(facts.kernel);
      expect(opened()).toBe(0);
      expect(joined.answer(identity(1), plugin(), '{}')?.rows.length).toBe(3);
      expect(joined.facts(identity(4))).toBeUndefined();
      expect(opened()).toBe(1);
    }));

  it('have no answer of a scan to a snapshot in which another kernel was found since', () =>
    inBoth(({ joined, past }) => {
      const other = { ...facts, kernel: { ...facts.kernel, pageTableRoot: '0x5000' } };
      joined.keepFacts(identity(1), other);
      expect(joined.facts(identity(1))?.kernel.pageTableRoot).toBe('0x5000');
      expect(joined.answer(identity(1), plugin(), '{}')).toBeUndefined();
      joined.forgetSnapshot(identity(1));
      expect(joined.answer(identity(1), plugin(), '{}')?.rows.length).toBe(3);
      expect(past.facts(identity(1))?.kernel).toEqual(facts.kernel);
    }));

  it('have each snapshot once, by a number that leads to it', () =>
    inBoth(({ joined }) => {
      const { history } = joined;
      const snapshots = history.snapshots();
      expect(snapshots.map(({ path }) => path).sort()).toEqual([1, 2, 3].map((n) => identity(n).path));
      for (const { id, path } of snapshots) {
        expect(history.snapshot(id)?.path).toBe(path);
        expect(history.facts(id)?.snapshot.path).toBe(path);
      }
      const lengths = [1, 2, 3].map((n) => history.answer(history.find(identity(n))!, plugin())?.rows.length);
      expect(lengths).toEqual([3, 2, 3]);
      expect(history.find(identity(4))).toBeUndefined();
    }));

  it('keep new answers and tags in the cache, and know the tags of scans', () =>
    inBoth(({ joined, cache, past }) => {
      joined.keep(identity(4), facts, plugin(), '{}', rowsOf(1));
      expect(cache.answer(identity(4), plugin(), '{}')?.rows.length).toBe(1);
      past.extents.of('m', 'aes').remember(new Uint8Array(16).fill(7));
      const tags = joined.extents.of('m', 'aes');
      expect([...tags.recall()]).toEqual(new Array(16).fill(7));
      tags.remember(new Uint8Array(32).fill(8));
      expect(cache.extents.of('m', 'aes').recall().length).toBe(32);
      expect(cache.extents.of('m', 'aes').secret).toEqual(past.extents.of('m', 'aes').secret);
      expect(past.extents.of('m', 'aes').recall().length).toBe(16);
    }));

  it('are asked as one in SQL, where what both know is told by the history', () =>
    inBoth(({ cache, past }) => {
      const desk = QueryConnection.open(past.path, [plugin()], cache.path);
      const ask = (sql: string): unknown[] => [...desk.ask(sql).rows];
      const counts = 'SELECT snapshot, count(*) FROM drawn GROUP BY snapshot ORDER BY snapshot';
      expect(ask(counts)).toEqual([
        [identity(1).path, 3n],
        [identity(2).path, 2n],
        [identity(3).path, 3n],
      ]);
      expect(ask('SELECT count(*), count(DISTINCT id) FROM snapshots')).toEqual([[3n, 3n]]);
      expect(ask('SELECT count(*) FROM drawn JOIN snapshots ON id = snapshot_id')).toEqual([[8n]]);
      expect(() => ask('DELETE FROM beside.run')).toThrow();
      desk.close();
    }));
});
