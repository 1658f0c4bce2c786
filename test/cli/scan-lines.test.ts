import { describe, expect, it } from 'vitest';
import { lineOf, messageOf } from '../../src/cli/terminal/scan-lines.ts';
import { weigh } from '../../src/judging/new-findings.ts';
import type { Finding, RuleFacts, RuleVerdict, Severity } from '../../src/policy/verdict.ts';
import type { Recorded } from '../../src/watch/event.ts';
import { fakeFacts } from '../support/fake-session.ts';

const rule = (id: string, severity: Severity): RuleFacts => ({
  ...{ id, title: `${id} is wrong`, severity, description: null, plugin: 'pslist', change: null },
  ...{ attack: ['T1620'], references: [], tags: [], source: { file: 'policy.yaml', line: 1 } },
});

/** A rule that found so many things, all of one hostile name. */
function found(id: string, severity: Severity, count: number): RuleVerdict {
  const findings = Array.from(
    { length: count },
    (_, index): Finding => ({
      ...{
        rule: id,
        severity,
        message: `evil\x1b[2J\n${index} runs`,
        plugin: 'pslist',
        row: null,
        before: null,
      },
      ...{ fingerprint: String(index), suppression: null },
    }),
  );
  return { rule: rule(id, severity), outcome: count === 0 ? 'passed' : 'failed', findings, unread: [] };
}

const dark = (id: string): RuleVerdict => ({
  ...found(id, 'low', 0),
  outcome: 'unevaluated',
  unread: ['the list breaks'],
});

const recorded = (...rules: readonly RuleVerdict[]): Recorded => ({
  ...{ path: '/s/1.raw', facts: fakeFacts('/s/1.raw'), machine: 'web', taken: '2026-01-02T03:04:05.000Z' },
  ...{
    written: '2026-01-02T03:04:06.000Z',
    previous: null,
    anomalies: [],
    comparison: null,
    plugins: [],
    counts: [],
    remarks: [],
    isNews: true,
  },
  judgement: weigh({ policy: 'drawn', rules, notes: [] }, 'd', undefined),
});

const line = (...rules: readonly RuleVerdict[]): string =>
  lineOf({ kind: 'recorded', recorded: recorded(...rules) }).text.replace(/; the first.*/, '');

interface Body {
  readonly verdict: { readonly new: readonly { severity: string }[]; readonly newLeftOut: number };
}

describe('what a scan says of findings', () => {
  it.each([
    [[], 'no findings'],
    [[found('a', 'high', 1)], '1 high finding new (a)'],
    [
      [found('a', 'low', 2), found('b', 'critical', 1), found('c', 'low', 1)],
      '1 critical, 3 low findings new (b, a, …)',
    ],
    [[dark('a')], 'no findings; 1 rule not evaluated (a)'],
    [
      [found('x', 'info', 1), dark('a'), dark('b'), dark('c')],
      '1 info finding new (x); 3 rules not evaluated (a, b, …)',
    ],
  ])('is one short line: %#', (rules, words) => {
    expect(line(...rules)).toBe(`web 2026-01-02T03:04:05Z 1.raw: ${words}`);
  });

  it('fits the system’s log, the gravest first and harmless', () => {
    const { body } = messageOf(recorded(found('a', 'low', 500), found('b', 'critical', 1)), 'syslog');
    expect(body).toContain(
      '; critical b: evil\\x1b[2J\\x0a0 runs; low a: evil\\x1b[2J\\x0a0 runs; low a: evil\\x1b[2J\\x0a1 runs',
    );
    expect(body.length).toBeLessThan(2_100);
    expect(body).not.toContain('\n');
  });

  it('leaves the least grave findings out of a message that would be too long, and counts them', () => {
    const { body } = messageOf(recorded(found('a', 'low', 20_000), found('b', 'critical', 3)), 'webhook');
    expect(Buffer.byteLength(body)).toBeLessThan(256 * 1024);
    const { verdict } = JSON.parse(body) as Body;
    expect(verdict.newLeftOut + verdict.new.length).toBe(20_003);
    expect(verdict.new.slice(0, 4).map(({ severity }) => severity)).toEqual([
      ...['critical', 'critical', 'critical'],
      'low',
    ]);
    expect(verdict).toMatchObject({
      summary: { findings: 20_003, bySeverity: { critical: 3, low: 20_000 } },
    });
  });

  it('tells all findings of a message that has room for them', () => {
    const { body } = messageOf(recorded(found('a', 'low', 500)), 'command');
    expect((JSON.parse(body) as Body).verdict).toMatchObject({ newLeftOut: 0 });
  });
});
