// Opens, creates, migrates and discards the SQLite file.
// Files of other programs are not touched.
import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import { makeFolder } from '../files/make-folder.ts';
import { connect } from './connection.ts';
import { APPLICATION_ID, MIGRATIONS, migrate, refuseNewer } from './schema.ts';
import { UnusableStore } from './unusable.ts';

/** How long a writer waits for another, in milliseconds. */
const PATIENCE_MS = 5_000;
/** The header of a SQLite file, and where in it the pragmas `user_version` and `application_id` are kept (sqlite.org/fileformat.html, 1.3). */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const SIGNATURE = 'SQLite format 3\0';
const NO_FILE = 'it is no regular file';

/**
 * Opens the cache file, making it (and its folder) for its owner alone where it is not there. A file of another
 * program is not touched: not even SQLite gets to see it. @throws StoreError, or what SQLite or the system throws
 */
export function openDatabase(path: string): Database.Database {
  const isWritable = makeWritable(path);
  refuseForeign(path);
  const database = isWritable ? connect(path, { timeout: PATIENCE_MS }) : connectReadonly(path);
  try {
    database.pragma('synchronous = NORMAL');
    database.pragma('foreign_keys = ON');
    migrate(database);
    if (isWritable) switchToWal(database);
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
}

/**
 * Opens a cache that is there so that nothing can be written to it; one of an older schema is brought up to date
 * first. @throws StoreError, or what SQLite or the system throws
 */
export function openReadonly(path: string): Database.Database {
  if (!existsSync(path)) throw new StoreError('there is no such file: nothing has been remembered yet');
  refuseForeign(path);
  if (headerOf(path)?.readUInt32BE(USER_VERSION_AT) !== MIGRATIONS.length) openDatabase(path).close();
  return connectReadonly(path);
}

/** A larger store is not taken into memory. */
const MOST_COPIED_BYTES = 256 * 2 ** 20;
/** Where the header says which journal a file has for whoever writes and reads it: 1 a rollback journal, 2 a log (sqlite.org/fileformat.html, 1.3). */
const JOURNALS_AT = [18, 19];

/**
 * A file that may only be read. SQLite keeps an index of the log beside the file, even to read: in a folder that takes no
 * files, what is in the file is read as it is, which is all that there is unless somebody was ended over it.
 */
function connectReadonly(path: string): Database.Database {
  const database = connect(path, { timeout: PATIENCE_MS, readonly: true, fileMustExist: true });
  try {
    database.pragma('schema_version');
    return database;
  } catch (error) {
    database.close();
    const { code } = error as { code?: unknown };
    const hasLog = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (
      !/^SQLITE_(CANTOPEN|READONLY)/.test(String(code)) ||
      hasLog ||
      statSync(path).size > MOST_COPIED_BYTES
    )
      throw error;
    const bytes = readFileSync(path);
    for (const at of JOURNALS_AT) bytes[at] = 1;
    return connect(bytes, { readonly: true });
  }
}

/** Readers and writers then do not wait for each other. The file keeps the mode, so that one process succeeds is enough. */
function switchToWal(database: Database.Database): void {
  try {
    database.pragma('journal_mode = WAL');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
  }
}

/**
 * Deletes a cache file that SQLite can no longer make sense of, with what SQLite keeps beside it. One whose
 * header does not say that it is a cache stays. @throws StoreError, or what the system throws
 */
export function discard(path: string): void {
  if (headerOf(path)?.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new StoreError('the file is no cache, and is left alone');
  }
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

/** Makes the file where there is none. False where it is there and may only be read: its answers are still good. */
function makeWritable(path: string): boolean {
  // A pipe would be waited for until somebody reads it.
  if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw new StoreError(NO_FILE);
  try {
    makeFolder(dirname(path), 0o700);
    closeSync(openSync(path, 'a', 0o600)); // SQLite's own files beside it take the same mode
    return true;
  } catch (error) {
    if (!existsSync(path)) throw error;
    return false;
  }
}

/** What another program left here is not ours to change. An empty file is nobody's. */
function refuseForeign(path: string): void {
  const stat = statSync(path);
  if (!stat.isFile()) throw new StoreError(NO_FILE);
  // A process killed while it made the file left a journal: only SQLite can tell what the file was.
  if (stat.size === 0 || existsSync(`${path}-journal`)) return;
  const header = headerOf(path);
  if (header === undefined) throw new StoreError('the file is no cache');
  if (header.readUInt32BE(APPLICATION_ID_AT) !== APPLICATION_ID) {
    throw new StoreError('the file is a database of another program');
  }
  // Before SQLite opens it: even that would write what a log beside it holds into the file.
  refuseNewer(header.readUInt32BE(USER_VERSION_AT));
  // Rows tell what was in somebody's memory: a cache that others may read was copied or restored carelessly.
  if ((stat.mode & 0o077) !== 0 && stat.uid === process.getuid?.()) chmodSync(path, 0o600);
}

/** The header of a SQLite file; undefined for any other file. */
function headerOf(path: string): Buffer | undefined {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    const had = readSync(descriptor, header, 0, HEADER_BYTES, 0);
    return had === HEADER_BYTES && header.toString('latin1', 0, 16) === SIGNATURE ? header : undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** Runs `action`, turning what SQLite or the system says into one StoreError. */
export function explaining<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (error instanceof StoreError) {
      // One action may be a part of another: it is explained once, and stays what it is.
      if (!message.startsWith(`cache ${path}: `)) error.message = `cache ${path}: ${message}`;
      throw error;
    }
    if (error instanceof SyntaxError) throw new UnusableStore(`cache ${path}: ${DAMAGED}`); // JSON in a column
    if (typeof code !== 'string') throw error;
    const reason = `cache ${path}: ${reasonFor(code) ?? message}`;
    throw /^SQLITE_(CORRUPT|NOTADB)/.test(code) ? new UnusableStore(reason) : new StoreError(reason);
  }
}

const DAMAGED = 'the file is damaged';

/** SQLite refines its codes: SQLITE_CORRUPT_INDEX is SQLITE_CORRUPT too (sqlite.org/rescode.html). */
const reasonFor = (code: string): string | undefined =>
  Object.entries(REASONS).find(([known]) => code === known || code.startsWith(`${known}_`))?.[1];

const REASONS: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: 'the file is no cache',
  SQLITE_CORRUPT: DAMAGED,
  SQLITE_FULL: 'the disk is full',
  SQLITE_READONLY: 'the file cannot be written',
  SQLITE_CANTOPEN: 'the file or its folder cannot be written',
  SQLITE_BUSY: 'another process keeps it locked',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOENT: 'the folder cannot be made',
  EEXIST: 'a part of the path is no directory',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
};
