import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/plugin/cell.ts';
import { judge } from '../../src/policy/judge.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { countedFindings } from '../../src/policy/verdict.ts';
import {
  ABSENT,
  type Answers,
  evidenceOf,
  knownOf,
  load,
  policyOf,
  process,
  ruleOn,
  TODAY,
  verdictOn,
} from './drawn.ts';

const messages = (rule: string, answers: Answers, before?: Answers): string[] =>
  ruleOn(rule, answers, before).findings.map(({ message }) => message);

const file = (pid: number, path: string, cells: Row = {}): Row => ({
  pid,
  fd: 3,
  path,
  type: 'REG',
  ...cells,
});
const listener = (process: string | null, port: number, cells: Row = {}): Row => ({
  ...{ netns: 1, pid: 7, process, fd: 3, family: 'inet', type: 'stream', protocol: 'tcp' },
  ...{ localAddress: '0.0.0.0', localPort: port, remoteAddress: null, remotePort: null },
  ...{ state: 'LISTEN', inode: 1, uid: 0, ...cells },
});

describe('a rule over rows', () => {
  it('objects to each row that its condition matches, with a message of its cells', () => {
    const { findings, outcome } = ruleOn(
      'plugin: pslist\nwhere: row.uid == 0 && row.name.startsWith("s")\nmessage: "{row.name} ({row.pid}), {{kernel}}: {row.kernel}, {row.ppid + 1}"',
      { pslist: [process(1, 'init'), process(2, 'sh'), process(3, 'sh', { uid: 5 })] },
    );
    expect(outcome).toBe('failed');
    expect(findings).toMatchObject([
      {
        rule: 'rule-1',
        severity: 'high',
        message: 'sh (2), {kernel}: no, 2',
        plugin: 'pslist',
        before: null,
      },
    ]);
    expect(findings[0]!.row).toMatchObject({ pid: 2 });
  });

  it('tells in its message what does not apply and what could not be read, and cuts what is long', () => {
    const rule = 'plugin: pslist\nmessage: "{row.uid} {row.args} {row.name} {int(row.name)} {row.started}"';
    expect(messages(rule, { pslist: [process(1, 'a'.repeat(300), { uid: null, args: ABSENT })] })).toEqual([
      `none – ${'a'.repeat(200)}… ? 1970-01-01T00:00:01.000Z`,
    ]);
  });

  it('says its title where it has no message', () => {
    expect(messages('plugin: pslist', { pslist: [process(1, 'init')] })).toEqual(['Something is wrong']);
  });

  it('sees addresses as hex, times as times, and whole numbers of any size', () => {
    const maps = [
      { pid: 1, start: 0xffff800000000000n, end: 0n, inode: 2n ** 63n, flags: 'rwx', path: null },
    ];
    expect(
      messages(
        'plugin: maps\nwhere: row.start == "0xffff800000000000" && row.inode > 5\nmessage: "{row.inode}"',
        { maps, pslist: [] },
      ),
    ).toEqual(['9223372036854775808']);
    const rule =
      'plugin: pslist\nwhere: row.started > timestamp("1970-01-01T00:00:01Z")\nmessage: "{row.pid}"';
    expect(messages(rule, { pslist: [process(1, 'a'), process(2, 'b')] })).toEqual(['2']);
  });

  it('knows the process of a row, and what else belongs to it', () => {
    const answers = {
      pslist: [process(7, 'nginx'), process(8, 'bash')],
      files: [file(7, '/dev/shm/x'), file(8, '/etc/passwd')],
      sockets: [listener('nginx', 80), listener('bash', 81, { pid: 8 }), listener(null, 82, { pid: null })],
    };
    const rule = (where: string): string => `plugin: sockets\nwhere: '${where}'\nmessage: "{row.localPort}"`;
    expect(messages(rule('process.name == "nginx"'), answers)).toEqual(['80']);
    expect(messages(rule('its.files.exists(f, f.path.startsWith("/dev/shm/"))'), answers)).toEqual(['80']);
    expect(messages(rule('!has(process.name)'), answers)).toEqual(['82']);
    // No file is of a process that there is not.
    expect(messages(rule('all.files.filter(f, f.pid == row.pid).size() == 0'), answers)).toEqual(['82']);
    expect(messages(rule('all["files"].exists(f, f["path"] == "/etc/passwd")'), answers)).toEqual([
      '80',
      '81',
      '82',
    ]);
  });

  it('knows the snapshot', () => {
    const rule =
      'plugin: pslist\nwhere: snapshot.architecture == "x86-64" && snapshot.cpus == 2 && snapshot.uptimeSeconds > 1.0 && !has(snapshot.machineId)';
    expect(ruleOn(rule, { pslist: [process(1, 'init')] }).outcome).toBe('failed');
  });

  it('is not evaluated where a process is missing from the list that its row belongs to', () => {
    const { outcome, unread } = ruleOn('plugin: sockets\nwhere: process.name == "x"', {
      pslist: [],
      sockets: [listener('x', 80)],
    });
    expect({ outcome, unread }).toEqual({
      outcome: 'unevaluated',
      unread: ['1 row of sockets could not be judged: process 7 is not in pslist'],
    });
  });
});

describe('an answer that is not whole', () => {
  const broken = { rows: [process(1, 'init')], notes: ['the list breaks after 1 entry'] };

  it('makes a rule that found nothing unevaluated', () => {
    const { outcome, unread } = ruleOn('plugin: pslist\nwhere: row.name == "x"', { pslist: broken });
    expect({ outcome, unread }).toEqual({
      outcome: 'unevaluated',
      unread: ['pslist: the list breaks after 1 entry'],
    });
  });

  it('leaves what was found standing, and says that there may be more', () => {
    const { outcome, findings, unread } = ruleOn('plugin: pslist', { pslist: broken });
    expect([outcome, findings.length, unread.length]).toEqual(['failed', 1, 1]);
  });

  it('counts where a condition looks into it, and not where none does', () => {
    const answers = { pslist: [process(1, 'init')], files: { rows: [], notes: ['files are missing'] } };
    expect(ruleOn('plugin: pslist\nwhere: row.name == "x"', answers).outcome).toBe('passed');
    expect(ruleOn('plugin: pslist\nwhere: its.files.size() > 0', answers).unread).toEqual([
      'files: files are missing',
    ]);
  });

  it('is one in which the process of a row could not be read', () => {
    const answers = { pslist: [process(1, 'init')], files: [file(1, '/a', { pid: ABSENT })] };
    expect(ruleOn('plugin: pslist\nwhere: its.files.size() > 0', answers).unread).toEqual([
      'files: the process of 1 rows could not be read',
    ]);
  });

  it('is one that nobody gave', () => {
    expect(ruleOn('plugin: pslist\nwhere: row.name == "x"', {}).unread).toEqual(['pslist gave no answer']);
  });
});

describe('a rule that counts', () => {
  const shells = (count: number): Row[] =>
    Array.from({ length: count }, (_, index) => process(index + 1, 'sh', { uid: index % 2 }));
  const counted = (count: string): string =>
    `plugin: pslist\nwhere: row.name == "sh"\ncount: ${count}\nmessage: "{count} shells on {snapshot.hostname}"`;

  it('objects to too few rows', () => {
    const { findings, outcome } = ruleOn(counted('{ min: 1 }'), { pslist: [process(1, 'init')] });
    expect(outcome).toBe('failed');
    expect(findings).toMatchObject([
      { message: '0 shells on guest', row: null, before: null, plugin: 'pslist' },
    ]);
    expect(ruleOn(counted('{ min: 1 }'), { pslist: shells(1) }).outcome).toBe('passed');
  });

  it('objects to too many rows', () => {
    expect(messages(counted('{ max: 2 }'), { pslist: shells(3) })).toEqual(['3 shells on guest']);
    expect(messages(counted('{ max: 2 }'), { pslist: shells(2) })).toEqual([]);
    expect(messages(counted('{ max: 0 }'), { pslist: shells(1) })).toEqual(['1 shells on guest']);
  });

  it('counts for each value of an expression', () => {
    const rule = `plugin: pslist\nwhere: row.name == "sh"\nper: row.uid\ncount: { max: 1 }\nmessage: "{count} shells of user {group}"`;
    expect(messages(rule, { pslist: shells(5) })).toEqual(['3 shells of user 0', '2 shells of user 1']);
    const min = rule.replace('max: 1', 'min: 1');
    const rows = [process(1, 'init'), process(2, 'sh', { uid: 5 }), process(3, 'x', { uid: null })];
    expect(messages(min, { pslist: rows })).toEqual(['0 shells of user 0', '0 shells of user none']);
  });

  it.each([
    ['{ min: 1 }', [process(1, ABSENT as never)], { rows: 'absent' }, 'unevaluated'],
    ['{ max: 1 }', [...shells(1), process(9, ABSENT as never)], { rows: 'absent' }, 'unevaluated'],
    ['{ max: 1 }', [...shells(2), process(9, ABSENT as never)], { rows: 'absent' }, 'failed'],
    ['{ max: 2 }', [...shells(1), process(9, ABSENT as never)], { rows: 'absent' }, 'unevaluated'],
    ['{ min: 1 }', [...shells(1), process(9, ABSENT as never)], { rows: 'absent' }, 'unevaluated'],
  ])('does not guess: %s', (count, pslist, _, expected) => {
    expect(ruleOn(counted(count), { pslist: pslist as Row[] }).outcome).toBe(expected);
  });

  it('takes no answer that is not whole for too few rows', () => {
    const pslist = { rows: [], notes: ['the list is broken'] };
    const { outcome, findings, unread } = ruleOn(counted('{ min: 1 }'), { pslist });
    expect({ outcome, findings, unread }).toEqual({
      outcome: 'unevaluated',
      findings: [],
      unread: ['pslist: the list is broken', '0 rows match, and 1 must: but not all could be seen'],
    });
  });

  it('has the same fingerprint whatever the count is', () => {
    const [one] = ruleOn(counted('{ max: 2 }'), { pslist: shells(3) }).findings;
    const [other] = ruleOn(counted('{ max: 2 }'), { pslist: shells(5) }).findings;
    expect(one!.fingerprint).toMatch(/^[0-9a-f]{32}$/);
    expect(one!.fingerprint).toBe(other!.fingerprint);
  });
});

describe('a rule over differences', () => {
  const before = { pslist: [process(7, 'nginx')], sockets: [listener('nginx', 80)] };
  const after = { pslist: [process(7, 'nginx')], sockets: [listener('nginx', 80), listener('nginx', 4444)] };
  const rule = (change: string, plugin = 'sockets'): string =>
    `plugin: ${plugin}\nchange: ${change}\nmessage: "{row.pid}"`;

  it('looks at what is new', () => {
    const added =
      'plugin: sockets\nchange: added\nwhere: row.state == "LISTEN"\nmessage: "{process.name} on {row.localPort}"';
    expect(messages(added, after, before)).toEqual(['nginx on 4444']);
    expect(messages(added, before, before)).toEqual([]);
  });

  it('looks at what is gone, with the process that it was of', () => {
    const answers = { ...before, pslist: [] };
    const removed = 'plugin: sockets\nchange: removed\nmessage: "{row.localPort} of {process.name}"';
    expect(messages(removed, answers, after)).toEqual(['4444 of nginx']);
  });

  it('looks at what has changed, with the row as it was and the columns that differ', () => {
    const changed =
      'plugin: pslist\nchange: changed\nwhere: \'"uid" in changed && row.uid == 0\'\nmessage: "{row.name}: {before.uid} to {row.uid}, {changed}"';
    const { findings } = ruleOn(
      changed,
      { pslist: [process(7, 'su')] },
      { pslist: [process(7, 'su', { uid: 1000 })] },
    );
    expect(findings.map(({ message }) => message)).toEqual(['su: 1000 to 0, uid']);
    expect(findings[0]!.before).toMatchObject({ uid: 1000 });
  });

  it('looks at rows of new processes too', () => {
    const env = [{ pid: 8, name: 'LD_PRELOAD', value: '/tmp/x.so' }];
    const answers = { pslist: [process(7, 'nginx'), process(8, 'sh')], env };
    expect(messages(rule('added', 'env'), answers, { pslist: [process(7, 'nginx')], env: [] })).toEqual([
      '8',
    ]);
  });

  it('is skipped without a snapshot before, and one note says so for all', () => {
    const two = policyOf(rule('added'), rule('removed'));
    const { rules, notes } = verdictOn(two, after);
    expect(rules.map(({ outcome, unread }) => [outcome, unread])).toEqual([
      ['skipped', []],
      ['skipped', []],
    ]);
    expect(notes).toEqual([
      '2 rules look at differences and were skipped: there is no snapshot before this one',
    ]);
  });

  it('is sure of nothing where the snapshot before was not whole', () => {
    const { outcome, findings, unread } = ruleOn(rule('added'), after, {
      ...before,
      sockets: { rows: before.sockets, notes: ['the table breaks'] },
    });
    expect({ outcome, findings, unread }).toEqual({
      outcome: 'unevaluated',
      findings: [],
      unread: ['the first snapshot: the table breaks', 'perhaps new: 7'],
    });
  });
});

describe('suppressions', () => {
  const policy = (...lines: string[]): string =>
    [
      policyOf('plugin: pslist\nwhere: row.name == "sh"\nmessage: "{row.pid}"'),
      'suppress:',
      ...lines.map((line) => `  - ${line}`),
    ].join('\n');
  const pslist = [process(1, 'sh'), process(2, 'sh')];

  it('keep findings from counting, for a reason and until a day', () => {
    const verdict = verdictOn(
      policy('{ rule: rule-1, where: row.pid == 1, reason: known, expires: 2027-01-15 }'),
      { pslist },
    );
    expect(verdict.rules[0]!.outcome).toBe('failed');
    expect(countedFindings(verdict).map(({ message }) => message)).toEqual(['2']);
    expect(verdict.rules[0]!.findings[0]!.suppression).toEqual({
      by: 'policy',
      reason: 'known',
      expires: '2027-01-15',
    });
    expect(verdict.notes).toEqual([]);
  });

  it('let a rule pass all of whose findings they know', () => {
    expect(verdictOn(policy('{ rule: rule-1, reason: known }'), { pslist }).rules[0]!.outcome).toBe('passed');
  });

  it('count no more once they have expired, and say so', () => {
    const text = policy('{ rule: rule-1, reason: known, expires: 2027-01-14 }');
    const verdict = verdictOn(text, { pslist });
    expect(countedFindings(verdict)).toHaveLength(2);
    expect(verdict.notes).toEqual([
      'the suppression of rule-1 (policy.yaml:11:5) has expired on 2027-01-14 and counts no more',
    ]);
  });

  it('that match nothing are noted', () => {
    const { notes } = verdictOn(policy('{ rule: rule-1, where: row.pid == 9, reason: known }'), { pslist });
    expect(notes).toEqual(['the suppression of rule-1 (policy.yaml:11:5) matches nothing']);
  });

  it('keep what no policy needs a rule for from counting, as a whole', () => {
    const builtIn = (...lines: string[]): Policy => load(policy(...lines));
    const anomalies = [
      { rule: 'guest-clock-ahead', message: 'an hour ahead' },
      { rule: 'machine-renamed', message: 'web-1 is web-2' },
    ] as const;
    const suppression = '{ rule: guest-clock-ahead, reason: no clock on the board, expires: 2027-01-15 }';
    const { rules, notes } = judge(
      builtIn('{ rule: rule-1, reason: known }', suppression),
      { ...evidenceOf(knownOf({ pslist })), anomalies },
      TODAY,
    );
    expect(rules.map(({ rule, outcome }) => [rule.id, outcome])).toEqual([
      ['rule-1', 'passed'],
      ['guest-clock-ahead', 'passed'],
      ['machine-renamed', 'failed'],
    ]);
    expect(notes).toEqual([]);
    expect(() => builtIn('{ rule: guest-clock-ahead, where: row.pid == 1, reason: x }')).toThrow(
      /suppression of guest-clock-ahead: findings of a built-in rule have no row to look at/,
    );
  });

  it('suppress nothing that they cannot be sure of', () => {
    const rows = [process(1, 'sh', { args: ABSENT })];
    const verdict = verdictOn(policy('{ rule: rule-1, where: row.args == "x", reason: known }'), {
      pslist: rows,
    });
    expect(countedFindings(verdict)).toHaveLength(1);
  });
});

describe('a fingerprint', () => {
  const print = (rule: string, answers: Answers): string => ruleOn(rule, answers).findings[0]!.fingerprint;
  const env = (pid: number, value: string): Row => ({ pid, name: 'LD_PRELOAD', value });

  it('is the same after a reboot, for what its question or its process names', () => {
    const sockets = 'plugin: sockets';
    expect(print(sockets, { sockets: [listener('nginx', 80)], pslist: [process(7, 'nginx')] })).toBe(
      print(sockets, {
        sockets: [listener('nginx', 80, { inode: 9, fd: 5, pid: 70, netns: 3 })],
        pslist: [process(70, 'nginx')],
      }),
    );
    const preload = 'plugin: env\nwhere: row.name == "LD_PRELOAD"';
    expect(print(preload, { env: [env(7, 'a')], pslist: [process(7, 'nginx')] })).toBe(
      print(preload, { env: [env(9, 'a')], pslist: [process(9, 'nginx')] }),
    );
  });

  it('is another for another process, another rule, or another cell that the condition looks at', () => {
    const preload = 'plugin: env\nwhere: row.name != ""';
    const prints = [
      print(preload, { env: [env(7, 'a')], pslist: [process(7, 'nginx')] }),
      print(preload, { env: [env(7, 'a')], pslist: [process(7, 'bash')] }),
      print(preload, { env: [{ ...env(7, 'a'), name: 'PATH' }], pslist: [process(7, 'nginx')] }),
      verdictOn(policyOf('plugin: pslist\nwhere: "false"', preload), {
        env: [env(7, 'a')],
        pslist: [process(7, 'nginx')],
      }).rules[1]!.findings[0]!.fingerprint,
    ];
    expect(new Set(prints).size).toBe(4);
  });

  it('has nothing of a secret in it that could be guessed', () => {
    const secret = 'plugin: env\nwhere: row.value.startsWith("hunter")';
    expect(print(secret, { env: [env(7, 'hunter1')], pslist: [process(7, 'nginx')] })).toBe(
      print(secret, { env: [env(7, 'hunter2')], pslist: [process(7, 'nginx')] }),
    );
  });
});

it('judges by the rules that are not disabled, with the severity that they were given', () => {
  const text = `${policyOf('plugin: pslist', 'plugin: pslist')}\ndisable: [rule-1]\nseverity: { rule-2: info }`;
  expect(load(text).rules.map(({ facts }) => [facts.id, facts.severity])).toEqual([['rule-2', 'info']]);
});
