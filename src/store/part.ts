// One file used to hold everything. What scans recorded in it cannot be found out again, and goes to a file of its own.
// Killed anywhere, this is done or begun again: the new file appears whole, and only then is anything taken from the old one.

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { makeFolder } from '../files/make-folder.ts';
import { connect } from './connection.ts';
import { explaining, openDatabase } from './file.ts';
import { ScanLock } from './lock.ts';

/** What of a file is recorded by scans, as SQL: all other snapshots are only remembered. */
const RECORDED = 'SELECT snapshot_id FROM scanned WHERE snapshot_id IS NOT NULL';

/**
 * What came of it: there was nothing to move; it has moved; a scan of an older version is at work; both files have scans, and
 * the old one some that the new one lacks, so it stays as it is.
 */
export type Parting = 'none' | 'moved' | 'busy' | 'mixed';

/** Moves what scans recorded in the store at `from` to the one at `to`, which is made where there is none. @throws StoreError */
export function partHistory(from: string, to: string): Parting {
  if (!existsSync(from)) return 'none';
  return explaining(from, () => {
    const database = openDatabase(from);
    try {
      if (database.readonly || !holdsScans(database)) return 'none';
      const lock = ScanLock.take(from);
      if (lock === undefined) return 'busy';
      try {
        if (!existsSync(to)) copyHistory(database, to);
        else if (!isMoved(database, to)) return 'mixed';
        database.transaction(() => dropHistory(database)).immediate();
        return 'moved';
      } finally {
        lock.release();
      }
    } finally {
      database.close();
    }
  });
}

const holdsScans = (database: Database.Database): boolean =>
  database.prepare('SELECT 1 FROM scanned LIMIT 1').get() !== undefined;

/** Makes the new file beside its name, and gives it its name when all of it is on the disk. */
function copyHistory(database: Database.Database, to: string): void {
  const part = `${to}.part`;
  explaining(to, () => {
    makeFolder(dirname(to), 0o700);
    for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(part + suffix, { force: true });
    closeSync(openSync(part, 'wx', 0o600)); // SQLite takes an empty file as it is, mode and all
    database.prepare('VACUUM INTO ?').run(part);
    const copy = connect(part);
    try {
      copy.pragma('foreign_keys = ON');
      copy.exec(`DELETE FROM snapshot WHERE id NOT IN (${RECORDED})`);
    } finally {
      copy.close();
    }
    const descriptor = openSync(part, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
    renameSync(part, to);
  });
}

/** Whether the other file has what this one has: a process was ended between the copy and the clearing. */
function isMoved(database: Database.Database, to: string): boolean {
  database.prepare('ATTACH ? AS moved').run(to);
  try {
    return (
      database
        .prepare(
          `SELECT 1 FROM main.scanned WHERE (device, inode, size, modified, changed) NOT IN
             (SELECT device, inode, size, modified, changed FROM moved.scanned) LIMIT 1`,
        )
        .get() === undefined
    );
  } finally {
    database.exec('DETACH moved');
  }
}

/** What is left can be found out again. */
function dropHistory(database: Database.Database): void {
  database.exec(`DELETE FROM snapshot WHERE id IN (${RECORDED}); DELETE FROM scanned; DELETE FROM outbox;`);
}
