// A lock that lets one scan at a time work on a store.
// The system releases it when the process ends.
import { realpathSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { connect } from './connection.ts';
import { explaining } from './file.ts';

/** An open lock file; it may be another one than the file that has its name by now. */
interface LockFile {
  readonly inode: bigint;
  readonly database: Database.Database;
}

/** Whoever waits looks ten times a second, and connections stay. */
const open = new Map<string, LockFile>();

/**
 * That one process at a time works through new snapshots for a cache. It is SQLite's lock on an empty file beside the
 * cache: the system lets go of it with the process, however that ends, so there is none that is left behind.
 */
export class ScanLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** The lock of the cache at `path`, or undefined where it is taken, by this or another process. @throws StoreError */
  static take(path: string): ScanLock | undefined {
    return explaining(path, () => {
      // A cache that is reached by two names is one cache.
      const database = lockFile(`${realpathSync(path)}-scan`);
      if (database.inTransaction) return undefined;
      try {
        database.exec('BEGIN EXCLUSIVE');
        return new ScanLock(database);
      } catch (error) {
        if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return undefined;
        throw error;
      }
    });
  }

  release(): void {
    this.#database.exec('ROLLBACK');
  }
}

function lockFile(path: string): Database.Database {
  const known = open.get(path);
  if (known !== undefined && known.inode === inodeOf(path)) return known.database;
  const database = connect(path, { timeout: 0 });
  const inode = inodeOf(path);
  if (inode !== undefined) open.set(path, { inode, database });
  return database;
}

const inodeOf = (path: string): bigint | undefined =>
  statSync(path, { bigint: true, throwIfNoEntry: false })?.ino;
