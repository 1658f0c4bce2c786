import { describe, expect, it } from 'vitest';
import { compare } from '../../src/diff/comparison.ts';
import { buildPageModel } from '../../src/page/build-model.ts';
import type { PageModel } from '../../src/page/model.ts';
import { MOST_ROWS } from '../../src/page/tables.ts';
import { answerOf, drawnParts, drawnVerdict, factsAt, known } from './drawn.ts';

const paint = (more: Parameters<typeof drawnParts>[0] = {}): PageModel => buildPageModel(drawnParts(more));

const cells = (model: PageModel, table: string, column: string) =>
  model.tables.find(({ name }) => name === table)!.columns.find(({ name }) => name === column);

describe('a page of a machine', () => {
  it('says what it is about, and how sure that is', () => {
    const { machine, title } = paint();
    expect(title).toBe('web-1');
    expect(machine).toMatchObject({
      name: 'web-1',
      system: 'Linux 6.1.0-50-cloud-amd64, x86-64, 4 levels, 2 CPUs, 512 MiB',
      time: '2026-01-02 06:00:00 UTC',
      binding: 'raw, kernel found by vmcoreinfo + kallsyms + btf',
      confidence: 'verified',
    });
    expect(paint({ title: 'After the incident' }).title).toBe('After the incident');
  });

  it('says before all else what could not be read, and what nobody has asked', () => {
    expect(paint().unread).toEqual([
      'env: env stopped early: 0xffff is not mapped',
      'modules: 1 cell not-present',
      'keys: nobody has asked this of the snapshot',
    ]);
  });

  it('keeps cells in the form of their kind, and reasons beside them', () => {
    const model = paint({
      answers: [
        answerOf('pslist', [
          { pid: 1, started: new Date(5), kernel: true, task: 2n ** 64n - 1n, rss: 2n ** 60n, cpuTime: 0.5 },
          { pid: { absent: 'swapped' }, args: 'x'.repeat(20_001) },
        ]),
      ],
    });
    expect(cells(model, 'pslist', 'pid')).toEqual({
      ...{ name: 'pid', kind: 'int', cells: [1, null] },
      absent: [[1, 'swapped']],
    });
    expect(cells(model, 'pslist', 'started')?.cells).toEqual([5, null]);
    expect(cells(model, 'pslist', 'task')?.cells).toEqual(['0xffffffffffffffff', null]);
    expect(cells(model, 'pslist', 'rss')?.cells).toEqual(['1152921504606846976', null]);
    expect(cells(model, 'pslist', 'args')?.cells[1]).toMatch(/^x{20000}… \(1 letters more\)$/);
    expect(cells(model, 'pslist', 'args')).not.toHaveProperty('absent');
  });

  it('shows offsets and masks in hex, as tables do', () => {
    const rows = [{ offset: 4096 }, { offset: 2 ** 63 }, { offset: { absent: 'swapped' } }];
    const model = paint({ answers: [{ plugin: known('maps'), rows, notes: [] }] });
    expect(cells(model, 'maps', 'offset')).toEqual({
      ...{ name: 'offset', kind: 'address', cells: ['0x1000', '0x8000000000000000', null] },
      absent: [[2, 'swapped']],
    });
  });

  it('holds no more rows than a browser bears, and counts all', () => {
    const rows = Array.from({ length: MOST_ROWS + 5 }, (_, pid) => ({ pid }));
    const [table] = paint({ answers: [{ plugin: known('env'), rows, notes: [] }] }).tables;
    expect([table?.rowCount, table?.columns[0]?.cells.length]).toEqual([MOST_ROWS + 5, MOST_ROWS]);
  });

  it('marks what is new since the snapshot before', () => {
    const { newPids, listening, established } = paint();
    expect(newPids).toEqual([101]);
    expect(listening).toMatchObject([{ local: '0.0.0.0:22', isNew: false }]);
    expect(established).toMatchObject([{ remote: '203.0.113.66:4444', isNew: true }]);
  });

  it('tells the story of a comparison, and the rows that differ behind a sign', () => {
    const { changes } = paint();
    expect(changes).toMatchObject({
      before: { path: '/snapshots/2.raw', time: '2026-01-02T05:00:00.000Z' },
      relation: 'the same machine, the same boot, 1 h 0 min 0 s later',
    });
    expect(changes!.events.map(({ change, kind, what }) => `${change} ${kind} ${what}`)).toEqual([
      'appeared process 101 bash -i (user 33)',
      'appeared connection tcp 10.0.0.1:40000 → 203.0.113.66:4444 bash (101)',
    ]);
    const [pslist] = changes!.tables;
    expect(pslist?.columns.slice(0, 2)).toMatchObject([
      { name: '±', cells: ['+'] },
      { name: 'pid', cells: [101] },
    ]);
  });

  it('says which questions were not compared, since the snapshot before was not asked', () => {
    const [before, after] = [factsAt(2), factsAt(3)];
    const answers = [answerOf('pslist', []), answerOf('modules', [])];
    const known = { kernel: after.kernel, answers: new Map(answers.map((one) => [one.plugin.name, one])) };
    const less = { kernel: before.kernel, answers: new Map([['pslist', answers[0]!]]) };
    const comparison = compare(
      less,
      known,
      answers.map(({ plugin }) => plugin),
    );
    const { changes } = paint({ answers, changes: { before, comparison } });
    expect(changes?.uncertain).toEqual([
      'modules: not compared, since nobody has asked this of the snapshot before',
    ]);
  });

  it('puts the gravest findings first, and says what was not evaluated', () => {
    const [verdict] = paint().verdicts;
    expect(verdict!.rules.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'shell-on-socket failed',
      'many failed',
      'unevaluated unevaluated',
      'skipped skipped',
      'passed passed',
    ]);
    const [shell] = verdict!.rules;
    expect(shell).toMatchObject({
      attack: [{ id: 'T1059.004', href: 'https://attack.mitre.org/techniques/T1059/004/' }],
      source: 'drawn.yaml:3',
      findingCount: 2,
    });
    expect(shell!.findings[0]!.row).toContainEqual({ name: 'args', text: '–', absent: 'swapped' });
    expect(shell!.findings[0]!.row).toContainEqual({ name: 'pid', text: '101' });
    expect(shell!.findings[1]!.suppressed).toBe('by the baseline, until 2027-01-31: it is ours');
  });

  it('holds some of very many findings, those that count, and counts all', () => {
    const verdict = drawnVerdict();
    const many = verdict.rules.find(({ rule }) => rule.id === 'many')!;
    const suppression = { by: 'policy', reason: 'known', expires: null } as const;
    const findings = [
      ...Array.from({ length: 1_500 }, () => ({ ...many.findings[0]!, suppression })),
      ...many.findings,
    ];
    const [rule] = paint({ verdicts: [{ ...verdict, rules: [{ ...many, findings }] }] }).verdicts[0]!.rules;
    expect([rule!.findingCount, rule!.findings.length]).toEqual([1_560, 1_000]);
    expect(rule!.findings.filter(({ suppressed }) => suppressed === null).length).toBe(60);
  });

  it('follows things through the snapshots, and tells reboots', () => {
    const { timeline } = paint();
    expect(timeline!.moments.map(({ isReboot }) => isReboot)).toEqual([false, false, true, false]);
    expect(timeline!.subject).toBe(3);
    const column = (name: string) => timeline!.things.columns.find((one) => one.name === name)!.cells;
    const shell = column('what').indexOf('101 bash -i (user 33)');
    expect(['kind', 'why', 'first', 'last', 'seen'].map((name) => column(name)[shell])).toEqual([
      ...['process', "root's rights for user 33; a shell on a socket", 3, 3, 1],
    ]);
    expect(column('what')).toContain('tcp 10.0.0.1:40000 → 203.0.113.66:4444 bash (101)');
  });

  it('is there for a machine of which little is known', () => {
    const model = paint({
      ...{ facts: factsAt(0, { hostname: null, machineId: null, time: null }), answers: [], unasked: [] },
      ...{ verdicts: [], changes: null, timeline: null },
    });
    expect(model).toMatchObject({ title: 'a machine without a name', tables: [], changes: null, unread: [] });
  });
});
