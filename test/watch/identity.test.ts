import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { atBench, type Bench, draw, machine } from './drawn.ts';

/** A snapshot of a machine so many minutes after the first, of which only what differs is told. */
const give = (bench: Bench, name: string, minute: number, own: Partial<KernelFacts> = {}): string =>
  bench.draw(name, { names: ['init'], kernel: machine('web', minute, own) }, 36_000 - minute * 60);

/** What the last scan told of the snapshots that it recorded: the rules that were broken, and of which machine each is. */
const told = async (bench: Bench, ...rest: Parameters<Bench['scan']>): Promise<string[]> => {
  await bench.scan(...rest);
  return bench.events.flatMap((event) => {
    if (event.kind !== 'recorded') return [];
    const { path, previous, anomalies, isNews } = event.recorded;
    const last = (file: string): string => file.split('/').at(-1)!;
    const after = previous === null ? 'first' : `after ${last(previous.path)}`;
    return [[last(path), after, ...anomalies.map(({ rule }) => rule)].join(' ') + (isNews ? '!' : '')];
  });
};

/** The snapshots of each machine, in their order. */
const histories = (bench: Bench): Record<string, string[]> =>
  bench.inStore(({ history }) => {
    const machines: Record<string, string[]> = {};
    for (const { machine: id, path } of history.snapshots())
      (machines[String(id)] ??= []).push(path.split('/').at(-1)!);
    return machines;
  });

const REBOOT = { bootId: 'second', bootTime: '2026-01-02T12:00:00.000Z', uptimeSeconds: 60 };
const OTHER_KERNEL = { kaslr: { virtual: '0x100000', physical: '0x7000000' } };
const UNNAMED_HARDWARE = { machineId: null };

describe('a machine', () => {
  it('is the same in one boot, whatever it calls itself, and another name is news', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1, UNNAMED_HARDWARE);
      give(bench, 'b', 2, { ...UNNAMED_HARDWARE, hostname: 'db' });
      give(bench, 'c', 3, { ...UNNAMED_HARDWARE, hostname: 'db' });
      give(bench, 'd', 4, { hostname: 'db', machineId: 'forged' });
      expect(await told(bench)).toEqual(['a first', 'b after a machine-renamed!', 'c after b', 'd after c']);
      expect(histories(bench)).toEqual({ 'host:web': ['a', 'b', 'c', 'd'] });
    }));

  it('is the same where nobody has asked for its boot ID, if its kernel lies and began where and when it did', () =>
    atBench(async (bench) => {
      const silent = { bootId: null, machineId: null };
      give(bench, 'a', 1, silent);
      give(bench, 'b', 2, { ...silent, hostname: 'db' });
      give(bench, 'c', 3, {
        ...silent,
        hostname: 'db',
        time: '2016-01-02T12:03:00.000Z',
        bootTime: '2016-01-02T02:00:00.000Z',
      });
      give(bench, 'd', 4, { ...silent, hostname: '(none)' });
      give(bench, 'x', 5, { ...silent, hostname: 'db', ...OTHER_KERNEL });
      expect(await told(bench)).toEqual([
        'a first',
        'b after a machine-renamed!',
        'c after b guest-clock-set-back!',
        'd after c guest-clock-set-forward machine-renamed!',
        'x after d!', // by its name alone: it was rebooted
      ]);
      expect(histories(bench)).toEqual({ 'host:web': ['a', 'b', 'c', 'd', 'x'] });
    }));

  it('is not taken for another of its build that lies where all of them do', () =>
    atBench(async (bench) => {
      const silent = { bootId: null, machineId: null, kaslr: { virtual: '0x0', physical: '0x1000000' } };
      give(bench, 'a', 1, silent);
      give(bench, 'x', 2, { ...silent, hostname: 'db' });
      expect(await told(bench)).toEqual(['a first', 'x first']);
    }));

  it('is the same after a reboot by its machine ID, and other hardware is news', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      give(bench, 'b', 5, { ...REBOOT, cpus: 16 });
      expect(await told(bench)).toEqual(['a first', 'b after a hardware-changed!']);
    }));

  it('is another where a known name comes with another machine ID, and that is news once', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      give(bench, 'b', 5, { ...REBOOT, machineId: 'other' });
      give(bench, 'c', 6, { ...REBOOT, machineId: 'other', uptimeSeconds: 120 });
      expect(await told(bench)).toEqual(['a first', 'b first name-claimed-twice!', 'c after b']);
      expect(histories(bench)).toEqual({ 'id-web': ['a'], other: ['b', 'c'] });
    }));

  it('is another where a known name without an ID comes with other hardware', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1, UNNAMED_HARDWARE);
      give(bench, 'b', 5, { ...REBOOT, ...UNNAMED_HARDWARE, cpus: 16 });
      give(bench, 'c', 6, { ...UNNAMED_HARDWARE });
      expect(await told(bench)).toEqual(['a first', 'b first name-claimed-twice!', 'c after a']);
      expect(histories(bench)).toEqual({ 'host:web': ['a', 'c'], 'host:web#2': ['b'] });
    }));

  it('that takes the name of another keeps its own history, and leaves that one’s alone', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      give(bench, 'x', 2, { ...machine('db', 2), ...OTHER_KERNEL });
      await bench.scan();
      give(bench, 'y', 3, { ...machine('db', 3), ...OTHER_KERNEL, hostname: 'web' });
      give(bench, 'b', 4);
      expect(await told(bench)).toEqual(['y after x machine-renamed name-claimed-twice!', 'b after a']);
      expect(histories(bench)).toEqual({ 'id-web': ['a', 'b'], 'id-db': ['x', 'y'] });
    }));

  it('that copies the boot ID of another is told by where its kernel lies', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      give(bench, 'x', 2, { ...machine('db', 2), ...OTHER_KERNEL });
      await bench.scan();
      give(bench, 'y', 3, { ...machine('db', 3), ...OTHER_KERNEL, bootId: 'boot-web' });
      give(bench, 'b', 4);
      expect(await told(bench)).toEqual(['y after x boot-id-claimed-twice!', 'b after a']);
      expect(histories(bench)).toEqual({ 'id-web': ['a', 'b'], 'id-db': ['x', 'y'] });
    }));

  it('that copies the boot ID of another with the same kernel in the same place is told by its own ID', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      give(bench, 'x', 2, machine('db', 2));
      await bench.scan();
      give(bench, 'y', 3, { ...machine('db', 3), bootId: 'boot-web' });
      expect(await told(bench)).toEqual(['y after x boot-id-claimed-twice!']);
      expect(histories(bench)).toEqual({ 'id-web': ['a'], 'id-db': ['x', 'y'] });
    }));
});

describe('two machines that are one by all they say', () => {
  it('are told apart when the boot of the first is back, and their histories part', () =>
    atBench(async (bench) => {
      const clone = (minute: number): Partial<KernelFacts> => ({
        ...machine('web', minute, { bootId: 'clone', bootTime: '2026-01-02T11:00:00.000Z' }),
        uptimeSeconds: 3_600 + minute * 60,
      });
      give(bench, 'a1', 1);
      give(bench, 'b1', 2, clone(2));
      expect(await told(bench)).toEqual(['a1 first', 'b1 after a1!']); // so far it is a reboot
      give(bench, 'a2', 3);
      expect(await told(bench)).toEqual(['a2 after a1 machine-id-claimed-twice!']);
      give(bench, 'b2', 4, clone(4));
      give(bench, 'a3', 5);
      expect(await told(bench)).toEqual(['b2 after b1', 'a3 after a2']);
      expect(histories(bench)).toEqual({ 'id-web': ['a1', 'a2', 'a3'], 'id-web#2': ['b1', 'b2'] });
    }));

  it('stay one history where the operator says that they are one, each boot compared with itself', () =>
    atBench(async (bench) => {
      const clone = { bootId: 'clone', machineId: 'other', bootTime: '2026-01-02T11:00:00.000Z' };
      const all = { machineOf: () => 'shop' };
      give(bench, 'a1', 1);
      give(bench, 'b1', 2, { ...clone, uptimeSeconds: 3_720 });
      give(bench, 'a2', 3);
      give(bench, 'b2', 4, { ...clone, uptimeSeconds: 3_840 });
      expect(await told(bench, all)).toEqual([
        'a1 first',
        'b1 after a1 machine-id-changed!',
        'a2 after a1 name-claimed-twice!',
        'b2 after b1',
      ]);
      expect(histories(bench)).toEqual({ 'name:shop': ['a1', 'b1', 'a2', 'b2'] });
    }));

  it('are one that was set back to an earlier boot, where that has run no further', () =>
    atBench(async (bench) => {
      give(bench, 'a', 10);
      give(bench, 'b', 20, { ...REBOOT });
      await bench.scan();
      give(bench, 'c', 30, { ...machine('web', 5) });
      expect(await told(bench)).toEqual(['c after b guest-clock-set-back guest-state-reverted!']);
      expect(histories(bench)).toEqual({ 'id-web': ['a', 'b', 'c'] });
    }));

  it('are one that was set back within its boot', () =>
    atBench(async (bench) => {
      give(bench, 'a', 20);
      await bench.scan();
      give(bench, 'b', 30, { ...machine('web', 5) });
      expect(await told(bench)).toEqual(['b after a guest-state-reverted!']);
    }));
});

describe('the operator', () => {
  it('names machines by what acquire writes, before anything that they say', () =>
    atBench(async (bench) => {
      give(bench, 'shop-20260101T000000Z.kdump', 1, { hostname: 'localhost' });
      give(bench, 'db-20260101T000010Z.kdump', 2, { hostname: 'localhost' });
      give(bench, 'shop-20260101T000100Z.kdump', 3, { ...REBOOT, machineId: 'n', hostname: 'evil' });
      expect(await told(bench)).toEqual([
        'shop-20260101T000000Z.kdump first',
        'db-20260101T000010Z.kdump first boot-id-claimed-twice!',
        'shop-20260101T000100Z.kdump after shop-20260101T000000Z.kdump machine-renamed machine-id-changed!',
      ]);
      const named = bench.inStore(({ history }) => history.snapshots().map(({ name }) => name));
      expect(named).toEqual(['shop', 'db', 'shop']);
    }));

  it('may name a machine later, which keeps its history', () =>
    atBench(async (bench) => {
      give(bench, 'a', 1);
      await bench.scan();
      const place = join(bench.folder, 'shop');
      mkdirSync(place);
      draw(join(place, 'b'), { kernel: machine('web', 2), names: ['init'] }, 600);
      const all = { places: [place], machineOf: () => 'shop' };
      expect(await told(bench, all)).toEqual(['b after a']);
      expect(histories(bench)).toEqual({ 'id-web': ['a', 'b'] });
      expect(bench.inStore(({ history }) => history.snapshots().map(({ name }) => name))).toEqual([
        'shop',
        'shop',
      ]);
    }));
});

describe('reports', () => {
  it('of two machines never go to one folder, whatever these call themselves', () =>
    atBench(async (bench) => {
      const places: string[] = [];
      const reporter = {
        folder: '/reports',
        nameOf: () => 'web-12345678',
        write: async ({ path }: { path: string }, place: string) => {
          places.push(`${path.split('/').at(-1)} ${place}`);
          return place;
        },
      };
      give(bench, 'a', 1, { machineId: '12345678-a' });
      give(bench, 'b', 2, { ...REBOOT, machineId: '12345678-b' });
      give(bench, 'c', 3, { machineId: '12345678-a', hostname: 'db' });
      await bench.scan({}, { reporter });
      expect(places).toEqual(['a web-12345678', 'b web-12345678-2', 'c web-12345678']);
    }));
});
