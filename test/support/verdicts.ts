import { BadSnapshot } from '../../src/base/errors.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import type { Finding, RuleFacts, RuleVerdict, Verdict } from '../../src/policy/verdict.ts';
import type { JudgedSnapshot, Judgement, UnreadSnapshot } from '../../src/report/verdict/judged.ts';
import { drawnPlugin, fakeFacts } from './fake-session.ts';

/** A rule over processes, as outputs see it. */
export const drawnRule = (more: Partial<RuleFacts> = {}): RuleFacts => ({
  id: 'deleted-executable',
  title: 'A program runs whose file is deleted',
  severity: 'high',
  description: 'Malware deletes its file once it runs.\nLook at /proc/PID/exe.',
  plugin: 'pslist',
  change: null,
  attack: ['T1070.004'],
  references: ['https://example.org/deleted'],
  tags: ['files'],
  source: { file: 'policies/drawn.yaml', line: 12 },
  ...more,
});

let drawn = 0;

/** A finding about a process, each with a fingerprint of its own. */
export const drawnFinding = (rule: RuleFacts, more: Partial<Finding> = {}): Finding => ({
  rule: rule.id,
  severity: rule.severity,
  message: 'sshd (200) runs /tmp/.x, which is deleted',
  plugin: rule.plugin,
  row: processRow(),
  before: null,
  fingerprint: (drawn++).toString(16).padStart(32, '0'),
  suppression: null,
  ...more,
});

/** A process as `pslist` tells of it, with a cell of every kind. */
export const processRow = (more: Row = {}): Row => ({
  pid: 200,
  name: 'sshd',
  started: new Date('2026-01-02T03:04:05Z'),
  kernel: false,
  cpuTime: 1.5,
  rss: { absent: 'not-present' },
  task: 0xffff_8880_03a8_c000n,
  ...more,
});

/** The same process as JSON has it. */
export const PROCESS_JSON = {
  pid: 200,
  name: 'sshd',
  started: '2026-01-02T03:04:05.000Z',
  kernel: false,
  cpuTime: 1.5,
  rss: { absent: 'not-present' },
  task: '0xffff888003a8c000',
} as const;

/** The question that has such rows. */
export const processes: AnyPlugin = drawnPlugin(
  {
    pid: 'int',
    name: 'text',
    started: 'time',
    kernel: 'flag',
    cpuTime: 'seconds',
    rss: 'int',
    task: 'address',
  },
  [],
  { name: 'pslist', lists: 'processes', processName: 'name' },
);

/** What came of a rule. Without `more` it has failed with these findings, or passed where there are none that count. */
export const ruleVerdict = (
  rule: RuleFacts,
  findings: readonly Finding[],
  more: Partial<RuleVerdict> = {},
): RuleVerdict => ({
  rule,
  outcome: findings.some(({ suppression }) => suppression === null) ? 'failed' : 'passed',
  findings,
  unread: [],
  ...more,
});

/** A snapshot with what came of the rules. */
export const judgedSnapshot = (
  rules: readonly RuleVerdict[],
  more: Partial<Verdict> & { readonly path?: string } = {},
): JudgedSnapshot => {
  const { path, ...verdict } = more;
  return { facts: fakeFacts(path), verdict: { policy: 'drawn', rules, notes: [], ...verdict } };
};

/** A snapshot of which a policy has something of everything to say. */
export function eventful(): JudgedSnapshot {
  const deleted = drawnRule();
  const shell = drawnRule({
    id: 'shell-on-socket',
    title: 'A shell reads its commands from a socket',
    severity: 'critical',
    description: null,
    attack: ['T1059.004', 'T1095'],
    references: [],
    tags: [],
  });
  const secret = drawnRule({
    id: 'secret-in-environment',
    title: 'A process has a secret in its environment',
    severity: 'low',
    plugin: 'env',
    attack: [],
    references: [],
  });
  const module = drawnRule({
    id: 'module-gone',
    title: 'A module is gone',
    severity: 'medium',
    plugin: 'modules',
    change: 'removed',
    attack: [],
  });
  const audit = drawnRule({
    id: 'auditd-runs',
    title: 'No auditd runs',
    severity: 'medium',
    attack: ['T1562.001'],
  });
  const quiet = drawnRule({ id: 'quiet', title: 'Something that is not there', severity: 'info' });
  return judgedSnapshot(
    [
      ruleVerdict(deleted, [
        drawnFinding(deleted),
        drawnFinding(deleted, {
          message: 'cron (7) runs /usr/sbin/cron, which is deleted',
          suppression: { by: 'baseline', reason: 'there on 2026-01-01', expires: null },
        }),
      ]),
      ruleVerdict(shell, [drawnFinding(shell, { message: 'bash (183), of user 33: socket:[2040]' })]),
      ruleVerdict(secret, [
        drawnFinding(secret, {
          message: 'DB_PASSWORD in app (12)',
          row: { pid: 12, name: 'DB_PASSWORD', value: 'x' },
          suppression: { by: 'policy', reason: 'a test account', expires: '2027-01-31' },
        }),
      ]),
      ruleVerdict(module, [], { outcome: 'skipped', unread: ['there is no snapshot before this one'] }),
      ruleVerdict(audit, [], {
        outcome: 'unevaluated',
        unread: ['pslist stopped early: 0xffff888003a8c000 is not mapped'],
      }),
      ruleVerdict(quiet, []),
    ],
    { notes: ['the suppression of old-rule matches nothing'] },
  );
}

/** What became of snapshots that a policy was to judge. */
export const judgement = (
  judged: readonly JudgedSnapshot[],
  unread: readonly UnreadSnapshot[] = [],
): Judgement => ({ policy: 'drawn', judged, unread });

/** A snapshot that could not be read. */
export const unreadSnapshot = (
  path = 'torn.raw',
  message = `${path} is cut in the middle of its header`,
): UnreadSnapshot => ({
  path,
  error: new BadSnapshot(message),
});
