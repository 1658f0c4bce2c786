import { describe, expect, it } from 'vitest';
import { drawBoxedTable, drawList, MOST_BOXED_ROWS } from '../../src/report/box.ts';
import { loadStyle, plainStyle } from '../../src/report/style.ts';
import { drawTable, type TableShape } from '../../src/report/table.ts';
import { widthOf } from '../../src/report/width.ts';
import { actingIn, Hostile } from './hostile.ts';

const SHAPE: TableShape = {
  plugin: {
    columns: { pid: { int: () => 0 }, name: { text: () => '' }, args: { text: () => '' } },
    dispensable: ['args'],
  },
  columns: ['pid', 'name', 'args'],
  named: false,
  sorted: true,
};
const WIDTHS = [60, 80, 100, 137, 200];
const row = (pid: number, name: string, args = 'sh -c something') => ({ pid, name, args });
const drawn = (rows: ReturnType<typeof row>[], width: number, header = true) =>
  drawBoxedTable(SHAPE, rows, { width, header, style: plainStyle });

/** No line ends elsewhere than the others, and none past the terminal. */
function expectEven(lines: readonly string[], width: number): void {
  const [first, ...more] = lines.map(widthOf);
  expect(more.every((one) => one === first)).toBe(true);
  expect(first).toBeLessThanOrEqual(width);
}

describe('a table in a box', () => {
  it('has a rule around it and one below its titles', () => {
    expect(drawn([row(7, 'sh'), row(4711, 'nginx', '')], 80).lines).toEqual([
      '┌──────┬───────┬─────────────────┐',
      '│  pid │ name  │ args            │',
      '├──────┼───────┼─────────────────┤',
      '│    7 │ sh    │ sh -c something │',
      '│ 4711 │ nginx │                 │',
      '└──────┴───────┴─────────────────┘',
    ]);
  });

  it('has no titles where none are wanted, and cuts nothing where nobody looks', () => {
    const { lines } = drawn([row(7, 'sh', 'x'.repeat(300))], Number.POSITIVE_INFINITY, false);
    expect(lines).toEqual([
      `┌───┬────┬${'─'.repeat(302)}┐`,
      `│ 7 │ sh │ ${'x'.repeat(300)} │`,
      `└───┴────┴${'─'.repeat(302)}┘`,
    ]);
  });

  it.each(WIDTHS)('keeps to %i columns, with long texts and wide letters', (width) => {
    const rows = [row(1, '進程'.repeat(30), 'a'.repeat(400)), row(2, 'sh', '/'.repeat(width))];
    expectEven(drawn(rows, width).lines, width);
  });

  it.each(WIDTHS)('shows nothing of hostile texts as itself, at %i columns', async (width) => {
    const style = await loadStyle(true);
    const hostile = new Hostile(width);
    for (let index = 0; index < 200; index++) {
      const text = hostile.text();
      const { lines } = drawBoxedTable(SHAPE, [row(index, text, text)], { width, header: true, style });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the style's own colours
      const shown = lines.map((line) => line.replaceAll(/\x1b\[\d+m/g, ''));
      expect(actingIn(shown.join(''))).toEqual([]);
      for (const line of shown) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });

  it('is drawn without a box where the package measures a letter otherwise than terminals do', () => {
    const rows = [row(1, 'क्षि')];
    const plain = drawTable(SHAPE, rows, { width: 80, header: true, style: plainStyle });
    expect(drawn(rows, 80)).toEqual({
      ...plain,
      remark: 'no box is drawn: terminals disagree about the width of some letters',
    });
  });

  it('is drawn without a box where it has many rows', () => {
    const rows = Array.from({ length: MOST_BOXED_ROWS + 1 }, (_, pid) => row(pid, 'sh'));
    const { lines, remark } = drawn(rows, 80);
    expect(lines.slice(0, 2)).toEqual(['pid  name  args', '  0  sh    sh -c something']);
    expect(remark).toBe('no box is drawn around more than 300 rows');
    expect(drawn(rows.slice(1), 80).remark).toBeUndefined();
  });
});

describe('a list', () => {
  it.each(WIDTHS)('goes on in the next line where a text finds no room in %i columns', (width) => {
    const list = {
      titles: ['question', 'what it tells'],
      rows: [
        ['pslist', ['List processes '.repeat(20), 'pid, ppid, '.repeat(20)]] as const,
        ['one', 'short'] as const,
      ],
    };
    const text = drawList(list, plainStyle, width);
    expectEven(text.trimEnd().split('\n'), width);
    expect(text.match(/processes/g)).toHaveLength(20);
  });

  it('keeps words whole while sentences can be narrower', () => {
    const rows = [['2026-01-02T03:04:05.678Z', 'a sentence of many words, '.repeat(8)]];
    expect(drawList({ titles: ['made', 'of'], rows }, plainStyle, 60)).toContain(
      '│ 2026-01-02T03:04:05.678Z │',
    );
  });

  it('without titles is keys and values, with no rule between them', () => {
    const rows = [
      ['file', '/tmp/\x1b[2J'],
      ['size', '1 KiB'],
    ];
    expect(drawList({ rows }, plainStyle, 80)).toBe(
      '┌──────┬──────────────┐\n│ file │ /tmp/\\x1b[2J │\n│ size │ 1 KiB        │\n└──────┴──────────────┘\n',
    );
  });

  it('shows every text, without a box, where letters are of doubtful width', () => {
    const rows = [['क्षि', 'one two']];
    expect(drawList({ titles: ['a', 'b'], rows }, plainStyle, 80)).toBe('क्षि\n  one two\n');
  });
});
