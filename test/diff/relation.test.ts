import { describe, expect, it } from 'vitest';
import { relate } from '../../src/diff/relation.ts';
import { Follower, inOrderOfTime } from '../../src/diff/timeline.ts';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';

const kernel = (own: Partial<KernelFacts> = {}): KernelFacts => ({ ...fakeFacts().kernel, ...own });
const later = { time: '2026-01-02T04:04:05.000Z', uptimeSeconds: 3845 };

describe('how two snapshots belong together', () => {
  it.each<[string, Partial<KernelFacts>, Partial<KernelFacts>, string, string]>([
    ['the boot’s own ID', { bootId: 'a' }, { bootId: 'a', ...later }, 'same', 'same'],
    [
      'another boot ID, the machine’s UUID',
      { bootId: 'a', machineId: 'm' },
      { bootId: 'b', machineId: 'm' },
      'same',
      'other',
    ],
    [
      'another machine UUID',
      { bootId: 'a', machineId: 'm' },
      { bootId: 'b', machineId: 'n' },
      'other',
      'other',
    ],
    ['the host name alone', { bootId: 'a' }, { bootId: 'b' }, 'likely', 'other'],
    ['another host name', { bootId: 'a' }, { bootId: 'b', hostname: 'x' }, 'other', 'other'],
    [
      'a name that is none',
      { bootId: 'a', hostname: '(none)' },
      { bootId: 'b', hostname: '(none)' },
      'unknown',
      'other',
    ],
    ['no name at all', { bootId: 'a', hostname: null }, { bootId: 'b' }, 'unknown', 'other'],
    ['the same dice of KASLR, the same start', {}, later, 'same', 'same'],
    [
      'the boot’s own ID, copied from another machine',
      { bootId: 'a', machineId: 'm' },
      { bootId: 'a', machineId: 'n', kaslr: { virtual: '0x0', physical: '0x1000000' } },
      'other',
      'other',
    ],
    ['other dice', {}, { kaslr: { virtual: '0x0', physical: '0x1000000' } }, 'likely', 'other'],
    ['the same dice, another start', {}, { bootTime: '2026-01-05T00:00:00.000Z' }, 'likely', 'unknown'],
    ['another kernel', {}, { banner: 'Linux version 9' }, 'likely', 'other'],
  ])('is told by %s', (_, one, other, machine, boot) => {
    const relation = relate({ kernel: kernel(one) }, { kernel: kernel(other) });
    expect([relation.machine, relation.boot]).toEqual([machine, boot]);
  });

  it.each<[string, Partial<KernelFacts>, Partial<KernelFacts>, RegExp]>([
    [
      'two machines',
      { machineId: 'm', bootId: 'a' },
      { machineId: 'n', bootId: 'b', hostname: 'db' },
      /^these are two machines: guest and db$/,
    ],
    ['a reboot', { machineId: 'm', bootId: 'a' }, { machineId: 'm', bootId: 'b' }, /rebooted in between/],
    [
      'another kernel',
      { machineId: 'm', bootId: 'a' },
      { machineId: 'm', bootId: 'b', banner: 'x', release: '9' },
      /the kernel is another one: 6\.1\.0-50-cloud-amd64 before, 9 after/,
    ],
    ['the same moment', { bootId: 'a' }, { bootId: 'a' }, /the same snapshot twice/],
    [
      'a panic',
      { bootId: 'a' },
      { bootId: 'a', state: { phase: 'panicked', panic: 'Fatal exception', isCrashKernel: false } },
      /^the second snapshot: the kernel has panicked: Fatal exception\n/,
    ],
    ['an uptime that went back', { bootId: 'a', ...later }, { bootId: 'a' }, /older than the first/],
  ])('says what follows from %s', (_, one, other, remark) => {
    expect(relate({ kernel: kernel(one) }, { kernel: kernel(other) }).remarks.join('\n')).toMatch(remark);
  });

  it('needs no clock', () => {
    expect(relate({ kernel: kernel({ time: null }) }, { kernel: kernel() }).elapsedSeconds).toBeNull();
  });
});

describe('the order of snapshots', () => {
  const at = (written: string | null, own: Partial<KernelFacts> = {}) => ({
    written: written === null ? null : `2026-01-02T${written}.000Z`,
    kernel: kernel({ bootId: 'a', ...own }),
  });
  const ran = (uptimeSeconds: number): Partial<KernelFacts> => ({
    uptimeSeconds,
    time: new Date(Date.parse('2026-01-02T03:00:00.000Z') + uptimeSeconds * 1000).toISOString(),
  });
  const order = (...given: readonly ReturnType<typeof at>[]) => {
    const { snapshots, remarks } = inOrderOfTime(given, (one) => one);
    return { order: snapshots.map((one) => given.indexOf(one)), remarks };
  };
  const TURNED = 'the snapshots are shown in the order in which they were taken';

  it('is that in which the host wrote their files, whatever the guest’s clock says', () => {
    const back = at('05:00:00', { ...ran(7200), time: '2016-01-02T03:00:00.000Z' });
    expect(order(at('04:00:00', ran(3600)), back)).toEqual({
      order: [0, 1],
      remarks: [
        expect.stringMatching(/^snapshot 2: the guest’s clock was set back by 36\d\d d .* ran for 1 h/),
      ],
    });
    expect(order(at('05:00:00', ran(7200)), at('04:00:00', ran(3600)))).toEqual({
      order: [1, 0],
      remarks: [TURNED],
    });
  });

  it('is that of the uptime where files were copied without their times', () => {
    expect(order(at('05:00:00', ran(7200)), at('05:00:01', ran(3600)), at('05:00:02', ran(1800)))).toEqual({
      order: [2, 1, 0],
      remarks: [TURNED],
    });
    // What was written an hour later was taken later: the machine was set back.
    expect(order(at('04:00:00', ran(7200)), at('05:00:00', ran(3600))).order).toEqual([0, 1]);
    // Another boot’s uptime tells nothing.
    expect(order(at('04:00:00', ran(7200)), at('04:00:01', { ...ran(60), bootId: 'b' })).order).toEqual([
      0, 1,
    ]);
  });

  it('leaves what nobody knows the time of where it was given, and tells machines apart', () => {
    expect(order(at('04:00:00', ran(60)), at(null, ran(50)), at('03:00:00', { bootId: 'b' })).order).toEqual([
      2, 0, 1,
    ]);
    expect(order(at('04:00:00'), at('05:00:00', { bootId: 'b', hostname: 'db' })).remarks).toEqual([
      'these are snapshots of several machines',
    ]);
  });
});

describe('a timeline', () => {
  it('follows processes over a clock that was set', () => {
    const pslist = drawnPlugin({ pid: 'int', started: 'time' }, [], {
      name: 'pslist',
      identity: ['pid', 'started'],
    });
    const follower = new Follower(pslist);
    for (const bootTime of ['2026-01-02T03:00:00.000Z', '2016-01-02T03:00:00.001Z']) {
      const started = new Date(Date.parse(bootTime) + 5_000);
      const answers = new Map([['pslist', { rows: [{ pid: 1, started }], notes: [] }]]);
      follower.see({ kernel: kernel({ bootId: 'a', bootTime }), answers });
    }
    expect(follower.lifetimes().lifetimes).toMatchObject([{ first: 0, last: 1, count: 2 }]);
  });
});
