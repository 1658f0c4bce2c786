import { describe, expect, it } from 'vitest';
import { ANOMALIES } from '../../src/diff/anomalies.ts';
import { compare } from '../../src/diff/comparison.ts';
import { relate } from '../../src/diff/relation.ts';
import type { KernelFacts } from '../../src/plugin/document.ts';
import { anomalyRules, verdictOnAnomalies } from '../../src/policy/anomaly-rules.ts';
import { load } from '../policy/drawn.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';

const START = Date.parse('2026-01-02T03:00:00.000Z');
const HOUR = 3_600;
const iso = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

/** A snapshot so many seconds after the boot, of which the clock and the file may say something else. */
const sighting = (
  ran: number,
  { clock = ran, host = ran + 5, ...own }: Partial<KernelFacts> & { clock?: number; host?: number } = {},
) => ({
  written: iso(host),
  kernel: {
    ...fakeFacts().kernel,
    ...{ bootId: 'a', hostname: 'web-1', machineId: 'm' },
    ...{ uptimeSeconds: ran, time: iso(clock), bootTime: iso(clock - ran) },
    ...own,
  },
});

const rules = (before: ReturnType<typeof sighting>, after: ReturnType<typeof sighting>): string[] =>
  relate(before, after).anomalies.map(({ rule }) => rule);

describe('a guest’s clock', () => {
  it.each<[string, ReturnType<typeof sighting>, ReturnType<typeof sighting>, string[]]>([
    ['runs with its uptime', sighting(60), sighting(HOUR), []],
    [
      'was set back by ten days',
      sighting(60),
      sighting(HOUR, { clock: HOUR - 864_000 }),
      ['guest-clock-set-back'],
    ],
    [
      'was set back, but not past the snapshot before',
      sighting(60),
      sighting(HOUR, { clock: 1_800 }),
      ['guest-clock-set-back'],
    ],
    ['ran backwards by seconds', sighting(60), sighting(70, { clock: 40 }), ['guest-clock-set-back']],
    [
      'was set forward by a year',
      sighting(60),
      sighting(HOUR, { clock: 31_536_000 }),
      ['guest-clock-set-forward'],
    ],
    [
      'came back from a year ahead',
      sighting(60, { clock: 31_536_000 }),
      sighting(HOUR),
      ['guest-clock-set-back'],
    ],
    [
      'came back from a year behind',
      sighting(60, { clock: -31_536_000 }),
      sighting(HOUR),
      ['guest-clock-set-forward'],
    ],
    ['was corrected by seconds when it had started', sighting(5, { clock: 17 }), sighting(20), []],
    [
      'caught up with what it missed while it stood still',
      sighting(60),
      sighting(120, { clock: 7_320, host: 7_325 }),
      [],
    ],
    ['lags behind the host, which stopped it', sighting(60), sighting(120, { host: 9_000 }), []],
    [
      'jumped with its uptime, past the host',
      sighting(60),
      sighting(864_000, { host: HOUR }),
      ['guest-clock-ahead'],
    ],
    [
      'is as far ahead of the host as before',
      sighting(60, { clock: HOUR }),
      sighting(HOUR, { clock: 2 * HOUR - 60 }),
      [],
    ],
    [
      'went back with the uptime',
      sighting(2 * HOUR),
      sighting(60, { host: 3 * HOUR }),
      ['guest-state-reverted'],
    ],
    [
      'went back over a reboot',
      sighting(2 * HOUR),
      sighting(60, { bootId: 'b', clock: -864_000, host: 3 * HOUR }),
      ['guest-clock-set-back'],
    ],
    [
      'is ahead after a reboot',
      sighting(2 * HOUR),
      sighting(60, { bootId: 'b', clock: 864_000, host: 3 * HOUR }),
      ['guest-clock-ahead'],
    ],
    [
      'belongs to another machine',
      sighting(2 * HOUR),
      sighting(60, { bootId: 'b', machineId: 'n', clock: -9_000 }),
      [],
    ],
  ])('%s', (_, before, after, expected) => {
    expect(rules(before, after)).toEqual(expected);
  });

  it('that stands still while the machine goes on is told from a copy', () => {
    const plugin = drawnPlugin({ pid: 'int' }, [], { identity: ['pid'] });
    const known = (pid: number, host = 65) => ({
      ...sighting(60, { host }),
      answers: new Map([[plugin.name, { rows: [{ pid }], notes: [] }]]),
    });
    const found = (pid: number) => compare(known(1), known(pid, HOUR), [plugin]).relation.anomalies;
    expect(found(1)).toEqual([]);
    expect(found(2)).toMatchObject([{ rule: 'guest-clock-stopped' }]);
    expect(compare(known(1), known(2), [plugin]).relation.anomalies).toEqual([]);
  });
});

describe('a machine’s identity', () => {
  const reboot = { bootId: 'b' };

  it.each<[string, Partial<KernelFacts>, string[]]>([
    ['is as before', {}, []],
    ['has another name in the same boot', { hostname: 'web-2' }, ['machine-renamed']],
    ['has no name any more', { hostname: '(none)' }, ['machine-renamed']],
    ['has another machine ID in the same boot', { machineId: 'n' }, ['machine-id-changed']],
    ['has another name after a reboot', { ...reboot, hostname: 'web-2' }, ['machine-renamed']],
    ['has more CPUs after a reboot', { ...reboot, cpus: 8 }, ['hardware-changed']],
    ['has more CPUs in the same boot', { cpus: 8 }, []],
    [
      'tells a boot ID that its kernel belies',
      { kaslr: { virtual: '0x100000', physical: '0x2000000' }, machineId: 'n' },
      ['boot-id-claimed-twice'],
    ],
  ])('%s', (_, own, expected) => {
    expect(rules(sighting(60), sighting(HOUR, own))).toEqual(expected);
  });

  it('is the host’s affair first', () => {
    const [before, after] = [sighting(60), sighting(HOUR, { bootId: 'b', machineId: 'n', hostname: 'db' })];
    expect(relate(before, after).machine).toBe('other');
    const known = relate({ ...before, name: 'web' }, { ...after, name: 'web' });
    expect(known.machine).toBe('same');
    expect(known.anomalies.map(({ rule }) => rule)).toEqual(['machine-renamed', 'machine-id-changed']);
    expect(known.remarks).toContain('it called itself web-1 before and calls itself db now');
  });
});

describe('anomalies as findings', () => {
  it('are failed rules of their own, a finding each', () => {
    const anomalies = [
      { rule: 'machine-renamed', message: 'one' },
      { rule: 'guest-clock-set-back', message: 'two' },
      { rule: 'machine-renamed', message: 'three' },
    ] as const;
    const found = anomalyRules(anomalies);
    expect(found.map(({ rule, outcome, findings }) => [rule.id, outcome, findings.length])).toEqual([
      ['machine-renamed', 'failed', 2],
      ['guest-clock-set-back', 'failed', 1],
    ]);
    expect(
      new Set(found.flatMap(({ findings }) => findings.map(({ fingerprint }) => fingerprint))).size,
    ).toBe(3);
    expect(found[1]!.rule.title).toBe(ANOMALIES['guest-clock-set-back'].title);
    expect(verdictOnAnomalies([])).toBeNull();
  });

  it('are the policy’s to disable, and to call grave', () => {
    const policy = load(
      [
        'version: 1',
        'name: ours',
        'disable: [machine-renamed]',
        'severity: {hardware-changed: critical}',
      ].join('\n'),
    );
    const found = anomalyRules(
      [
        { rule: 'machine-renamed', message: 'one' },
        { rule: 'hardware-changed', message: 'two' },
      ],
      policy.builtIn,
    );
    expect(found.map(({ rule, findings }) => [rule.id, rule.severity, findings[0]?.severity])).toEqual([
      ['hardware-changed', 'critical', 'critical'],
    ]);
  });
});
