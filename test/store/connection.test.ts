import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect, rowsOf } from '../../src/store/connection.ts';
import { ScanLock } from '../../src/store/lock.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const folder = scratchFolder();

const drawn = () => {
  const database = connect(':memory:');
  database.exec(
    'CREATE TABLE thing (a INTEGER, b TEXT); INSERT INTO thing VALUES (1, NULL), (9007199254740993, NULL)',
  );
  return database;
};

describe('a connection', () => {
  it('has one statement for one text, which is as new whenever it is prepared', () => {
    const database = drawn();
    const text = 'SELECT a, b FROM thing WHERE a = ?';
    const first = database.prepare(text).raw().safeIntegers();
    expect(first.all(1)).toEqual([[1n, null]]);
    const second = database.prepare(text);
    expect(second).toBe(first);
    expect(second.all(1)).toEqual([{ a: 1, b: null }]);
    expect(second.pluck().all(1)).toEqual([1]);
    expect(database.prepare(text).get(1)).toEqual({ a: 1, b: null });
    const insert = database.prepare('INSERT INTO thing VALUES (?, ?)');
    expect(database.prepare('INSERT INTO thing VALUES (?, ?)')).toBe(insert);
    expect(insert.run(2, 'x').changes).toBe(1);
  });

  it('prepares again what failed, and what a change of the schema made wrong', () => {
    const database = drawn();
    const text = 'SELECT * FROM later';
    expect(() => database.prepare(text)).toThrow('no such table: later');
    database.exec('CREATE TABLE later (a); INSERT INTO later VALUES (1)');
    expect(database.prepare(text).all()).toEqual([{ a: 1 }]);
    database.exec('DROP TABLE later; CREATE TABLE later (b, c); INSERT INTO later VALUES (2, 3)');
    expect(database.prepare(text).all()).toEqual([{ b: 2, c: 3 }]);
  });

  it('has pragmas as better-sqlite3 has them', () => {
    const database = connect(folder.path('pragmas.sqlite'));
    expect(database.pragma('user_version', { simple: true })).toBe(0);
    expect(database.pragma('user_version = 7')).toBeFalsy();
    expect(database.pragma('user_version', { simple: true })).toBe(7);
    expect(database.pragma('user_version')).toEqual([{ user_version: 7 }]);
    expect(database.pragma('journal_mode = WAL', { simple: true })).toBe('wal');
    database.exec('CREATE TABLE thing (a INTEGER)');
    expect(database.pragma('table_info(thing)')).toMatchObject([{ name: 'a', type: 'INTEGER' }]);
  });

  it('gives rows one by one', () => {
    const database = drawn();
    expect([...rowsOf(database.prepare<[], unknown>('SELECT b FROM thing'))]).toEqual([
      { b: null },
      { b: null },
    ]);
  });

  it('is the only place that makes what must not be collected', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const makers = sources.filter((path) =>
      /\bnew Database\(|\.iterate\(/.test(readFileSync(join('src', path), 'utf8')),
    );
    expect(makers).toEqual(['store/connection.ts']);
  });
});

describe('the lock of a scan', () => {
  const cacheAt = (name: string): string => {
    const path = folder.path(name);
    connect(path).exec('CREATE TABLE thing (a)');
    return path;
  };

  it('is taken once in one process too, and again when it was released', () => {
    const path = cacheAt('once.sqlite');
    const lock = ScanLock.take(path);
    expect(lock).toBeDefined();
    expect(ScanLock.take(path)).toBeUndefined();
    lock!.release();
    const again = ScanLock.take(path);
    expect(again).toBeDefined();
    again!.release();
  });

  it('is of the file that is there, not of one that was deleted', () => {
    const path = cacheAt('deleted.sqlite');
    ScanLock.take(path)!.release();
    rmSync(`${path}-scan`);
    const other = connect(`${path}-scan`, { timeout: 0 });
    other.exec('BEGIN EXCLUSIVE');
    expect(ScanLock.take(path)).toBeUndefined();
    other.exec('ROLLBACK');
    expect(ScanLock.take(path)).toBeDefined();
  });
});
