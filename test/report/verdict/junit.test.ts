import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { junitXml } from '../../../src/report/verdict/junit.ts';
import { flawsOfJunit } from '../../support/junit.ts';
import {
  drawnFinding,
  drawnRule,
  eventful,
  judgedSnapshot,
  judgement,
  ruleVerdict,
  unreadSnapshot,
} from '../../support/verdicts.ts';
import { actingIn, Hostile } from '../hostile.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => ['testsuite', 'testcase', 'property'].includes(name),
});

/** The suites of a document, which must be well-formed and of the form that CI services read. */
function suitesIn(xml: string): Record<string, never>[] {
  expect(XMLValidator.validate(xml)).toBe(true);
  expect(flawsOfJunit(xml)).toEqual([]);
  return parser.parse(xml).testsuites.testsuite ?? [];
}

describe('a verdict as JUnit XML', () => {
  it('has a case for every rule, failed, in error, skipped or passed', () => {
    expect(junitXml(judgement([eventful()]))).toBe(`\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="vestige" tests="6" failures="2" errors="1" skipped="1" time="0">
  <testsuite name="memory.raw" tests="6" failures="2" errors="1" skipped="1" time="0" timestamp="2026-01-02T03:04:05" hostname="guest">
    <properties>
      <property name="snapshot" value="memory.raw"/>
      <property name="kernel" value="6.1.0-50-cloud-amd64"/>
      <property name="policy" value="drawn"/>
    </properties>
    <testcase classname="drawn" name="deleted-executable: A program runs whose file is deleted" time="0">
      <failure type="high" message="1 finding: sshd (200) runs /tmp/.x, which is deleted">sshd (200) runs /tmp/.x, which is deleted
MITRE ATT&amp;CK: T1070.004</failure>
      <system-out>suppressed by the baseline: cron (7) runs /usr/sbin/cron, which is deleted (there on 2026-01-01)</system-out>
    </testcase>
    <testcase classname="drawn" name="shell-on-socket: A shell reads its commands from a socket" time="0">
      <failure type="critical" message="1 finding: bash (183), of user 33: socket:[2040]">bash (183), of user 33: socket:[2040]
MITRE ATT&amp;CK: T1059.004, T1095</failure>
    </testcase>
    <testcase classname="drawn" name="secret-in-environment: A process has a secret in its environment" time="0">
      <system-out>suppressed by the policy: DB_PASSWORD in app (12) (a test account)</system-out>
    </testcase>
    <testcase classname="drawn" name="module-gone: A module is gone" time="0">
      <skipped message="there is no snapshot before this one"/>
    </testcase>
    <testcase classname="drawn" name="auditd-runs: No auditd runs" time="0">
      <error type="unevaluated" message="pslist stopped early: 0xffff888003a8c000 is not mapped">pslist stopped early: 0xffff888003a8c000 is not mapped</error>
    </testcase>
    <testcase classname="drawn" name="quiet: Something that is not there" time="0"/>
    <system-out>the suppression of old-rule matches nothing</system-out>
  </testsuite>
</testsuites>
`);
  });

  it('sums up the suites of several snapshots, and tells their cases apart', () => {
    const rule = drawnRule();
    const xml = junitXml(
      judgement([
        judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule), drawnFinding(rule)])], { path: 'a.raw' }),
        judgedSnapshot([ruleVerdict(rule, [])], { path: 'b.raw' }),
      ]),
    );
    expect(xml).toContain(
      '<testsuites name="vestige" tests="2" failures="1" errors="0" skipped="0" time="0">',
    );
    expect(suitesIn(xml)).toMatchObject([
      {
        testcase: [
          { classname: 'drawn on a.raw', failure: { message: expect.stringMatching(/^2 findings: /) } },
        ],
      },
      { testcase: [{ classname: 'drawn on b.raw' }] },
    ]);
  });

  it('tells beside the findings of a rule what it could not be evaluated on', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([
      ruleVerdict(rule, [drawnFinding(rule)], { unread: ['a page is missing'] }),
    ]);
    expect(suitesIn(junitXml(judgement([judged])))).toMatchObject([
      { errors: '0', testcase: [{ 'system-out': 'could not be evaluated: a page is missing' }] },
    ]);
  });

  it('has a suite with an error for a snapshot that could not be read', () => {
    const xml = junitXml(judgement([judgedSnapshot([ruleVerdict(drawnRule(), [])])], [unreadSnapshot()]));
    expect(xml).toContain(
      '<testsuites name="vestige" tests="2" failures="0" errors="1" skipped="0" time="0">',
    );
    expect(suitesIn(xml)[1]).toMatchObject({
      name: 'torn.raw',
      errors: '1',
      testcase: [
        {
          classname: 'drawn on torn.raw',
          name: 'unread-snapshot: The snapshot can be read',
          error: { type: 'bad-snapshot', message: 'torn.raw is cut in the middle of its header' },
        },
      ],
    });
    expect(suitesIn(junitXml(judgement([], [unreadSnapshot()])))).toHaveLength(1);
  });

  it('would be refused where it is not of the form', () => {
    expect(
      flawsOfJunit(
        '<testsuites><testsuite name="a" tests="2" failures="0" errors="0" skipped="0"><testcase/></testsuite></testsuites>',
      ),
    ).toEqual(['testcase has no name', 'testsuite a counts 2 tests, and has 1']);
    expect(flawsOfJunit('<testsuites><error/></testsuites>')).toEqual(['testsuites holds error']);
  });

  it('is well-formed without snapshots too', () => {
    expect(suitesIn(junitXml(judgement([])))).toEqual([]);
  });

  it('has nothing that XML cannot hold, and no markup of the evidence', () => {
    const hostile = new Hostile(11);
    for (let round = 0; round < 200; round++) {
      const text = (): string => `${hostile.text()}]]><failure/>&lt;"'`;
      const rule = drawnRule({ title: text() });
      const judged = judgedSnapshot(
        [ruleVerdict(rule, [drawnFinding(rule, { message: text() })], { unread: [text()] })],
        {
          path: text(),
          notes: [text()],
        },
      );
      const xml = junitXml(judgement([judged], [unreadSnapshot(text(), text())]));
      expect(actingIn(xml)).toEqual([]);
      expect(suitesIn(xml)).toHaveLength(2);
      expect(xml.split('<failure').length).toBe(2);
    }
  });
});
