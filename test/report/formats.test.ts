import { describe, expect, it } from 'vitest';
import { UnreadableFile } from '../../src/base/errors.ts';
import type { Row } from '../../src/plugin/cell.ts';
import { csvPresenter } from '../../src/report/csv.ts';
import { jsonPresenter } from '../../src/report/json.ts';
import { jsonlPresenter } from '../../src/report/jsonl.ts';
import { plainStyle } from '../../src/report/style.ts';
import { tablePresenter } from '../../src/report/table-presenter.ts';
import { drawnPlugin, fakeFacts } from '../support/fake-session.ts';
import { Hostile } from './hostile.ts';
import { answerOf, present } from './present.ts';

const ROWS: readonly Row[] = [
  {
    pid: 1,
    name: 'systemd',
    big: 18446744073709551615n,
    started: new Date(5),
    cpu: 0.5,
    kernel: false,
    task: 0xffffn,
  },
  {
    pid: 2,
    name: '=cmd|"x",\n',
    big: 3,
    started: null,
    cpu: null,
    kernel: true,
    task: { absent: 'swapped' },
  },
  { pid: 3, name: '', big: null, started: { absent: 'not-present' }, cpu: 2, kernel: null, task: null },
];
const PLUGIN = drawnPlugin(
  { pid: 'int', name: 'text', big: 'int', started: 'time', cpu: 'seconds', kernel: 'flag', task: 'address' },
  ROWS,
);
const JSON_ROWS = [
  {
    pid: 1,
    name: 'systemd',
    big: '18446744073709551615',
    started: '1970-01-01T00:00:00.005Z',
    cpu: 0.5,
    kernel: false,
    task: '0xffff',
  },
  {
    pid: 2,
    name: '=cmd|"x",\n',
    big: 3,
    started: null,
    cpu: null,
    kernel: true,
    task: { absent: 'swapped' },
  },
  { pid: 3, name: '', big: null, started: { absent: 'not-present' }, cpu: 2, kernel: null, task: null },
];
const NOTES = ['the list breaks after 3 entries: 0x\x1b'];

describe('json', () => {
  it('writes one document that parses to exactly what was found', async () => {
    const { out, err } = await present(jsonPresenter('1.2.3', false), [
      { answers: [answerOf(PLUGIN, ROWS, { notes: NOTES }), answerOf(PLUGIN, [])] },
    ]);
    expect(JSON.parse(out)).toEqual({
      vestige: '1.2.3',
      schema: 1,
      ...fakeFacts(),
      results: [
        { plugin: 'drawn', version: 1, rows: JSON_ROWS, notes: NOTES, observations: [] },
        { plugin: 'drawn', version: 1, rows: [], notes: [], observations: [] },
      ],
    });
    expect(out.endsWith(']}\n')).toBe(true);
    expect(out).not.toContain('\x1b');
    expect(err).toBe('');
  });

  it('writes an array for several snapshots, with the error of one that could not be read', async () => {
    const presenter = jsonPresenter('1.2.3', true);
    let out = presenter.begin() + presenter.failed('gone.raw', new UnreadableFile('cannot open gone.raw'));
    const rest = await present({ ...presenter, begin: () => '' }, [
      { answers: [] },
      { answers: [answerOf(PLUGIN, ROWS)] },
    ]);
    out += rest.out;
    const documents = JSON.parse(out) as Record<string, unknown>[];
    expect(documents.map((document) => Object.keys(document))).toEqual([
      ['vestige', 'schema', 'snapshot', 'error'],
      ['vestige', 'schema', 'snapshot', 'kernel', 'results'],
      ['vestige', 'schema', 'snapshot', 'kernel', 'results'],
    ]);
    expect(documents[0]!['error']).toEqual({ code: 'unreadable-file', message: 'cannot open gone.raw' });
  });

  it('keeps the rows of an answer that failed half-way, and says why', async () => {
    const failure = new UnreadableFile('cannot read memory.raw: EIO');
    const { out } = await present(jsonPresenter('1.2.3', false), [
      { answers: [answerOf(PLUGIN, ROWS, { failure })] },
    ]);
    const document = JSON.parse(out) as { results: { rows: unknown[]; error: unknown }[] };
    expect(document.results[0]!.rows.length).toBe(3);
    expect(document.results[0]!.error).toEqual({
      code: 'unreadable-file',
      message: 'cannot read memory.raw: EIO',
    });
  });

  it('parses back to the same texts, whatever they hold', async () => {
    const random = new Hostile(5);
    const rows = Array.from({ length: 500 }, () => ({ name: random.text() }));
    const plugin = drawnPlugin({ name: 'text' }, rows);
    const { out } = await present(jsonPresenter('1.2.3', false), [{ answers: [answerOf(plugin, rows)] }]);
    expect((JSON.parse(out) as { results: [{ rows: unknown }] }).results[0].rows).toEqual(rows);
  });
});

describe('jsonl', () => {
  it('writes a line for each row and each note, with snapshot and plugin', async () => {
    const facts = { ...fakeFacts(), snapshot: { ...fakeFacts().snapshot, notes: ['the file is cut'] } };
    const { out } = await present(jsonlPresenter(), [
      { facts, answers: [answerOf(PLUGIN, ROWS, { notes: NOTES })] },
    ]);
    const origin = { snapshot: 'memory.raw', plugin: 'drawn' };
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(lines).toEqual([
      ...JSON_ROWS.map((row) => ({ ...origin, ...row })),
      { ...origin, note: NOTES[0] },
      { snapshot: 'memory.raw', note: 'the file is cut' },
    ]);
  });
});

describe('csv', () => {
  it('quotes what must be quoted, guards formulas and says which cells are absent', async () => {
    const { out, err } = await present(csvPresenter({ header: true, several: false }), [
      { answers: [answerOf(PLUGIN, ROWS, { notes: NOTES })] },
    ]);
    expect(out.split('\r\n')).toEqual([
      'pid,name,big,started,cpu,kernel,task',
      '1,systemd,18446744073709551615,1970-01-01T00:00:00.005Z,0.5,no,0xffff',
      `2,"'=cmd|""x"",\\x0a",3,,,yes,absent:swapped`,
      '3,"",,absent:not-present,2,,',
      '',
    ]);
    expect(err).toBe('note: the list breaks after 3 entries: 0x\\x1b\n');
  });

  it('has one header and a column for the snapshot where there are several', async () => {
    const one = {
      facts: fakeFacts('a.raw'),
      answers: [answerOf(PLUGIN, ROWS.slice(0, 1), { columns: ['pid'] })],
    };
    const two = {
      facts: fakeFacts('b,c.raw'),
      answers: [answerOf(PLUGIN, ROWS.slice(1, 2), { columns: ['pid'] })],
    };
    const { out } = await present(csvPresenter({ header: true, several: true }), [one, two]);
    expect(out).toBe('snapshot,pid\r\na.raw,1\r\n"b,c.raw",2\r\n');
  });
});

describe('texts that pass for something else', () => {
  const names = ['=1', "'=1", "''=1", 'absent:swapped', '–', '\\u2013', '\x1b', '\\x1b', '\\x5cx1b', '\\xff'];
  const plugin = drawnPlugin({ name: 'text' }, []);
  const rows: readonly Row[] = [...names.map((name) => ({ name })), { name: { absent: 'swapped' } }];

  it('look different in a CSV and in a table', async () => {
    const table = {
      ...{ width: Number.POSITIVE_INFINITY, header: false, style: plainStyle },
      ...{ titleSnapshots: false, titlePlugins: false },
    };
    for (const presenter of [csvPresenter({ header: false, several: false }), tablePresenter(table)]) {
      const { out } = await present(presenter, [{ answers: [answerOf(plugin, rows, {})] }]);
      const lines = out.trimEnd().split(/\r?\n/);
      expect(lines).toHaveLength(rows.length);
      expect(new Set(lines).size).toBe(rows.length);
    }
  });
});

describe('tables', () => {
  const options = {
    width: 60,
    header: true,
    style: plainStyle,
    titleSnapshots: false,
    titlePlugins: false,
  };

  it('keeps rows on stdout, and on stderr what is hidden, absent and incomplete', async () => {
    const { out, err } = await present(tablePresenter(options), [
      {
        answers: [
          answerOf(PLUGIN, ROWS, {
            columns: ['pid', 'name', 'started', 'task'],
            notes: [...NOTES, 'another'],
          }),
        ],
      },
    ]);
    expect(out.split('\n')).toEqual([
      'pid  name           started                     task',
      '  1  systemd        1970-01-01T00:00:00.005Z  0xffff',
      '  2  =cmd|"x",\\x0a                                 –',
      '  3                 –',
      '',
    ]);
    expect(err.split('\n')).toEqual([
      '– could not be read: not-present (1), swapped (1)',
      'note: the list breaks after 3 entries: 0x\\x1b',
      'note: another',
      '',
    ]);
  });

  it('says what it hid and how to see it', async () => {
    const { err } = await present(tablePresenter({ ...options, width: 40 }), [
      { answers: [answerOf(PLUGIN, ROWS.slice(0, 1))] },
    ]);
    expect(err).toBe(
      'hidden at this width: kernel, cpu,\nstarted, big; --columns shows them, and\n--vertical\n',
    );
  });

  it('gives every snapshot and every plugin a title where there are several', async () => {
    const answers = () => [
      answerOf(PLUGIN, ROWS.slice(0, 1), { columns: ['pid'] }),
      answerOf(PLUGIN, [], { columns: ['pid'] }),
    ];
    const { out } = await present(tablePresenter({ ...options, titleSnapshots: true, titlePlugins: true }), [
      { facts: fakeFacts('a.raw'), answers: answers() },
      { facts: fakeFacts('b\x1b.raw'), answers: answers() },
    ]);
    expect(out).toBe(
      'a.raw\n\ndrawn (1)\npid\n  1\n\ndrawn (0)\npid\n\nb\\x1b.raw\n\ndrawn (1)\npid\n  1\n\ndrawn (0)\npid\n',
    );
  });
});
