import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Log, Run } from 'sarif';
import { describe, expect, it } from 'vitest';
import { plugins } from '../../../plugins/index.ts';
import type { Severity } from '../../../src/policy/verdict.ts';
import type { JudgedSnapshot, UnreadSnapshot } from '../../../src/report/verdict/judged.ts';
import { sarifLog, sarifText } from '../../../src/report/verdict/sarif.ts';
import {
  drawnFinding,
  drawnRule,
  eventful,
  judgedSnapshot,
  judgement,
  PROCESS_JSON,
  processes,
  ruleVerdict,
  unreadSnapshot,
} from '../../support/verdicts.ts';
import { actingIn, Hostile } from '../hostile.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
const isValid = ajv.compile(JSON.parse(readFileSync('test/support/sarif/sarif-2.1.0.json', 'utf8')));

const QUESTIONS = [processes, ...plugins.filter(({ name }) => name !== processes.name)];

/** The log of these verdicts, which must be what the standard's schema describes. */
function validLog(judged: readonly JudgedSnapshot[], unread: readonly UnreadSnapshot[] = []): Log {
  const log: Log = JSON.parse(JSON.stringify(sarifLog(judgement(judged, unread), '0.1.0', QUESTIONS)));
  expect(isValid(log) ? [] : isValid.errors).toEqual([]);
  return log;
}

const runOf = (judged: readonly JudgedSnapshot[]): Run => validLog(judged).runs[0]!;

describe('a verdict as SARIF', () => {
  it('is valid against the published schema, which would notice what is not', () => {
    validLog([eventful()]);
    validLog([]);
    expect(isValid({ version: '2.1.0', runs: [{ tool: {}, results: [] }] })).toBe(false);
  });

  it('was no success where a snapshot could not be read, and has a notification for each', () => {
    const { invocations, artifacts, results, automationDetails } = validLog(
      [judgedSnapshot([ruleVerdict(drawnRule(), [])])],
      [unreadSnapshot(), unreadSnapshot('/a b/c.raw', 'no kernel was found')],
    ).runs[0]!;
    expect(invocations![0]!.executionSuccessful).toBe(false);
    expect(invocations![0]!.toolExecutionNotifications).toMatchObject([
      {
        descriptor: { id: 'unread-snapshot', index: 0 },
        level: 'error',
        message: { text: 'torn.raw is cut in the middle of its header' },
        locations: [{ physicalLocation: { artifactLocation: { uri: 'torn.raw', index: 1 } } }],
        properties: { code: 'bad-snapshot' },
      },
      { level: 'error', message: { text: '/a b/c.raw: no kernel was found' } },
    ]);
    expect(artifacts!.map(({ location }) => location!.uri)).toEqual([
      'memory.raw',
      'torn.raw',
      'file:///a%20b/c.raw',
    ]);
    expect(results).toEqual([]);
    // Under the name of the policy even where nothing could be judged: what is of another category closes no alert.
    expect(validLog([], [unreadSnapshot()]).runs[0]!.automationDetails).toEqual(automationDetails);
    expect(automationDetails).toEqual({ id: 'vestige/drawn/' });
  });

  it('of snapshots that could not be read is valid and safe to print whatever they are called', () => {
    const hostile = new Hostile(35);
    for (let round = 0; round < 100; round++) {
      const unread = [unreadSnapshot(hostile.text(), hostile.text()), unreadSnapshot(`/${hostile.text()}`)];
      validLog([], unread);
      expect(actingIn(sarifText(judgement([], unread), '0.1.0', [processes]))).toEqual([]);
    }
  });

  it('describes every rule as code scanning wants it', () => {
    const [rule, without] = runOf([eventful()]).tool.driver.rules!;
    expect(rule).toEqual({
      id: 'deleted-executable',
      name: 'DeletedExecutable',
      shortDescription: { text: 'A program runs whose file is deleted.' },
      fullDescription: { text: 'Malware deletes its file once it runs.\nLook at /proc/PID/exe.' },
      help: {
        text: 'A program runs whose file is deleted.\n\nMalware deletes its file once it runs.\nLook at /proc/PID/exe.\n\nMITRE ATT&CK: T1070.004\n\nhttps://example.org/deleted',
        markdown:
          '**A program runs whose file is deleted**\n\nMalware deletes its file once it runs.\nLook at /proc/PID/exe.\n\nMITRE ATT&CK: [T1070.004](https://attack.mitre.org/techniques/T1070/004/)\n\n- <https://example.org/deleted>',
      },
      helpUri: 'https://example.org/deleted',
      defaultConfiguration: { level: 'error' },
      properties: {
        precision: 'high',
        'security-severity': '8.0',
        tags: ['security', 'external/mitre-attack/T1070.004', 'files'],
      },
      relationships: [
        {
          target: { id: 'T1070.004', index: 0, toolComponent: { name: 'MITRE ATT&CK', index: 0 } },
          kinds: ['relevant'],
        },
      ],
    });
    expect(without).toMatchObject({
      fullDescription: { text: 'A shell reads its commands from a socket.' },
      helpUri: 'https://attack.mitre.org/techniques/T1059/004/',
    });
  });

  it('places a finding in its snapshot and names the process', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { fingerprint: 'f0' })])], {
      path: 'snapshots/web 1.kdump',
    });
    expect(runOf([judged]).results).toEqual([
      {
        ruleId: 'deleted-executable',
        ruleIndex: 0,
        level: 'error',
        message: { text: 'sshd (200) runs /tmp/.x, which is deleted' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'snapshots/web%201.kdump', index: 0 },
              region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
            },
            logicalLocations: [
              { name: 'sshd (200)', fullyQualifiedName: 'pslist/sshd (200)', kind: 'process' },
            ],
          },
        ],
        partialFingerprints: { 'vestige/v1': 'f0', primaryLocationLineHash: 'f0:1' },
        properties: {
          severity: 'high',
          plugin: 'pslist',
          row: PROCESS_JSON,
        },
      },
    ]);
  });

  it('numbers findings that are alike, as GitHub does with lines that are', () => {
    const rule = drawnRule();
    const finding = drawnFinding(rule, { fingerprint: 'f0' });
    const { results } = runOf([judgedSnapshot([ruleVerdict(rule, [finding, finding])])]);
    expect(results!.map(({ partialFingerprints }) => partialFingerprints)).toEqual([
      { 'vestige/v1': 'f0', primaryLocationLineHash: 'f0:1' },
      { 'vestige/v1': 'f0', primaryLocationLineHash: 'f0:2' },
    ]);
  });

  it.each([
    ['sockets', { pid: 7, process: 'sshd', localPort: 22 }, { name: 'sshd (7)', kind: 'process' }],
    ['modules', { name: 'dummy', taints: 'E' }, { name: 'dummy', kind: 'module' }],
    ['files', { pid: 7, fd: 3, path: '/etc/shadow' }, { name: 'files of process 7', kind: 'resource' }],
    ['dmesg', { time: 1, text: 'Oops' }, { name: 'Oops', kind: 'resource' }],
    ['sockets', { pid: null, process: null }, { name: 'sockets', kind: 'resource' }],
  ])('names what a row of %s is about', (plugin, row, named) => {
    const rule = drawnRule({ plugin });
    const [result] = runOf([judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { row })])])]).results!;
    expect(result!.locations![0]!.logicalLocations).toEqual([
      { ...named, fullyQualifiedName: `${plugin}/${named.name}` },
    ]);
  });

  it.each([
    ['/srv/a.raw', 'file:///srv/a.raw'],
    ['a:b.raw', 'a%3Ab.raw'],
    ['../x/ü(1).raw', '../x/%C3%BC%281%29.raw'],
    ['lone\ud800.raw', 'lone%EF%BF%BD.raw'],
  ])('writes the path %j as the URI %s', (path, uri) => {
    expect(runOf([judgedSnapshot([], { path })]).artifacts![0]!.location!.uri).toBe(uri);
  });

  it.each<[Severity, string, string | undefined]>([
    ['critical', 'error', '9.5'],
    ['high', 'error', '8.0'],
    ['medium', 'warning', '5.5'],
    ['low', 'note', '2.0'],
    ['info', 'note', undefined],
  ])('grades what is %s as %s, with a score of %s', (severity, level, score) => {
    const rule = drawnRule({ severity });
    const run = runOf([judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule)])])]);
    expect(run.results![0]!.level).toBe(level);
    expect(run.tool.driver.rules![0]!.properties!['security-severity']).toBe(score);
  });

  it('says who lets a suppressed finding pass, and why', () => {
    const suppressed = runOf([eventful()]).results!.filter(({ suppressions }) => suppressions !== undefined);
    expect(suppressed.map(({ ruleId, suppressions }) => [ruleId, suppressions])).toEqual([
      [
        'deleted-executable',
        [
          {
            kind: 'external',
            status: 'accepted',
            justification: 'there on 2026-01-01',
            properties: { by: 'baseline', expires: null },
          },
        ],
      ],
      [
        'secret-in-environment',
        [
          {
            kind: 'external',
            status: 'accepted',
            justification: 'a test account',
            properties: { by: 'policy', expires: '2027-01-31' },
          },
        ],
      ],
    ]);
  });

  it('notifies of what could not be evaluated, and is then not successful', () => {
    const [invocation] = runOf([eventful()]).invocations!;
    expect(invocation!.executionSuccessful).toBe(false);
    expect(invocation!.toolExecutionNotifications).toMatchObject([
      { level: 'note', message: { text: 'module-gone was skipped: there is no snapshot before this one' } },
      {
        level: 'error',
        message: {
          text: 'auditd-runs could not be evaluated: pslist stopped early: 0xffff888003a8c000 is not mapped',
        },
        associatedRule: { id: 'auditd-runs', index: 4 },
      },
    ]);
    expect(invocation!.toolConfigurationNotifications).toEqual([
      { level: 'warning', message: { text: 'the suppression of old-rule matches nothing' } },
    ]);
  });

  it('is successful where a rule has findings beside what could not be read', () => {
    const rule = drawnRule();
    const judged = judgedSnapshot([
      ruleVerdict(rule, [drawnFinding(rule)], { unread: ['a page is missing'] }),
    ]);
    expect(runOf([judged]).invocations).toMatchObject([
      { executionSuccessful: true, toolExecutionNotifications: [{ level: 'warning' }] },
    ]);
  });

  it('has one run with each rule once for several snapshots, the gravest of all findings first', () => {
    const high = drawnRule({ id: 'some-high', severity: 'high' });
    const critical = drawnRule({ id: 'some-critical', severity: 'critical' });
    const of = (path: string): JudgedSnapshot =>
      judgedSnapshot(
        [ruleVerdict(high, [drawnFinding(high)]), ruleVerdict(critical, [drawnFinding(critical)])],
        {
          path,
        },
      );
    const log = validLog([of('a.raw'), of('b.raw')]);
    expect(log.runs).toHaveLength(1);
    const [run] = log.runs;
    expect(run!.tool.driver.rules!.map(({ id }) => id)).toEqual(['some-high', 'some-critical']);
    expect(run!.artifacts!.map(({ location }) => location!.uri)).toEqual(['a.raw', 'b.raw']);
    expect(
      run!.results!.map(({ ruleId, locations }) => [
        ruleId,
        locations![0]!.physicalLocation!.artifactLocation!.index,
      ]),
    ).toEqual([
      ['some-critical', 0],
      ['some-critical', 1],
      ['some-high', 0],
      ['some-high', 1],
    ]);
    expect(run!.automationDetails!.id).toBe('vestige/drawn/');
  });

  it("lists the techniques of MITRE ATT&CK that rules name, and every rule's index leads to its own", () => {
    const run = runOf([eventful()]);
    const taxa = run.taxonomies![0]!.taxa!;
    expect(taxa.map(({ id }) => id)).toEqual(['T1070.004', 'T1059.004', 'T1095', 'T1562.001']);
    for (const { relationships = [] } of run.tool.driver.rules!)
      for (const { target } of relationships) expect(taxa[target.index!]!.id).toBe(target.id);
  });

  it('keeps within what GitHub accepts', () => {
    const rule = drawnRule({
      id: `rule-${'x'.repeat(300)}`,
      title: 'y'.repeat(2000),
      description: 'z'.repeat(2000),
      tags: Array.from({ length: 30 }, (_, index) => `tag-${index}`),
    });
    const finding = drawnFinding(rule, { row: null });
    const run = runOf([judgedSnapshot([ruleVerdict(rule, Array(25_002).fill(finding))])]);
    const [descriptor] = run.tool.driver.rules!;
    expect(descriptor!.name).toHaveLength(255);
    expect(descriptor!.shortDescription!.text).toHaveLength(1024);
    expect(descriptor!.fullDescription!.text).toHaveLength(1024);
    expect(descriptor!.properties!.tags).toHaveLength(20);
    expect(run.results).toHaveLength(25_000);
    expect(run.invocations![0]!.toolExecutionNotifications).toEqual([
      {
        level: 'warning',
        message: { text: '2 of the least grave findings are left out: GitHub takes 25000' },
      },
    ]);
  });

  it('makes no link of what the evidence says', () => {
    const rule = drawnRule();
    const message = '[click](https://evil.example) (1)';
    const [result] = runOf([judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { message })])])]).results!;
    expect(result!.message.text).toBe('[click\\](https://evil.example) (1)');
  });

  it('does not repeat what is confidential', () => {
    const rule = drawnRule({ plugin: 'env' });
    const row = { pid: 12, name: 'DB_PASSWORD', value: 'correct horse' };
    const log = validLog([judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { row })])])]);
    expect(JSON.stringify(log)).not.toContain('correct horse');
  });

  it('is valid, and lets nothing act in what viewers print, whatever the evidence holds', () => {
    const hostile = new Hostile(7);
    for (let round = 0; round < 100; round++) {
      const text = (): string => hostile.text();
      const rule = drawnRule({ title: text(), description: text() });
      const finding = drawnFinding(rule, { message: text(), row: { pid: 1, name: text(), path: text() } });
      const judged = judgedSnapshot([ruleVerdict(rule, [finding], { unread: [text()] })], {
        path: text(),
        notes: [text()],
      });
      const { results, invocations, tool } = runOf([judged]);
      const printed = [
        ...results!.map(({ message, locations }) => [
          message.text,
          locations![0]!.logicalLocations![0]!.name,
        ]),
        ...invocations![0]!.toolExecutionNotifications!.map(({ message }) => message.text),
        ...invocations![0]!.toolConfigurationNotifications!.map(({ message }) => message.text),
        ...tool.driver.rules!.map(({ help, fullDescription }) => [
          help!.text,
          help!.markdown,
          fullDescription!.text,
        ]),
      ];
      expect(actingIn(JSON.stringify(printed.flat()))).toEqual([]);
      const file = sarifText(judgement([judged]), '0.1.0', [processes]);
      expect(actingIn(file)).toEqual([]);
      expect(JSON.parse(file)).toEqual(
        JSON.parse(JSON.stringify(sarifLog(judgement([judged]), '0.1.0', [processes]))),
      );
    }
  });
});
