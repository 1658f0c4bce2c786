import { describe, expect, it } from 'vitest';
import { KeptExtents } from '../../src/store/extents.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, inStore, plugin } from './scratch.ts';

const tags = (fill: number, length = 64): Uint8Array => new Uint8Array(length).fill(fill);

describe('what sweeps leave', () => {
  it('is there the next time, with its secret, for this machine, scanner and version alone', () =>
    inStore((store, _, path) => {
      const first = store.extents.of('m', 'aes');
      expect(first.recall().length).toBe(0);
      first.remember(tags(1));
      const again = store.extents.of('m', 'aes');
      expect(Buffer.from(again.recall())).toEqual(Buffer.from(tags(1)));
      expect(Buffer.from(again.secret)).toEqual(Buffer.from(first.secret));
      again.remember(tags(2, 32));
      expect(Buffer.from(store.extents.of('m', 'aes').recall())).toEqual(Buffer.from(tags(2, 32)));
      const others = [store.extents.of('n', 'aes'), store.extents.of('m', 'words')];
      for (const other of others) expect(other.recall().length).toBe(0);
      expect(Buffer.from(others[0]!.secret)).not.toEqual(Buffer.from(first.secret));
      const newer = Store.open(path, '2');
      expect(newer.extents.of('m', 'aes').recall().length).toBe(0);
      newer.close();
    }));

  it('has one secret for all scanners of a machine, from before anything is kept', () =>
    inStore((store) => {
      const [aes, words] = ['aes', 'words'].map((scanner) => store.extents.of('m', scanner));
      expect(Buffer.from(words!.secret)).toEqual(Buffer.from(aes!.secret));
      store.extents.of('n', 'aes');
      aes!.remember(tags(1));
      for (const scanner of ['words', 'more'])
        expect(Buffer.from(store.extents.of('m', scanner).secret)).toEqual(Buffer.from(aes!.secret));
    }));

  it('is bounded: what was left longest ago goes first, and what is too much is not kept', () =>
    inStore((_, database) => {
      const extents = new KeptExtents('cache', database, '1', 200);
      for (const machine of ['a', 'b', 'c', 'b']) extents.of(machine, 'aes').remember(tags(1, 80));
      extents.of('c', 'aes').remember(tags(1, 201));
      const left = ['a', 'b', 'c'].map((machine) => extents.of(machine, 'aes').recall().length);
      expect(left).toEqual([0, 80, 80]);
    }));

  it('counts as nothing where it is damaged', () =>
    inStore((store, database) => {
      for (const damage of ["secret = 'x'", "secret = x'00'", "tags = 'many'"]) {
        store.extents.of('m', 'aes').remember(tags(1));
        database.exec(`UPDATE extents SET ${damage}`);
        const { secret, recall } = store.extents.of('m', 'aes');
        expect([secret.length, recall().length]).toEqual([32, 0]);
      }
    }));

  it('is forgotten with everything else', () =>
    inStore((store) => {
      store.extents.of('m', 'aes').remember(tags(1));
      store.upkeep.clear();
      expect(store.extents.of('m', 'aes').recall().length).toBe(0);
    }));
});

describe('what answers were read from', () => {
  const keep = (store: Store, n: number, reads: Uint8Array): number => {
    const rows = { rows: [], notes: [] };
    store.keep(identity(n), fakeFacts(identity(n).path), plugin(), '{}', rows);
    const id = store.history.find(identity(n))!;
    store.extents.keepReads(id, plugin(), '{}', 'basis', reads);
    return id;
  };

  it('is kept of the latest answer on each basis, and goes with its snapshot', () =>
    inStore((store, database) => {
      keep(store, 1, tags(1));
      const second = keep(store, 2, tags(2));
      const kept = store.extents.readsFor('basis', plugin(), '{}')!;
      expect([kept.rows.snapshotId, ...kept.reads]).toEqual([second, ...tags(2)]);
      expect(database.prepare('SELECT count(*) FROM reads').pluck().get()).toBe(1);
      expect(store.extents.readsFor('other', plugin(), '{}')).toBeUndefined();
      expect(store.extents.readsFor('basis', plugin(), '{"a":1}')).toBeUndefined();
      store.history.forget([second]);
      expect(store.extents.readsFor('basis', plugin(), '{}')).toBeUndefined();
    }));

  it('is not kept of an answer that is not there, and not believed where it is damaged', () =>
    inStore((store, database) => {
      store.extents.keepReads(99, plugin(), '{}', 'basis', tags(1));
      expect(store.extents.readsFor('basis', plugin(), '{}')).toBeUndefined();
      keep(store, 1, tags(1));
      database.exec("UPDATE reads SET reads = 'text'");
      expect(store.extents.readsFor('basis', plugin(), '{}')).toBeUndefined();
    }));
});
