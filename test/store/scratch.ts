import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import { connect } from '../../src/store/connection.ts';
import { type SnapshotIdentity, Store } from '../../src/store/store.ts';
import { drawnPlugin } from '../support/fake-session.ts';

/** Runs `action` with a folder of its own, gone afterwards. */
export async function inScratch(action: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vestige-store-'));
  try {
    await action(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `action` with a store in a folder of its own, and with the same file as SQLite has it. */
export const inStore = (
  action: (store: Store, database: Database.Database, path: string) => void,
): Promise<void> =>
  inScratch((folder) => {
    const path = join(folder, 'cache.sqlite');
    const store = Store.open(path, '1');
    const database = connect(path);
    try {
      action(store, database, path);
    } finally {
      database.close();
      store.close();
    }
  });

/** A file of `bytes` zeros. */
export function zeros(path: string, bytes: number): string {
  writeFileSync(path, Buffer.alloc(bytes));
  return path;
}

/** The identity of the nth drawn snapshot, of which the file was written so many milliseconds after 1970. */
export const identity = (n = 1, binding = '', writtenMs = 0): SnapshotIdentity => ({
  path: `/snapshots/${n}.raw`,
  binding,
  key: {
    device: '1',
    inode: String(n),
    sizeBytes: 4096,
    modified: String(BigInt(writtenMs) * 1_000_000n + 5n),
    changed: '6',
    digest: 'ab',
  },
});

/** One row of every kind of cell, the extremes of each, and one with none of them. */
export const ROWS: readonly Row[] = [
  {
    pid: 1,
    big: (1n << 64n) - 1n,
    name: 'systemd',
    kernel: false,
    task: 0xffff_8880_0000_1000n,
    started: new Date(1_700_000_000_123),
    cpuTime: 0.1,
  },
  {
    pid: -(2 ** 53) + 1,
    big: (1n << 63n) - 1n,
    name: 'a\0b\n\ud800"\'',
    kernel: true,
    task: 0n,
    started: new Date(-1),
    cpuTime: 1e-9,
  },
  { pid: 0, big: -(1n << 63n), name: '', kernel: null, task: (1n << 64n) - 1n, started: null, cpuTime: 3 },
  {
    pid: { absent: 'swapped' },
    big: { absent: 'not-present' },
    name: { absent: 'not-in-snapshot' },
    kernel: { absent: 'swapped' },
    task: null,
    started: { absent: 'corrupt-structure' },
    cpuTime: { absent: 'swapped' },
  },
];

/** A plugin with a column of every kind. */
export const plugin = (more: Partial<AnyPlugin> = {}): AnyPlugin =>
  drawnPlugin(
    {
      pid: 'int',
      big: 'int',
      name: 'text',
      kernel: 'flag',
      task: 'address',
      started: 'time',
      cpuTime: 'seconds',
    },
    ROWS,
    more,
  );
