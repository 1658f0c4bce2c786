// A disk that fails while a snapshot is read, or while an answer is remembered: the answer is whole, or says what it lacks.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile, type Fault, type Run, spread, vestigeOver } from './failing-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestige-faults-'));
const library = compile(folder);
const snapshot = join(folder, 'web.kdump');
const cache = join(folder, 'cache.sqlite');
/** Calls that fail in turn, of each kind. */
const MOST = 8;
const TIMEOUT_MS = 300_000;

const over = (fault: Fault, ...words: readonly string[]): Run =>
  vestigeOver(library!, folder, fault, ...words);
const none: Fault = { path: 'web.kdump', calls: 'read', kind: 'EIO', at: 0 };
const forget = (): void => {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(`${cache}${end}`, { force: true });
};

let clean: Run;
const ASK = ['pslist', snapshot, '--json'];

beforeAll(() => {
  copyFileSync('samples/web-1/after.kdump', snapshot);
  if (library !== undefined) clean = over(none, ...ASK, '--no-cache');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An answer without what tells of the run. */
function rowsIn({ stdout }: Run): unknown {
  const { results } = JSON.parse(stdout) as { results: { rows: unknown; notes: unknown }[] };
  return results.map(({ rows }) => rows);
}

/** Whether the document or the terminal has a sentence about what could not be read. */
function saysWhatItLacks({ stdout, stderr }: Run): boolean {
  type Noted = { readonly notes: readonly string[] };
  const told = JSON.parse(stdout) as { snapshot: Noted; kernel: Noted; results: readonly Noted[] };
  const notes = [told.snapshot, told.kernel, ...told.results].flatMap((part) => part.notes);
  return notes.length > 0 || stderr !== '';
}

describe.skipIf(library === undefined)('a disk that fails', () => {
  it.each(['EIO', 'short'] as const)(
    'at any read of a snapshot (%s) costs what stood there, and that is said',
    { timeout: TIMEOUT_MS },
    (kind) => {
      expect([clean.status, clean.stderr]).toEqual([0, '']);
      for (const at of spread(clean.calls, MOST)) {
        const run = over({ ...none, kind, at }, ...ASK, '--no-cache', '--strict');
        const where = `read ${at} of ${clean.calls}: ${run.stderr.slice(0, 300)}`;
        expect(run.stderr, where).not.toMatch(/^ {4}at /m);
        if (run.status === 2) expect(run.stderr, where).toMatch(/^vestige: [^\n]+\n$/);
        else if (run.status === 0) expect(rowsIn(run), where).toEqual(rowsIn(clean));
        else expect([run.status, saysWhatItLacks(run)], where).toEqual([1, true]);
      }
    },
  );

  it.each(['EIO', 'ENOSPC', 'short'] as const)(
    'at any write of the cache (%s) costs a line and no answer, and leaves no false one behind',
    { timeout: TIMEOUT_MS },
    (kind) => {
      const fault: Fault = { path: 'cache.sqlite', calls: 'write', kind, at: 0 };
      const words = [...ASK, '--cache', cache];
      forget();
      const { calls } = over(fault, ...words);
      expect(calls).toBeGreaterThan(4);
      for (const at of spread(calls, MOST)) {
        forget();
        const run = over({ ...fault, at }, ...words);
        const where = `write ${at} of ${calls}: ${run.stderr.slice(0, 300)}`;
        expect(run.status, where).toBe(0);
        expect(rowsIn(run), where).toEqual(rowsIn(clean));
        expect(run.stderr, where).not.toMatch(/^ {4}at /m);
        const again = over(none, ...words);
        expect([again.status, rowsIn(again)], where).toEqual([0, rowsIn(clean)]);
      }
    },
  );

  it.each(['EIO', 'short'] as const)(
    'at any read of the cache (%s) costs a line and no answer',
    { timeout: TIMEOUT_MS },
    (kind) => {
      const fault: Fault = { path: 'cache.sqlite', calls: 'read', kind, at: 0 };
      const words = [...ASK, '--cache', cache];
      forget();
      over(none, ...words);
      const { calls } = over(fault, ...words);
      for (const at of spread(calls, MOST)) {
        const run = over({ ...fault, at }, ...words);
        const where = `read ${at} of ${calls}: ${run.stderr.slice(0, 300)}`;
        expect([run.status, rowsIn(run)], where).toEqual([0, rowsIn(clean)]);
        expect(run.stderr, where).not.toMatch(/^ {4}at /m);
      }
    },
  );
});
