import { describe, expect, it } from 'vitest';
import { relate } from '../../src/diff/relation.ts';
import { inOrderOfTime } from '../../src/diff/timeline.ts';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { fakeFacts } from '../support/fake-session.ts';

const kernel = (own: Partial<KernelFacts> = {}): KernelFacts => ({ ...fakeFacts().kernel, ...own });
const later = { time: '2026-01-02T04:04:05.000Z' };

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
    ['no name at all', { bootId: 'a', hostname: null }, { bootId: 'b' }, 'unknown', 'other'],
    ['the same dice of KASLR, the same start', {}, later, 'same', 'same'],
    ['other dice', {}, { kaslr: { virtual: '0x0', physical: '0x1000000' } }, 'likely', 'other'],
    ['the same dice, another start', {}, { bootTime: '2026-01-05T00:00:00.000Z' }, 'likely', 'unknown'],
    ['another kernel', {}, { banner: 'Linux version 9' }, 'likely', 'other'],
  ])('is told by %s', (_, one, other, machine, boot) => {
    const relation = relate(kernel(one), kernel(other));
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
    ['a clock that ran backwards', { bootId: 'a', ...later }, { bootId: 'a' }, /older than the first/],
  ])('says what follows from %s', (_, one, other, remark) => {
    expect(relate(kernel(one), kernel(other)).remarks.join('\n')).toMatch(remark);
  });

  it('needs no clock', () => {
    expect(relate(kernel({ time: null }), kernel()).elapsedSeconds).toBeNull();
  });
});

describe('the order of snapshots', () => {
  it('is that of the guests’ clocks, and is said where it is another than that given', () => {
    const [early, late, timeless] = [kernel(), kernel(later), kernel({ time: null })];
    const same = inOrderOfTime([early, late], (facts) => facts);
    expect(same).toEqual({ snapshots: [early, late], remarks: [] });
    const turned = inOrderOfTime([late, early], (facts) => facts);
    expect(turned.snapshots).toEqual([early, late]);
    expect(turned.remarks).toEqual(['the snapshots are shown in the order in which they were taken']);
    expect(inOrderOfTime([timeless, early], (facts) => facts).remarks).toEqual([
      'a snapshot tells no time: its place is the one that it was given',
    ]);
    expect(inOrderOfTime([early, kernel({ hostname: 'db' })], (facts) => facts).remarks).toEqual([
      'these are snapshots of several machines',
    ]);
  });
});
