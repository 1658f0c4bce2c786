import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/plugin/cell.ts';
import type { ColumnKind } from '../../src/plugin/contract.ts';
import { plainStyle } from '../../src/report/style.ts';
import { drawTable, type Table } from '../../src/report/table.ts';
import { widthOf } from '../../src/report/width.ts';
import { drawnPlugin } from '../support/fake-session.ts';
import { Hostile } from './hostile.ts';

const KINDS: Record<string, ColumnKind> = {
  pid: 'int',
  name: 'text',
  cpuTime: 'seconds',
  kernel: 'flag',
  started: 'time',
  task: 'address',
};
const row = (pid: number, name: string, more: Partial<Record<string, Row[string]>> = {}): Row =>
  ({
    pid,
    name,
    cpuTime: 1.5,
    kernel: false,
    started: new Date(0),
    task: 0xffff888000001000n,
    ...more,
  }) as Row;

function draw(
  rows: readonly Row[],
  width = Infinity,
  more: Parameters<typeof drawnPlugin>[2] = {},
  named = false,
): Table {
  const plugin = drawnPlugin(KINDS, rows, more);
  const shape = { plugin, columns: Object.keys(KINDS), named, sorted: false };
  return drawTable(shape, rows, { width, header: true, style: plainStyle });
}

describe('drawTable', () => {
  it('puts numbers to the right, words to the left, and no spaces at the end of a line', () => {
    const { lines } = draw([row(1, 'systemd'), row(1200, 'sh', { kernel: true, cpuTime: 0.25, task: null })]);
    expect(lines).toEqual([
      ' pid  name     cpuTime  kernel  started                                 task',
      '   1  systemd     1.50  no      1970-01-01T00:00:00.000Z  0xffff888000001000',
      '1200  sh          0.25  yes     1970-01-01T00:00:00.000Z',
    ]);
  });

  it('shows absent cells as a dash and counts them by reason', () => {
    const { lines, absences } = draw([
      row(1, 'a', { name: { absent: 'swapped' }, task: { absent: 'not-present' } }),
      row(2, 'b', { name: { absent: 'swapped' } }),
    ]);
    expect(lines[1]).toBe('  1  –         1.5  no      1970-01-01T00:00:00.000Z                   –');
    expect([...absences]).toEqual([
      ['swapped', 2],
      ['not-present', 1],
    ]);
  });

  it('shows a number in hex where its column is read so', () => {
    const rows = [
      { offset: 0x1000 },
      { offset: 2n ** 60n },
      { offset: null },
      { offset: { absent: 'swapped' } },
    ];
    const plugin = { columns: { offset: { int: () => null, hex: true } } } as const;
    const shape = { plugin, columns: ['offset'], named: false, sorted: false };
    const { lines } = drawTable(shape, rows, { width: 80, header: false, style: plainStyle });
    expect(lines).toEqual(['            0x1000', '0x1000000000000000', '', '                 –']);
  });

  it('drops dispensable columns first and then cuts text, never a number', () => {
    const rows = [row(1, 'a-rather-long-name-of-a-process')];
    const { lines, hidden } = draw(rows, 52, { dispensable: ['started', 'kernel', 'task'] });
    expect(hidden).toEqual(['started', 'kernel']);
    expect(lines).toEqual([
      'pid  name                cpuTime                task',
      '  1  a-rather-long-nam…      1.5  0xffff888000001000',
    ]);
  });

  it('drops no dispensable column that the user has named while text can be cut instead', () => {
    const { hidden } = draw(
      [row(1, 'a-rather-long-name-of-a-process')],
      76,
      { dispensable: ['started'] },
      true,
    );
    expect(hidden).toEqual([]);
  });

  it('cuts nothing where nobody watches, and lets no long text widen the other lines', () => {
    const long = 'x'.repeat(1000);
    const { lines, hidden } = draw([row(1, long), row(2, 'b')]);
    expect(hidden).toEqual([]);
    expect(lines[1]).toBe(`  1  ${long}      1.5  no      1970-01-01T00:00:00.000Z  0xffff888000001000`);
    expect(lines[2]!.length).toBeLessThan(140);
  });

  it('indents the column of a tree by the depth and hides the depth', () => {
    const rows = [
      { depth: 0, name: 'systemd' },
      { depth: 1, name: 'sshd' },
      { depth: 2, name: 'bash' },
    ];
    const plugin = drawnPlugin({ depth: 'int', name: 'text' }, rows, {
      tree: { column: 'name', by: 'depth' },
    });
    const options = { width: 80, header: true, style: plainStyle };
    const shape = { plugin, columns: ['depth', 'name'], named: false, sorted: false };
    expect(drawTable(shape, rows, options).lines).toEqual(['name', 'systemd', '  sshd', '    bash']);
    expect(drawTable({ ...shape, sorted: true }, rows, options).lines).toEqual([
      'depth  name',
      '    0  systemd',
      '    1  sshd',
      '    2  bash',
    ]);
  });

  it('draws no header where none is wanted', () => {
    const rows = [row(1, 'init')];
    const shape = { plugin: drawnPlugin(KINDS, rows), columns: ['pid', 'name'], named: true, sorted: false };
    expect(drawTable(shape, rows, { width: 80, header: false, style: plainStyle }).lines).toEqual([
      '1  init',
    ]);
  });

  it('never draws a line wider than the terminal, whatever the rows hold', () => {
    const random = new Hostile(4);
    const cell: Record<ColumnKind, () => Row[string]> = {
      int: () => random.below(1 << 30),
      text: () => random.text(),
      flag: () => random.below(2) === 0,
      address: () => BigInt(random.below(1 << 30)) << 34n,
      time: () => new Date(random.below(1 << 30) * 1000),
      seconds: () => random.below(1 << 20) / 1000,
    };
    const kinds = Object.keys(cell) as ColumnKind[];
    for (let i = 0; i < 500; i++) {
      const columns = Object.fromEntries(
        Array.from({ length: 1 + random.below(14) }, (_, at) => [`column${at}`, kinds[random.below(6)]!]),
      );
      const names = Object.keys(columns);
      const rows = Array.from({ length: random.below(12) }, () =>
        Object.fromEntries(
          names.map((name) => [
            name,
            random.below(8) === 0
              ? { absent: 'swapped' }
              : random.below(8) === 0
                ? null
                : cell[columns[name]!](),
          ]),
        ),
      );
      // One time of 24 columns always stays where it is the first.
      const width = 24 + random.below(140);
      const dispensable = names.filter(() => random.below(2) === 0);
      const plugin = drawnPlugin(columns, rows, { dispensable });
      const shape = { plugin, columns: names, named: random.below(2) === 0, sorted: false };
      const { lines, hidden } = drawTable(shape, rows, { width, header: true, style: plainStyle });
      expect(lines.length).toBe(rows.length + 1);
      expect(hidden.length).toBeLessThan(names.length);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });
});
