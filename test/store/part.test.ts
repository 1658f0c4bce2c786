// What scans recorded leaves the file that used to hold everything.
// A process that is ended on the way leaves what the next one finds here: half a copy, or a copy and all that was copied.
import { copyFileSync, existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ScanLock } from '../../src/store/lock.ts';
import { partHistory } from '../../src/store/part.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { identity, inScratch, plugin, ROWS } from './scratch.ts';

const facts = fakeFacts();
const answer = { rows: ROWS, notes: ['the list breaks'] };
const { digest: _, ...state } = identity(1).key;

/** Runs `action` with a store of before: snapshot 1 is recorded by a scan, with a message; 2 is only remembered. */
const withOld = (action: (from: string, to: string) => void): Promise<void> =>
  inScratch((folder) => {
    const from = join(folder, 'cache.sqlite');
    inStore(from, (store) => {
      for (const n of [1, 2]) store.keep(identity(n), facts, plugin(), '{}', answer);
      store.scans.note('/snapshots/1.raw', state, 'recorded', {}, store.history.find(identity(1))!);
      store.outbox.queue({ id: '1', channel: 'webhook', body: 'news' });
    });
    action(from, join(folder, 'state', 'history.sqlite'));
  });

function inStore<T>(path: string, action: (store: Store) => T): T {
  const store = Store.open(path, '1');
  try {
    return action(store);
  } finally {
    store.close();
  }
}

/** Which snapshots a store has, whole, whether scans used it, and which messages wait. */
const heldBy = (path: string): unknown =>
  inStore(path, (store) => ({
    answers: [1, 2].map((n) => store.answer(identity(n), plugin(), '{}')?.rows.length),
    isUsed: store.scans.isUsed(),
    waiting: store.outbox.waiting('webhook').map(({ body }) => body),
  }));

const HISTORY = { answers: [ROWS.length, undefined], isUsed: true, waiting: ['news'] };
const CACHE = { answers: [undefined, ROWS.length], isUsed: false, waiting: [] };

describe('a store of before', () => {
  it('gives what scans recorded to the history, once, and keeps the rest', () =>
    withOld((from, to) => {
      expect(partHistory(from, to)).toBe('moved');
      expect([heldBy(to), heldBy(from)]).toEqual([HISTORY, CACHE]);
      expect(statSync(to).mode & 0o777).toBe(0o600);
      expect(partHistory(from, to)).toBe('none');
    }));

  it('does so where half a copy was left', () =>
    withOld((from, to) => {
      partHistory(from, to);
      const other = `${to}2`;
      writeFileSync(`${other}.part`, 'half');
      inStore(from, (store) => store.scans.note('/snapshots/2.raw', state, 'other'));
      expect(partHistory(from, other)).toBe('moved');
      expect(existsSync(`${other}.part`)).toBe(false);
    }));

  it('loses what was copied already, and the history nothing', () =>
    withOld((from, to) => {
      copyFileSync(from, `${from}.before`);
      partHistory(from, to);
      copyFileSync(`${from}.before`, from); // as if it had been ended before it could clear it
      expect(partHistory(from, to)).toBe('moved');
      expect([heldBy(to), heldBy(from)]).toEqual([HISTORY, CACHE]);
    }));

  it('is left alone where it has scans that the history lacks', () =>
    withOld((from, to) => {
      partHistory(from, to);
      inStore(from, (store) => store.scans.note('/new', { ...state, inode: '77' }, 'other', { why: 'x' }));
      expect(partHistory(from, to)).toBe('mixed');
      expect(inStore(from, (store) => store.scans.isUsed())).toBe(true);
    }));

  it('is left alone while a scan is at work on it', () =>
    withOld((from, to) => {
      const lock = ScanLock.take(from)!;
      expect(partHistory(from, to)).toBe('busy');
      expect(existsSync(to)).toBe(false);
      lock.release();
      expect(partHistory(from, to)).toBe('moved');
    }));

  it('is not made where there is none', () =>
    inScratch((folder) => {
      expect(partHistory(join(folder, 'none'), join(folder, 'history'))).toBe('none');
      expect(existsSync(join(folder, 'none'))).toBe(false);
    }));
});
