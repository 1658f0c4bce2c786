import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadStyle, plainStyle } from '../../../src/report/style.ts';
import { verdictText } from '../../../src/report/verdict/text.ts';
import { widthOf } from '../../../src/report/width.ts';
import { drawnFinding, drawnRule, eventful, judgedSnapshot, ruleVerdict } from '../../support/verdicts.ts';
import { actingIn, Hostile } from '../hostile.ts';

const WIDTHS = [40, 80, 160];

describe('a verdict as text', () => {
  it('tells findings, the gravest first, and what else there is to know, in 80 columns', () => {
    expect(verdictText(eventful(), plainStyle, 80)).toBe(`\
guest  drawn  2 findings: 1 critical, 1 high
2026-01-02T03:04:05.000Z  memory.raw  Linux 6.1.0-50-cloud-amd64

critical  A shell reads its commands from a socket
          shell-on-socket  T1059.004 T1095
          bash (183), of user 33: socket:[2040]
high      A program runs whose file is deleted
          deleted-executable  T1070.004
          sshd (200) runs /tmp/.x, which is deleted

Could not be evaluated  1
  auditd-runs
    pslist stopped early: 0xffff888003a8c000 is not mapped

Notes
  the suppression of old-rule matches nothing

2 rules passed; 1 skipped: there is no snapshot before this one; 1 finding in
the baseline; 1 finding suppressed by the policy
`);
  });

  it('puts rules and techniques in columns beside the titles where there is room', () => {
    expect(verdictText(eventful(), plainStyle, 160).split('\n').slice(3, 7)).toEqual([
      'critical  A shell reads its commands from a socket  shell-on-socket     T1059.004 T1095',
      '          bash (183), of user 33: socket:[2040]',
      'high      A program runs whose file is deleted      deleted-executable  T1070.004',
      '          sshd (200) runs /tmp/.x, which is deleted',
    ]);
  });

  it.each(WIDTHS)('is in colour what it is without, at %i columns', async (width) => {
    const colored = verdictText(eventful(), await loadStyle(true), width);
    expect(colored).toContain('\u001b[');
    expect(stripVTControlCharacters(colored)).toBe(verdictText(eventful(), plainStyle, width));
  });

  it('is short where nothing was found', () => {
    const rule = drawnRule();
    expect(verdictText(judgedSnapshot([ruleVerdict(rule, [])]), plainStyle, 80)).toBe(`\
guest  drawn  nothing found
2026-01-02T03:04:05.000Z  memory.raw  Linux 6.1.0-50-cloud-amd64

1 rule passed
`);
  });

  it('never calls a snapshot clean that was not read whole', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([
      ruleVerdict(rule, [], { outcome: 'unevaluated', unread: ['a page is missing'] }),
    ]);
    expect(verdictText(judged, plainStyle, 80).split('\n')[0]).toBe(
      'guest  drawn  nothing found, but 1 rule could not be evaluated',
    );
  });

  it('tells of a rule that has findings and was not evaluated whole both', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([
      ruleVerdict(rule, [drawnFinding(rule)], { unread: ['a page is missing'] }),
    ]);
    expect(verdictText(judged, plainStyle, 80)).toContain(`
          sshd (200) runs /tmp/.x, which is deleted

Could not be evaluated  1
  deleted-executable, in part
    a page is missing
`);
  });

  it('counts what of many findings it does not list, and cuts long ones after three lines', () => {
    const rule = drawnRule();
    const long = `${'word '.repeat(100)}end`;
    const judged = judgedSnapshot([
      ruleVerdict(
        rule,
        Array.from({ length: 15 }, (_, index) =>
          drawnFinding(rule, { message: index === 0 ? long : `found ${index}` }),
        ),
      ),
    ]);
    const text = verdictText(judged, plainStyle, 60);
    expect(text).toContain('          found 11\n          … and 3 more\n');
    const cut = text.split('\n').filter((line) => line.includes('word'));
    expect(cut).toHaveLength(3);
    expect(cut[2]).toMatch(/ …$/);
  });

  it.each(WIDTHS)('lets nothing of the evidence act or reach past %i columns', (width) => {
    const hostile = new Hostile(width);
    for (let round = 0; round < 200; round++) {
      const text = (): string => hostile.text();
      const rule = drawnRule({ title: text(), attack: ['T1059.004'] });
      const judged = judgedSnapshot(
        [ruleVerdict(rule, [drawnFinding(rule, { message: text() })], { unread: [text()] })],
        { path: text(), notes: [text()] },
      );
      const drawn = verdictText(judged, plainStyle, width);
      expect(actingIn(drawn)).toEqual([]);
      expect(drawn.split('\n').filter((line) => widthOf(line) > width)).toEqual([]);
    }
  });
});
