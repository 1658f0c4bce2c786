// Files that change while nothing tells so.
// Shared memory is what a guest's memory mostly is: /dev/shm is there on every Linux.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/store/connection.ts';
import { keyOf, keyOfSettled } from '../../src/store/key.ts';
import { isMappedForWriting, whyMoving, whyNotRemembered } from '../../src/store/moving.ts';
import { inScratch, zeros } from './scratch.ts';

const LATER = Date.now() + 3_600_000;
const SHARED_MEMORY = '/dev/shm';

/** Runs `action` on a file that a connection in WAL mode has mapped, as SQLite maps its index of the log. */
function whileMapped(folder: string, action: (mapped: string, other: string) => void): void {
  const path = join(folder, 'store.sqlite');
  const database = connect(path);
  try {
    database.pragma('journal_mode = WAL');
    database.exec('CREATE TABLE a (b)');
    action(`${path}-shm`, path);
  } finally {
    database.close();
  }
}

describe.runIf(existsSync(SHARED_MEMORY))('a file in memory', () => {
  it('has no key, however long its times have stayed, unless somebody knows that it is at rest', () => {
    const folder = mkdtempSync(join(SHARED_MEMORY, 'vestige-test-'));
    try {
      const path = zeros(join(folder, 'a.raw'), 8192);
      expect(keyOf(path, LATER)).toBeNull();
      expect(whyMoving(path, 0)).toBe(
        'it lies in a file system (tmpfs) whose files can change while their times do not',
      );
      expect(whyNotRemembered(path)).toContain('tmpfs');
      expect(keyOfSettled(path)?.sizeBytes).toBe(8192);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('has none where the system makes it as it is read', () => {
    expect(keyOf('/proc/self/environ', LATER)).toBeNull();
    expect(whyMoving('/proc/self/environ', 0)).toContain('proc');
  });
});

describe('a file on a disk', () => {
  it('moves while a program has it mapped for writing, and not when its times have had time to tell', () =>
    inScratch((folder) =>
      whileMapped(folder, (mapped, other) => {
        expect(isMappedForWriting(mapped)).toBe(true);
        expect(isMappedForWriting(other)).toBe(false);
        const { ctimeMs } = statSync(mapped);
        expect(whyMoving(mapped, ctimeMs)).toBe('a running program writes it through a mapping');
        expect(whyMoving(mapped, ctimeMs, LATER)).toBeUndefined();
        expect(whyMoving(other, ctimeMs)).toBeUndefined();
      }),
    ));

  it('is at rest where it is none', () => {
    expect(isMappedForWriting('/no/such/file')).toBe(false);
    expect(whyNotRemembered('/no/such/file')).toBeUndefined();
  });
});

describe('a pipe', () => {
  it('has no key, and is not waited for', () =>
    inScratch((folder) => {
      const path = join(folder, 'pipe');
      expect(spawnSync('mkfifo', [path]).status).toBe(0);
      expect(keyOf(path, LATER)).toBeNull();
      expect(keyOfSettled(path)).toBeNull();
    }));
});
