import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { connect } from '../../src/store/connection.ts';
import { provenanceOf } from '../../src/store/provenance.ts';
import { MIGRATIONS } from '../../src/store/schema.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { OLD_SCHEMAS } from './old-schemas.ts';
import { identity, inScratch, plugin } from './scratch.ts';

/** What each step was when it was published: files out there have taken it so. Add a line for each new step. */
const PUBLISHED = [
  'd4926e9758cf',
  '88876b3c4bcc',
  'ce4e6654ed34',
  'fb0fff1aa320',
  'a7c54fb4f64e',
  '20b017b90bea',
  '684699807c26',
  '88f1156a9b84',
  '745bce4929e5',
  '075d69d24b1d',
];

const { snapshot, kernel } = fakeFacts('/snapshots/1.raw');
const { machineId: _machine, bootId: _boot, ...older } = kernel;

/** Facts of many ages and their places. */
const FACTS: readonly (readonly [
  kernel: Partial<KernelFacts>,
  machine: string | null,
  boot: string | null,
])[] = [
  [older, 'host:guest', 'since:2026-01-02T03:00:00Z'],
  [{ ...older, hostname: '(none)', bootTime: null }, null, null],
  [{ ...older, hostname: '' }, null, 'since:2026-01-02T03:00:00Z'],
  [{ ...older, hostname: null, time: null }, null, 'since:2026-01-02T03:00:00Z'],
  [{ ...kernel, machineId: 'c0de', bootId: 'b007', notes: ['the list breaks'] }, 'c0de', 'b007'],
  [{ banner: 'x' }, null, null],
];

/** The schema from which on a snapshot has its place as columns. */
const WITH_PLACES = 3;

/** A cache as the program made it when it knew `version` steps, with a snapshot of each of the facts and one row. */
function old(folder: string, version: number): string {
  const path = join(folder, `schema-${version}.sqlite`);
  const database = connect(path);
  database.exec(OLD_SCHEMAS[version - 1]!);
  const insert = database.prepare(
    `INSERT INTO snapshot (id, path, device, inode, size, modified, changed, digest, binding, program, facts, seen)
     VALUES (?, ?, '1', ?, 4096, '5', '6', 'ab', '', '1', ?, '2026')`,
  );
  FACTS.forEach(([told], index) => {
    const id = index + 1;
    insert.run(id, `/snapshots/${id}.raw`, String(id), JSON.stringify({ snapshot, kernel: told }));
    if (version < WITH_PLACES) return;
    for (const [column, value] of Object.entries(provenanceOf({ snapshot, kernel: told })))
      database.prepare(`UPDATE snapshot SET ${column} = ? WHERE id = ?`).run(value, id);
  });
  insert.run(99, '/snapshots/99.raw', '99', '{"snapshot":');
  database.close();
  return path;
}

describe('the steps from schema to schema', () => {
  it('are what they were when they were published', () => {
    const digests = MIGRATIONS.map((step) => createHash('sha256').update(step).digest('hex').slice(0, 12));
    expect(digests).toEqual(PUBLISHED);
  });

  it.each(OLD_SCHEMAS.map((_, index) => index + 1))('lead from schema %i to here', (version) =>
    inScratch((folder) => {
      const path = old(folder, version);
      const store = Store.open(path, '1');
      const places = store.history.snapshots();
      for (const [index, [told, machine, boot]] of FACTS.entries()) {
        const place = provenanceOf({ snapshot, kernel: told });
        expect(place).toMatchObject({ machine, boot, taken: snapshot.takenAt });
        expect(places.find(({ id }) => id === index + 1)).toMatchObject(place);
      }
      expect(store.history.snapshot(99)).toMatchObject({ machine: null, boot: null, taken: null });
      const { machine } = provenanceOf({ snapshot, kernel: FACTS[4]![0] });
      const again = { snapshot, kernel: { ...kernel, ...FACTS[4]![0], hostname: 'renamed' } };
      // Whose boot it is is known, under any name.
      expect(store.machines.identify(again, { written: '2026' })).toMatchObject({ machine, conflicts: [] });
      expect(new Set(places.map(({ written }) => written))).toEqual(new Set(['1970-01-01T00:00:00.000Z']));
      expect(store.answer(identity(), plugin(), '{}')).toMatchObject({ notes: ['n'], rows: [{ pid: 7 }] });
      store.close();
      const database = connect(path, { readonly: true });
      expect(database.prepare('SELECT snapshot_id, machine, taken, pid FROM drawn').all()).toEqual([
        { snapshot_id: 1, machine: 'host:guest', taken: snapshot.takenAt, pid: 7 },
      ]);
      expect(database.prepare('SELECT count(*) FROM findings, verdicts, owed_report').pluck().get()).toBe(0);
      expect(
        database.prepare('SELECT id, hostname, format, buildId FROM snapshots WHERE id IN (5, 99)').all(),
      ).toEqual([
        { id: 5, hostname: 'guest', format: 'raw', buildId: 'c0ffee' },
        { id: 99, hostname: null, format: null, buildId: null },
      ]);
      database.close();
    }),
  );

  it('are taken once by several processes that open an old file at the same moment', () =>
    inScratch(async (folder) => {
      const path = old(folder, 1);
      const writer = join(process.cwd(), 'dist/test/store/writer.js');
      const writers = [100, 200, 300, 400].map((first) =>
        spawn(process.execPath, [writer, path, String(first), '5', '20'], { stdio: 'ignore' }),
      );
      const codes = await Promise.all(
        writers.map(async (child) => (await once(child, 'close'))[0] as number),
      );
      expect(codes).toEqual([0, 0, 0, 0]);
      const store = Store.open(path, '1');
      expect(store.history.snapshots()).toHaveLength(FACTS.length + 1 + 20);
      expect(store.answer(identity(), plugin(), '{}')?.rows).toHaveLength(1);
      store.close();
    }));
});

describe('a store of a newer schema', () => {
  it('is refused without being touched, though a log lies beside it', () =>
    inScratch((folder) => {
      const path = join(folder, 'newer.sqlite');
      Store.open(path, '1').close();
      const writer = connect(path);
      writer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
      writer.pragma('wal_checkpoint(TRUNCATE)');
      writer.exec('CREATE TABLE tomorrow (x)');
      const look = (): unknown[] =>
        [path, `${path}-wal`].map((file) => [readFileSync(file).toString('base64'), statSync(file).mtimeMs]);
      utimesSync(path, 1, 1);
      const before = look();
      expect(() => Store.open(path, '1')).toThrow(
        `the file has schema ${MIGRATIONS.length + 1}, and this version`,
      );
      expect(look()).toEqual(before);
      writer.close();
    }));
});
