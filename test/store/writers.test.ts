import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/store/store.ts';
import { identity, inScratch, plugin } from './scratch.ts';

const WRITER = join(process.cwd(), 'dist/test/store/writer.js');

/** Starts a writer. Its numbers are what it says it has kept. */
function writer(
  path: string,
  first: number,
  count: number,
  rows: number,
): { child: ChildProcess; kept: string[]; ended: Promise<unknown> } {
  const child = spawn(process.execPath, [WRITER, path, ...[first, count, rows].map(String)]);
  const kept: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => kept.push(...text.trim().split('\n')));
  return { child, kept, ended: once(child, 'close') };
}

describe('several processes with one cache', () => {
  it('make it at the same moment and lose nothing, whoever is faster with the same answer', () =>
    inScratch(async (folder) => {
      const path = join(folder, 'cache.sqlite');
      const writers = [0, 10, 20, 0].map((first) => writer(path, first, 20, 50));
      await Promise.all(writers.map(({ ended }) => ended));
      for (const { kept, child } of writers) {
        expect(kept.length).toBe(20);
        expect(child.exitCode).toBe(0);
      }
      const store = Store.open(path, '1');
      for (let n = 0; n < 40; n++) expect(store.answer(identity(n), plugin(), '{}')?.rows.length).toBe(50);
      expect(store.upkeep.snapshots().length).toBe(40);
      store.close();
    }));

  it('may be killed at any moment: what they said was kept is whole, and the rest is not there', () =>
    inScratch(async (folder) => {
      const path = join(folder, 'cache.sqlite');
      for (let round = 0; round < 8; round++) {
        const { child, kept, ended } = writer(path, round * 1000, 1000, 300);
        // The first rounds kill while the file is being made.
        await new Promise((resolve) => setTimeout(resolve, 70 + round * 25));
        child.kill('SIGKILL');
        await ended;
        const store = Store.open(path, '1');
        for (const n of kept)
          expect(store.answer(identity(Number(n)), plugin(), '{}')?.rows.length).toBe(300);
        for (const { rowCount } of store.upkeep.snapshots()) expect(rowCount).toBe(300);
        store.close();
      }
      expect(existsSync(path)).toBe(true);
      expect(readdirSync(folder)).toEqual(['cache.sqlite']);
    }));

  it('are told when the disk is full, and the file stays sound', () =>
    inScratch((folder) => {
      const path = join(folder, 'cache.sqlite');
      // A limit on the size of files (in KiB) is the full disk that needs no rights to make.
      const command = `ulimit -f 256; trap '' XFSZ; exec "${process.execPath}" "${WRITER}" "${path}" 0 1000 100`;
      const { stdout, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
      const said = stdout.trim().split('\n');
      expect(status).toBe(1);
      expect(said.at(-1)).toMatch(/^cache .*: (the disk is full|disk I\/O error)$/);
      const store = Store.open(path, '1');
      for (const n of said.slice(0, -1)) {
        expect(store.answer(identity(Number(n)), plugin(), '{}')?.rows.length).toBe(100);
      }
      store.close();
    }));
});
