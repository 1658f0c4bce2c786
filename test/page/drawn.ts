import { plugins } from '../../plugins/index.ts';
import { compare } from '../../src/diff/comparison.ts';
import { lifetimesOf } from '../../src/diff/timeline.ts';
import { buildPageModel, type PageAnswer, type PageParts } from '../../src/page/build-model.ts';
import type { PageModel } from '../../src/page/model.ts';
import type { Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin } from '../../src/plugin/contract.ts';
import type { Finding, RuleFacts, RuleVerdict, Verdict } from '../../src/policy/verdict.ts';
import type { Facts } from '../../src/report/answer.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { Random } from '../support/random.ts';

/** Texts that a page must show and not be moved by. */
export const HOSTILE: readonly string[] = [
  '</script><script>document.title="moved"</script>',
  '<img src=x onerror="document.title=\'moved\'">',
  '"><svg onload=alert(1)>',
  'javascript:document.title="moved"',
  '\u202egnp.exe\u202c',
  '\x1b]0;moved\x07\x1b[2J',
  '<!--<script>',
  '\u2028\u2029\ud800',
  '__proto__',
  'a'.repeat(100_000),
];

/** A plugin of the program. */
export const known = (name: string): AnyPlugin => plugins.find((plugin) => plugin.name === name)!;

/** Rows of a plugin; columns that a row does not name are null. */
export const answerOf = (name: string, rows: readonly Row[], notes: readonly string[] = []): PageAnswer => ({
  plugin: known(name),
  notes,
  rows: rows.map((row) => ({
    ...Object.fromEntries(Object.keys(known(name).columns).map((column) => [column, null])),
    ...row,
  })),
});

const BOOTED = Date.parse('2026-01-02T03:00:00Z');

const process = (pid: number, ppid: number, args: string, more: Row = {}): Row => ({
  ...{ pid, ppid, name: args.slice(0, 15), args, uid: 0, euid: 0, kernel: false, rss: pid * 4 },
  ...{ started: new Date(BOOTED + pid * 1000), task: 0xffff_8880_0000_1000n + BigInt(pid * 8192) },
  ...more,
});

const PROCESSES: readonly Row[] = [
  process(1, 0, 'init'),
  process(2, 0, 'kthreadd', { kernel: true, args: null }),
  process(3, 2, 'kworker/0:0', { kernel: true, args: null }),
  process(100, 1, 'sshd -D'),
  process(101, 100, 'bash -i', { name: 'bash', uid: 33 }),
  process(9, 1, 'cron'),
  ...[10, 11, 12].map((pid) => process(pid, 9, `job ${pid}`)),
];

const socket = (pid: number, fd: number, more: Row): Row => ({
  ...{
    pid,
    fd,
    process: 'bash',
    family: 'inet',
    type: 'stream',
    protocol: 'tcp',
    netns: 1,
    inode: pid * 10 + fd,
  },
  ...more,
});

const SOCKETS: readonly Row[] = [
  socket(100, 3, { process: 'sshd', state: 'LISTEN', localAddress: '0.0.0.0', localPort: 22 }),
  socket(101, 0, {
    ...{ state: 'ESTABLISHED', localAddress: '10.0.0.1', localPort: 40000 },
    ...{ remoteAddress: '203.0.113.66', remotePort: 4444 },
  }),
];

/** Facts of a drawn machine at some hour of its day. */
export function factsAt(hour: number, more: Partial<Facts['kernel']> = {}): Facts {
  const { snapshot, kernel } = fakeFacts(`/snapshots/${hour}.raw`);
  const time = new Date(BOOTED + hour * 3_600_000).toISOString();
  return { snapshot, kernel: { ...kernel, bootId: 'b', machineId: 'm', hostname: 'web-1', time, ...more } };
}

const rule = (id: string, more: Partial<RuleFacts> = {}): RuleFacts => ({
  ...{ id, title: `Rule ${id}`, severity: 'medium', description: null, plugin: 'pslist', change: null },
  ...{ attack: [], references: [], tags: [], source: { file: 'drawn.yaml', line: 3 } },
  ...more,
});

const finding = (from: RuleFacts, message: string, more: Partial<Finding> = {}): Finding => ({
  ...{ rule: from.id, severity: from.severity, message, plugin: from.plugin, row: null, before: null },
  ...{ fingerprint: '0'.repeat(32), suppression: null },
  ...more,
});

/** A verdict with a rule of every outcome, and findings enough that not all are shown at once. */
export function drawnVerdict(): Verdict {
  const shell = rule('shell-on-socket', {
    ...{ severity: 'critical', title: 'A shell has a socket', description: 'Somebody is in.' },
    ...{ attack: ['T1059.004'], references: ['https://example.org/shells', 'javascript:alert(1)'] },
  });
  const many = rule('many');
  const shown: RuleVerdict[] = [
    { rule: rule('passed'), outcome: 'passed', findings: [], unread: [] },
    { rule: rule('skipped', { change: 'added' }), outcome: 'skipped', findings: [], unread: [] },
    {
      ...{ rule: rule('unevaluated'), outcome: 'unevaluated', findings: [] },
      unread: ['args of 3 rows could not be read: not-present'],
    },
    {
      ...{ rule: many, outcome: 'failed', unread: [] },
      findings: Array.from({ length: 60 }, (_, index) => finding(many, `finding number ${index + 1}`)),
    },
    {
      ...{ rule: shell, outcome: 'failed', unread: [] },
      findings: [
        finding(shell, 'bash (101) has a socket for its input', {
          row: { ...PROCESSES[4]!, args: { absent: 'swapped' } },
        }),
        finding(shell, 'a shell of old', {
          suppression: { by: 'baseline', reason: 'it is ours', expires: '2027-01-31' },
        }),
      ],
    },
  ];
  return { policy: 'drawn', rules: shown, notes: [] };
}

/** All that a page can have: changes, findings, a timeline with a reboot, notes, absent cells. */
export function drawnParts(more: Partial<PageParts> = {}): PageParts {
  const hours = [0, 1, 2, 3];
  const facts = hours.map((hour) => factsAt(hour, hour < 2 ? { bootId: 'a' } : {}));
  const later = { pslist: PROCESSES, sockets: SOCKETS };
  const earlier = { pslist: PROCESSES.filter(({ pid }) => pid !== 101), sockets: SOCKETS.slice(0, 1) };
  const snapshots = hours.map((hour) => ({
    kernel: facts[hour]!.kernel,
    answers: new Map(
      Object.entries(hour < 3 ? earlier : later).map(([name, rows]) => [name, answerOf(name, rows)]),
    ),
  }));
  const asked = [known('pslist'), known('sockets')];
  return {
    vestige: '1',
    facts: facts[3]!,
    answers: [
      answerOf('pslist', PROCESSES),
      answerOf('sockets', SOCKETS),
      answerOf(
        'env',
        HOSTILE.map((value, index) => ({ pid: 100 + index, name: value.slice(0, 40), value })),
        ['env stopped early: 0xffff is not mapped'],
      ),
      answerOf('modules', [
        { name: 'dummy', taints: 'E', state: 'Live', size: 4096 },
        { name: 'loop', buildId: { absent: 'not-present' }, size: 8192 },
      ]),
    ],
    unasked: plugins.filter(({ name }) => name === 'keys'),
    verdicts: [drawnVerdict()],
    changes: { before: facts[2]!, comparison: compare(snapshots[2]!, snapshots[3]!, asked) },
    timeline: {
      moments: facts.map(({ kernel, snapshot: { path } }) => ({ path, kernel })),
      subject: 3,
      lives: asked.map((plugin) => ({ plugin, ...lifetimesOf(plugin, snapshots, asked) })),
      remarks: [],
    },
    ...more,
  };
}

/** Rows of the table that is as long as the page must bear. */
export const LONG = 50_000;

/** Mappings of many processes, in no order. */
function longTable(): readonly Row[] {
  const random = new Random(7);
  return Array.from({ length: LONG }, (_, index) => ({
    ...{ pid: random.below(300), start: BigInt(random.below(2 ** 31)) * 4096n, end: 0n, flags: 'r-xp' },
    ...{ offset: index, device: 'fe:00', inode: index % 7 === 0 ? null : random.below(5000) },
    path: index % 11 === 0 ? { absent: 'swapped' } : `/usr/lib/lib${random.below(900)}.so`,
  }));
}

/** A page with a long table besides all else. */
export function drawnPage(): PageModel {
  const parts = drawnParts();
  return buildPageModel({ ...parts, answers: [...parts.answers, answerOf('maps', longTable())] });
}
