// A question that nobody has heard of: what it declares must be enough for triage, differences, page, SARIF and SQL.
// Its flags and completion are tested with `--plugin` (test/cli/main.test.ts).
import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { compare } from '../../src/diff/comparison.ts';
import { lifetimesOf } from '../../src/diff/timeline.ts';
import { buildPageModel } from '../../src/page/build-model.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { type AnyPlugin, definePlugin } from '../../src/plugin/contract.ts';
import { plainStyle } from '../../src/report/style.ts';
import { triageText } from '../../src/report/triage.ts';
import { sarifLog } from '../../src/report/verdict/sarif.ts';
import { QueryConnection } from '../../src/store/query.ts';
import { summarize, triageQuestions } from '../../src/triage/summarize.ts';
import { drawnParts, factsAt } from '../page/drawn.ts';
import { knownOf } from '../policy/drawn.ts';
import { identity, inStore } from '../store/scratch.ts';
import { fakeFacts } from '../support/fake-session.ts';
import { drawnFinding, drawnRule, judgedSnapshot, judgement, ruleVerdict } from '../support/verdicts.ts';

/** Lamps of a machine, which are of no process. */
const lamps = definePlugin({
  ...{ name: 'lamps', summary: 'List lamps', example: '--colour red', version: 1 },
  subjects: (): Iterable<{ at: string; colour: string }> => [],
  columns: { at: { text: ({ at }) => at }, colour: { text: ({ colour }) => colour } },
  identity: ['at'],
  filters: ['colour'],
  wording: { noun: ['lamp', 'lamps'], line: ({ at }) => `at ${at}` },
  why: ({ colour }) => (colour === 'red' ? ['it is red'] : []),
  triage: { title: 'Lamps' },
  told: true,
  followed: true,
});

/** Pipes, each of the process in `owner`, with two ends. */
const pipes = definePlugin({
  ...{ name: 'pipes', summary: 'List pipes', example: '--owner 10', version: 1 },
  subjects: (): Iterable<{ owner: number; tool: string; mouth: number }> => [],
  columns: {
    owner: { int: ({ owner }) => owner },
    tool: { text: ({ tool }) => tool },
    mouth: { int: ({ mouth }) => mouth },
  },
  ...{ process: 'owner', processName: 'tool', identity: ['owner', 'mouth'] },
  wording: { noun: ['pipe', 'pipes'], line: ({ mouth }) => `mouth ${mouth}` },
  why: ({ mouth }, { process, of }) =>
    mouth === 9 ? [`${process?.['name']} of ${of('pslist').length} smokes ${of('pipes').length} pipes`] : [],
  triage: true,
  told: { changes: ['appeared'], noun: ['water pipe', 'water pipes'] },
});

const all: readonly AnyPlugin[] = [...plugins, lamps, pipes];
const LAMPS: readonly Row[] = [
  { at: 'door', colour: 'red' },
  { at: 'desk', colour: 'green' },
];
const PIPES: readonly Row[] = [
  { owner: 10, tool: 'sh', mouth: 1 },
  { owner: 10, tool: 'sh', mouth: 9 },
];
const PROCESSES: readonly Row[] = [
  { pid: 10, name: 'sh', args: 'sh -i', uid: 0, euid: 0, kernel: false, started: new Date(1000) },
];
const answers = { pslist: PROCESSES, lamps: LAMPS, pipes: PIPES };
const results = Object.entries(answers).map(([plugin, rows]) => ({ plugin, version: 1, rows, notes: [] }));

describe('a question that nobody has heard of', () => {
  it('is asked by a triage, which shows its part and its reasons', () => {
    expect(triageQuestions(all).slice(-2)).toEqual([lamps, pipes]);
    const text = triageText(factsAt(0), summarize(results, all), plainStyle, 100);
    expect(text).toContain('Lamps  2; 1 notable\n  at door: it is red\n');
    expect(text).toContain('sh -i  sh of 1 smokes 2 pipes\n');
  });

  it('is told of where two snapshots differ', () => {
    const before = knownOf({
      pslist: PROCESSES,
      lamps: [
        { at: 'hall', colour: 'red' },
        { at: 'door', colour: 'blue' },
      ],
      pipes: [],
    });
    const { story } = compare(before, knownOf(answers), all);
    expect(story.events).toEqual([
      { change: 'appeared', kind: 'lamp', what: 'at desk', why: [] },
      { change: 'appeared', kind: 'water pipe', what: 'mouth 9', why: ['sh of 1 smokes 2 pipes'] },
      { change: 'appeared', kind: 'water pipe', what: 'mouth 1', why: [] },
      { change: 'vanished', kind: 'lamp', what: 'at hall', why: [] },
      { change: 'changed', kind: 'lamp', what: 'at door: colour blue → red', why: [] },
    ]);
    expect(story.counts).toEqual(['lamps: 1 new, 1 gone, 1 changed', 'pipes: 2 new']);
  });

  it('is on the page: its table, its reasons, its timeline', () => {
    const { timeline } = drawnParts();
    const {
      tables,
      notable,
      timeline: lives,
    } = buildPageModel(
      drawnParts({
        answers: [plugins[0]!, lamps, pipes].map((plugin) => ({
          ...{ plugin, notes: [], rows: answers[plugin.name as keyof typeof answers] },
        })),
        ...{ changes: null, unasked: [] },
        timeline: {
          ...timeline!,
          lives: [{ plugin: lamps, ...lifetimesOf(lamps, [knownOf({ lamps: [] }), knownOf(answers)]) }],
        },
      }),
    );
    expect(tables.map(({ name, rowCount }) => [name, rowCount])).toEqual([
      ...[
        ['pslist', 1],
        ['lamps', 2],
        ['pipes', 2],
      ],
    ]);
    expect(notable.processes).toMatchObject([{ pid: 10, reasons: ['sh of 1 smokes 2 pipes'] }]);
    expect(notable.sections).toMatchObject([
      { kind: 'lamp', total: 2, entries: [{ what: 'at door', reasons: ['it is red'] }] },
    ]);
    expect(lives!.things.columns.find(({ name }) => name === 'what')!.cells).toContain('at door');
  });

  it.each([
    ['pipes', PIPES[0]!, { name: 'sh (10)', kind: 'process' }],
    ['pipes', { owner: 7, tool: null }, { name: 'pipes of process 7', kind: 'resource' }],
    ['lamps', LAMPS[0]!, { name: 'lamps', kind: 'resource' }],
  ])('names in SARIF what a row of %s is about: %j', (plugin, row, named) => {
    const rule = drawnRule({ plugin });
    const log = sarifLog(
      judgement([judgedSnapshot([ruleVerdict(rule, [drawnFinding(rule, { row })])])], []),
      '1',
      all,
    );
    expect(log.runs[0]!.results![0]!.locations![0]!.logicalLocations).toMatchObject([named]);
  });

  it('is a table for SQL', () =>
    inStore((store, _, path) => {
      store.scans.atomically(() =>
        store.keep(identity(1), fakeFacts(), lamps, '{}', { rows: LAMPS, notes: [] }),
      );
      const desk = QueryConnection.open(path, all);
      const { rows } = desk.ask("select colour from lamps where at = 'door'");
      expect([...rows]).toEqual([['red']]);
      desk.close();
    }));
});
