import { describe, expect, it } from 'vitest';
import {
  applyBaseline,
  BadBaseline,
  type Baseline,
  checkMachine,
  makeBaseline,
  readBaseline,
} from '../../src/policy/baseline.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { policyOf, process, verdictOn } from './drawn.ts';

const { kernel } = fakeFacts();
const POLICY = policyOf('plugin: pslist\nwhere: row.name == "sh"\nmessage: "shell {row.pid}"');
const shells = (...pids: number[]) => verdictOn(POLICY, { pslist: pids.map((pid) => process(pid, 'sh')) });
const written = (...pids: number[]): Baseline =>
  readBaseline('b.json', JSON.stringify(makeBaseline('0.1.0', kernel, shells(...pids))));

describe('a baseline', () => {
  it('is of one machine, and tells what was found and how often', () => {
    expect(written(1, 2)).toEqual({
      baseline: 1,
      vestige: '0.1.0',
      machine: { id: null, hostname: 'guest' },
      kernel: '6.1.0-50-cloud-amd64',
      policy: 'drawn',
      taken: '2026-01-02T03:04:05.000Z',
      findings: [
        {
          rule: 'rule-1',
          fingerprint: expect.stringMatching(/^[0-9a-f]{32}$/),
          count: 2,
          message: 'shell 1',
        },
      ],
    });
  });

  it('suppresses as many findings as there were, and no more', () => {
    const { rules, notes } = applyBaseline(shells(7, 8, 9), written(1, 2));
    expect(rules[0]!.outcome).toBe('failed');
    expect(rules[0]!.findings.map(({ suppression }) => suppression?.by)).toEqual([
      'baseline',
      'baseline',
      undefined,
    ]);
    expect(rules[0]!.findings[0]!.suppression).toEqual({
      by: 'baseline',
      reason: 'known since the baseline of 2026-01-02T03:04:05.000Z',
      expires: null,
    });
    expect(notes).toEqual([]);
  });

  it('lets a rule pass whose findings are all known', () => {
    expect(applyBaseline(shells(7), written(1, 2)).rules[0]!.outcome).toBe('passed');
  });

  it('notes what is found no more', () => {
    expect(applyBaseline(shells(), written(1)).notes).toEqual([
      'of the baseline, rule-1 finds no more: shell 1',
    ]);
  });

  it('notes nothing of rules that could not see', () => {
    const blind = verdictOn(POLICY, { pslist: { rows: [], notes: ['the list breaks'] } });
    const { rules, notes } = applyBaseline(blind, written(1));
    expect([rules[0]!.outcome, notes]).toEqual(['unevaluated', []]);
  });

  it('notes that it is of another policy, and what of it this one does not have', () => {
    const other = verdictOn(
      POLICY.replace('name: drawn', 'name: other').replace('id: rule-1', 'id: shells'),
      { pslist: [] },
    );
    expect(applyBaseline(other, written(1)).notes).toEqual([
      'the baseline is of policy drawn',
      'of the baseline, 1 are of rules that this policy does not have',
    ]);
  });

  it('holds nothing that the policy lets pass itself', () => {
    const text = `${POLICY}\nsuppress: [{ rule: rule-1, reason: known }]`;
    expect(makeBaseline('0.1.0', kernel, verdictOn(text, { pslist: [process(1, 'sh')] })).findings).toEqual(
      [],
    );
  });
});

describe('a file that is no baseline', () => {
  const text = JSON.stringify(makeBaseline('0.1.0', kernel, shells(1)));
  const changed = (change: object): string => JSON.stringify({ ...JSON.parse(text), ...change });

  it.each([
    ['is cut off', text.slice(0, -5), 'b.json is no baseline, or not a whole one: it is no JSON'],
    ['is something else', '{"name":"vestige"}', 'b.json is no baseline'],
    ['is a list', '[]', 'b.json is no baseline'],
    [
      'is newer',
      changed({ baseline: 2, vestige: '9.0.0' }),
      'b.json is a baseline of form 2, written by vestige 9.0.0; this one reads form 1',
    ],
    ['has no form', changed({ baseline: 0 }), 'b.json is a damaged baseline'],
    ['tells no machine', changed({ machine: 'web-1' }), 'b.json is a damaged baseline'],
    [
      'has a finding that is none',
      changed({ findings: [{ rule: 'x', fingerprint: 'y', count: 1, message: '' }] }),
      'b.json is a damaged baseline: finding 1 is none',
    ],
    [
      'has a count that is none',
      changed({ findings: [{ rule: 'x', fingerprint: '0'.repeat(32), count: -1, message: '' }] }),
      'b.json is a damaged baseline: finding 1 is none',
    ],
  ])('because it %s is told so', (_, given, message) => {
    expect(() => readBaseline('b.json', given)).toThrow(new BadBaseline(message));
  });

  it.each([
    [{ hostname: 'other' }, 'b.json is the baseline of another machine: guest, and this is other'],
    [
      { machineId: 'b', hostname: 'guest' },
      'b.json is the baseline of another machine: guest (a), and this is guest (b)',
    ],
  ])('because it is of another machine is told so', (facts, message) => {
    const id = 'machineId' in facts ? 'a' : null;
    const baseline = { ...written(1), machine: { id, hostname: 'guest' } };
    expect(() => checkMachine('b.json', baseline, { ...kernel, ...facts })).toThrow(new BadBaseline(message));
    expect(() => checkMachine('b.json', baseline, { ...kernel, machineId: id })).not.toThrow();
  });
});
