import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { QueryConnection } from '../../src/store/query.ts';
import { Store } from '../../src/store/store.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { finding, verdict } from './kept.ts';
import { identity, inScratch, plugin } from './scratch.ts';

/** A store in which a scan has recorded a snapshot of each of these machines and hours: 1, 2 and so on. */
const withScanned = (
  past: readonly (readonly [machine: string, hour: number])[],
  action: (store: Store, path: string) => void,
): Promise<void> =>
  inScratch((folder) => {
    const path = join(folder, 'cache.sqlite');
    const store = Store.open(path, '1');
    past.forEach(([machineId, hour], index) => {
      const { snapshot, kernel } = fakeFacts();
      const taken = timeAt(hour);
      const which = identity(index + 1, '', Date.parse(taken));
      const facts = { snapshot, kernel: { ...kernel, hostname: machineId, machineId, time: taken } };
      store.keep(which, facts, plugin(), '{}', { rows: [], notes: [] });
      store.scans.note(which.path, which.key, 'recorded', { taken }, index + 1);
    });
    action(store, path);
    store.close();
  });

/** The boot of drawn facts. */
const BOOT = 'since:2026-01-02T03:00:00Z';

const timeAt = (hour: number): string => `2026-01-02T${String(hour).padStart(2, '0')}:00:00.000Z`;

const ask = (path: string, sql: string): unknown => {
  const desk = QueryConnection.open(path, []);
  try {
    const rows = [...desk.ask(sql).rows] as unknown[][];
    return rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell)));
  } finally {
    desk.close();
  }
};

describe('kept verdicts', () => {
  it('tell what counted and what was dark when the policy last judged the machine', () =>
    withScanned(
      [
        ['web', 1],
        ['web', 2],
        ['web', 3],
        ['db', 1],
      ],
      (store) => {
        const known = finding('b', { suppressed: 'known since the baseline', isNew: false });
        store.findings.keep(1, verdict([finding('a'), finding('a'), known]));
        store.findings.keep(3, verdict([finding('c')], { unread: [], digest: 'd2' }));
        const of = { rule: 'hidden-program', fingerprint: 'a' };
        const first = { digest: 'd1', counted: [of, of], unevaluated: ['dark'] };
        const second = { digest: 'd2', counted: [{ ...of, fingerprint: 'c' }], unevaluated: [] };
        const said = (machine: string, hour: number, policy = 'drawn') =>
          store.findings.before(machine, timeAt(hour), policy);
        expect([said('web', 2), said('web', 3), said('web', 9)]).toEqual([first, second, second]);
        expect([said('web', 0), said('db', 9), said('web', 9, 'other')]).toEqual([
          undefined,
          undefined,
          undefined,
        ]);
      },
    ));

  it('are replaced by a later one of the same policy, and stay beside those of others', () =>
    withScanned([['web', 1]], (store, path) => {
      store.findings.keep(1, verdict([finding('a'), finding('b')]));
      store.findings.keep(1, verdict([finding('z')], { policy: 'other' }));
      store.findings.keep(1, verdict([finding('c')]));
      expect(ask(path, 'select policy, fingerprint from findings order by policy')).toEqual([
        ['drawn', 'c'],
        ['other', 'z'],
      ]);
    }));

  it('can be asked in SQL, which tells what was not judged from what was found sound', () =>
    withScanned(
      [
        ['web', 1],
        ['web', 2],
        ['web', 3],
      ],
      (store, path) => {
        store.findings.keep(1, verdict([finding('a', { row: null, suppressed: 'ours' })]));
        store.findings.keep(2, verdict([], { unread: [], notes: [] }));
        expect(ask(path, 'select * from findings')).toEqual([
          [
            ...[
              '/snapshots/1.raw',
              1,
              'web',
              'web',
              BOOT,
              timeAt(1),
              timeAt(1),
              'drawn',
              'hidden-program',
              'high',
            ],
            ...['A program hides', 'a hides', 'pslist', null, 'a', 'ours', 1],
          ],
        ]);
        expect(
          ask(
            path,
            `select s.id, passed, failed, unevaluated, skipped, json_extract(unread, '$[0].reasons[0]')
             from snapshots s left join verdicts v on v.snapshot_id = s.id order by s.id`,
          ),
        ).toEqual([
          [1, 3, 1, 1, 2, 'the list breaks'],
          [2, 3, 1, 1, 2, null],
          [3, null, null, null, null, null],
        ]);
      },
    ));

  it('go with their snapshot, whoever forgets it, and are counted in the list', () =>
    withScanned(
      [
        ['web', 1],
        ['web', 2],
        ['web', 3],
      ],
      (store, path) => {
        const counts = () => ask(path, 'select snapshot_id from findings order by 1');
        for (const id of [1, 2, 3])
          store.findings.keep(id, verdict([finding('a'), finding('b', { suppressed: 'ours' })]));
        expect(store.upkeep.snapshots().map(({ findingCount }) => findingCount)).toEqual([1, 1, 1]);
        store.history.forget([1]);
        expect(counts()).toEqual([[2], [2], [3], [3]]);
        store.upkeep.forget(({ id }) => id === 2);
        expect(counts()).toEqual([[3], [3]]);
        store.upkeep.forgetOutdated([plugin({ version: 2 })]);
        expect(counts()).toEqual([[3], [3]]); // what was said stays, the next scan compares with it
        store.upkeep.clear();
        expect(counts()).toEqual([]);
      },
    ));
});

describe('owed reports', () => {
  it('are those of one folder, the earliest snapshot first, until they are written', () =>
    withScanned(
      [
        ['web', 3],
        ['web', 1],
        ['db', 2],
      ],
      ({ reports, history }) => {
        for (const id of [1, 2, 3]) reports.owe(id, '/reports');
        reports.owe(1, '/elsewhere');
        reports.failed(2, '/reports');
        reports.owe(2, '/reports');
        const [first, ...others] = reports.of('/reports');
        expect(first).toEqual({
          snapshotId: 2,
          path: '/snapshots/2.raw',
          machine: 'web',
          hostname: 'web',
          written: timeAt(1),
          hasTwin: false,
          name: null,
          place: null,
          isLatest: false,
          tries: 1,
        });
        expect(others).toMatchObject([
          { snapshotId: 3, isLatest: true, tries: 0 },
          { snapshotId: 1, isLatest: true, tries: 0 },
        ]);
        reports.settle(1, '/reports');
        history.forget([3]);
        expect(reports.of('/reports').map(({ snapshotId }) => snapshotId)).toEqual([2]);
        expect(reports.of('/elsewhere').map(({ snapshotId }) => snapshotId)).toEqual([1]);
      },
    ));
});
