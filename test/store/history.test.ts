import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StoreInterface } from '../../src/store/interface.ts';
import { Store } from '../../src/store/store.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';
import { identity, inScratch, plugin, ROWS } from './scratch.ts';

/** Facts of a machine at an hour of a day. */
function factsAt(machineId: string | null, hour: number | null): ReturnType<typeof fakeFacts> {
  const { snapshot, kernel } = fakeFacts();
  const time = hour === null ? null : `2026-01-02T${String(hour).padStart(2, '0')}:00:00.000Z`;
  return {
    snapshot: { ...snapshot, takenAt: time },
    kernel: { ...kernel, machineId, bootId: `b of ${machineId}`, time },
  };
}

/** Does something with a store that remembers snapshots 1, 2 and so on of these machines and hours. */
const withPast = (
  past: readonly (readonly [machine: string | null, hour: number | null, binding?: string])[],
  action: (store: StoreInterface) => void,
): Promise<void> =>
  inScratch((folder) => {
    const store: StoreInterface = Store.open(join(folder, 'cache.sqlite'), '1');
    past.forEach(([machine, hour, binding], index) => {
      const which = identity(index + 1, binding, (index * 7) % 5);
      store.keep(which, factsAt(machine, hour), plugin(), '{}', { rows: ROWS, notes: ['n'] });
    });
    action(store);
    store.close();
  });

const ids = (list: readonly { readonly id: number }[]): number[] => list.map(({ id }) => id);

describe('the history', () => {
  it('lists the snapshots of all machines or of one by the time their files were written, whatever their clocks say', () =>
    withPast(
      [
        ['a', 5],
        ['b', 1],
        ['a', 3],
        ['a', null],
        ['a', 3],
      ],
      ({ history }) => {
        expect(ids(history.snapshots())).toEqual([1, 4, 2, 5, 3]);
        expect(ids(history.snapshots('a'))).toEqual([1, 4, 5, 3]);
        expect(ids(history.snapshots('c'))).toEqual([]);
        expect(history.snapshots('b')).toEqual([
          {
            id: 2,
            path: '/snapshots/2.raw',
            sizeBytes: 4096,
            binding: '',
            name: null,
            written: '1970-01-01T00:00:00.002Z',
            digest: 'ab',
            seen: expect.stringMatching(/^\d{4}-.*Z$/) as string,
            machine: 'b',
            boot: 'b of b',
            hostname: 'guest',
            release: '6.1.0-50-cloud-amd64',
            architecture: 'x86-64',
            taken: '2026-01-02T01:00:00.000Z',
          },
        ]);
        expect(history.snapshot(2)).toEqual(history.snapshots('b')[0]);
        expect(history.snapshot(9)).toBeUndefined();
        expect(history.find(identity(2, '', 2))).toBe(2);
        expect(history.find(identity(2, 'base', 2))).toBeUndefined();
      },
    ));

  it('gives facts and whole answers by number, whichever version of the program asked', () =>
    inScratch((folder) => {
      const path = join(folder, 'cache.sqlite');
      const first = Store.open(path, '1');
      first.keep(identity(), factsAt('a', 5), plugin(), '{}', { rows: ROWS, notes: ['n'] });
      first.keep(identity(), factsAt('a', 5), plugin(), '{"depth":1}', { rows: [], notes: [] });
      first.close();
      const store = Store.open(path, '2');
      expect(store.answer(identity(), plugin(), '{}')).toBeUndefined();
      expect(store.history.answer(1, plugin())).toEqual({ rows: ROWS, notes: ['n'] });
      expect(store.history.answer(1, plugin(), '{"depth":1}')).toEqual({ rows: [], notes: [] });
      expect(store.history.answer(1, plugin({ version: 2 }))).toBeUndefined();
      expect(store.history.answer(2, plugin())).toBeUndefined();
      expect(store.history.facts(1)?.snapshot.path).toBe('/snapshots/1.raw');
      expect(store.history.facts(1)?.kernel).toEqual(factsAt('a', 5).kernel);
      expect(store.history.facts(2)).toBeUndefined();
      store.close();
    }));

  it('follows the facts where a later version reads more of them', () =>
    withPast([[null, 5]], (store) => {
      const later = factsAt('a', 6);
      expect(store.history.snapshot(1)?.machine).toBe('host:guest');
      store.keep(
        identity(),
        { ...later, kernel: { ...later.kernel, bootId: 'b of null' } },
        drawnPlugin({ pid: 'int' }, [], { name: 'other' }),
        '{}',
        {
          rows: [],
          notes: [],
        },
      );
      expect(store.history.snapshots()).toHaveLength(1);
      // The same boot under a better name is the machine that it was.
      expect(store.history.snapshot(1)).toMatchObject({
        machine: 'host:guest',
        taken: '2026-01-02T06:00:00.000Z',
      });
    }));

  it('tells where the kernels of the snapshots added last were found', () =>
    inScratch((folder) => {
      const store = Store.open(join(folder, 'cache.sqlite'), '1');
      const keep = (number: number, vmcoreinfoAt: string | null | undefined): void => {
        const { snapshot, kernel } = factsAt('a', number % 24);
        const facts = { snapshot, kernel: { ...kernel, vmcoreinfoAt: vmcoreinfoAt! } };
        store.keep(identity(number), facts, plugin(), '{}', { rows: [], notes: [] });
      };
      ['0x7f000', null, undefined, '0x9000', '0x7f000', 'nowhere'].forEach((at, index) => {
        keep(index + 1, at);
      });
      expect(store.history.vmcoreinfoPages()).toEqual([0x7f000, 0x9000]);
      for (let number = 7; number < 200; number++) keep(number, '0x4000');
      expect(store.history.vmcoreinfoPages()).toEqual([0x4000]);
      store.close();
    }));

  it('forgets snapshots by number, with all their rows', () =>
    withPast(
      [
        ['a', 1],
        ['a', 2],
        ['a', 3],
      ],
      ({ history, upkeep }) => {
        expect(history.forget([1, 3, 9])).toBe(2);
        expect(history.forget([])).toBe(0);
        expect(history.answer(1, plugin())).toBeUndefined();
        expect(history.answer(2, plugin())?.rows).toEqual(ROWS);
        expect(upkeep.snapshots().map(({ id, rowCount }) => [id, rowCount])).toEqual([[2, ROWS.length]]);
      },
    ));
});
