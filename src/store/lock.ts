import { realpathSync } from 'node:fs';
import Database from 'better-sqlite3';
import { explaining } from './file.ts';

/**
 * That one process at a time works through new snapshots for a cache. It is SQLite's lock on an empty file beside the
 * cache: the system lets go of it with the process, however that ends, so there is none that is left behind.
 */
export class ScanLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** The lock of the cache at `path`, or undefined where another process has it. @throws StoreError */
  static take(path: string): ScanLock | undefined {
    return explaining(path, () => {
      // A cache that is reached by two names is one cache.
      const database = new Database(`${realpathSync(path)}-scan`, { timeout: 0 });
      try {
        database.exec('BEGIN EXCLUSIVE');
        return new ScanLock(database);
      } catch (error) {
        database.close();
        if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return undefined;
        throw error;
      }
    });
  }

  release(): void {
    this.#database.close();
  }
}
