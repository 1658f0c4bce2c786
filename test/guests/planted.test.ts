import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/plugin/cell.ts';
import type { Verdict } from '../../src/policy/verdict.ts';
import { drawnFinding, drawnRule, ruleVerdict } from '../support/verdicts.ts';
import { differencesFromPlanted } from './compare/policy.ts';
import { planted } from './planted.ts';

const truth = { workload: { parts: { tracer: 20, plain: 30 } }, recorder: { pid: 40 } };
const pslist: Row[] = [
  { pid: 1, ppid: 0 },
  { pid: 20, ppid: 1 },
  { pid: 21, ppid: 20 },
  { pid: 30, ppid: 1 },
  { pid: 40, ppid: 1 },
];
const [debuggers, disks] = [drawnRule({ id: 'debugger' }), drawnRule({ id: 'disk-written' })];

/** A verdict with a finding about each of these processes. */
const verdictOn = (
  traced: readonly number[],
  writers: readonly number[],
  unread: string[] = [],
): Verdict => ({
  policy: 'drawn',
  rules: [
    ruleVerdict(
      debuggers,
      traced.map((pid) => drawnFinding(debuggers, { message: `${pid} is traced`, row: { pid } })),
      { unread },
    ),
    ruleVerdict(
      disks,
      writers.map((pid) => drawnFinding(disks, { row: { pid } })),
    ),
  ],
  notes: [],
});

describe('what the workload has planted', () => {
  it('is all that is found, in the part that planted it or in what that has started', () => {
    expect(differencesFromPlanted(verdictOn([21], [40]), pslist, truth)).toEqual([]);
  });

  it('differs where something else is found, or something is not', () => {
    expect(differencesFromPlanted(verdictOn([30], [40, 40]), pslist, truth)).toEqual([
      'plain: debugger: 1 findings, 0 are planted; 30 is traced',
      'recorder: disk-written: 2 findings, 1 are planted; sshd (200) runs /tmp/.x, which is deleted',
      'tracer: debugger: 0 findings, 1 are planted; ',
    ]);
  });

  it('differs where something could not be evaluated', () => {
    expect(differencesFromPlanted(verdictOn([21], [40], ['a page is missing']), pslist, truth)).toEqual([
      'could not be evaluated: debugger: a page is missing',
    ]);
  });

  it('is by rules that the policy has', async () => {
    const { starterPolicy } = await import('../policy/starter.ts');
    const rules = new Set(starterPolicy().rules.map(({ facts }) => facts.id));
    const unknown = Object.values(planted).flatMap((of) =>
      Object.keys(of).filter((rule) => !rules.has(rule)),
    );
    expect(unknown).toEqual([]);
  });
});
