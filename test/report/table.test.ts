import { describe, expect, it } from 'vitest';
import type { Cell, Row } from '../../src/plugin/cell.ts';
import type { ColumnKind } from '../../src/plugin/contract.ts';
import { endsText } from '../../src/report/ends.ts';
import { drawRecords } from '../../src/report/records.ts';
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

  describe('of sockets', () => {
    const KINDS_OF_SOCKETS = {
      ...({ pid: 'int', process: 'text', family: 'text', localAddress: 'text', localPort: 'int' } as const),
      ...({ remoteAddress: 'text', remotePort: 'int', state: 'text' } as const),
    };
    const socket = (pid: number | null, process: string | null, ...cells: readonly Row[string][]): Row => ({
      ...{ pid, process, family: 'inet', localAddress: cells[0]!, localPort: cells[1]! },
      ...{ remoteAddress: cells[2]!, remotePort: cells[3]!, state: cells[4] ?? 'ESTABLISHED' },
    });
    const SOCKETS = [
      socket(812, 'a-rather-long-name', '10.0.0.10', 58126, '203.0.113.66', 4444),
      socket(1, 'sshd', '2001:db8::1', 22, null, null, 'LISTEN'),
      socket(null, null, null, null, '/run/systemd/journal/stdout', null),
      socket(9, 'x', { absent: 'swapped' }, 80, '10.0.0.9', { absent: 'swapped' }),
    ];
    const drawn = (width: number, named = false): Table => {
      const plugin = drawnPlugin(KINDS_OF_SOCKETS, SOCKETS, {
        dispensable: ['family'],
        uncut: ['localAddress', 'remoteAddress', 'state'],
        paths: ['localAddress', 'remoteAddress'],
        ends: { local: ['localAddress', 'localPort'], remote: ['remoteAddress', 'remotePort'] },
      });
      const shape = { plugin, columns: Object.keys(KINDS_OF_SOCKETS), named, sorted: false };
      return drawTable(shape, SOCKETS, { width, header: true, style: plainStyle });
    };

    it('joins both ends where the terminal is too narrow for four columns', () => {
      expect(drawn(120).lines[0]).toContain('localAddress  localPort');
      const { lines, hidden, absences } = drawn(80);
      expect(lines).toEqual([
        'pid  process             local → remote                       state',
        '812  a-rather-long-name  10.0.0.10:58126 → 203.0.113.66:4444  ESTABLISHED',
        '  1  sshd                [2001:db8::1]:22                     LISTEN',
        '                         * → /run/systemd/journal/stdout      ESTABLISHED',
        '  9  x                   –:80 → 10.0.0.9:–                    ESTABLISHED',
      ]);
      expect(hidden).toEqual(['family']);
      expect([...absences]).toEqual([['swapped', 2]]);
    });

    it('cuts and hides names before addresses and states, and paths before addresses', () => {
      expect(drawn(64).lines).toEqual([
        'pid  process    local → remote                       state',
        '812  a-rather…  10.0.0.10:58126 → 203.0.113.66:4444  ESTABLISHED',
        '  1  sshd       [2001:db8::1]:22                     LISTEN',
        '                * → /run/systemd/journal/stdout      ESTABLISHED',
        '  9  x          –:80 → 10.0.0.9:–                    ESTABLISHED',
      ]);
      const { lines, hidden } = drawn(54);
      expect(hidden).toEqual(['family', 'process']);
      expect(lines[1]).toBe('812  10.0.0.10:58126 → 203.0.113.66:4444  ESTABLISHED');
      expect(drawn(30).lines[1]).toMatch(/^812 {2}10\.0\.0\.10:5…/);
    });

    it('puts the interface that a socket is bound to into its own end', () => {
      const ends = { local: ['address', 'port'], remote: ['peer', 'peerPort'], device: 'device' } as const;
      const row = (address: Cell, port: Cell, device: Cell): Row => ({
        ...{ address, port, peer: null, peerPort: null, device },
      });
      const text = (...cells: Parameters<typeof row>): string => endsText(ends, row(...cells));
      expect(text('0.0.0.0', 4241, 'lo')).toBe('0.0.0.0%lo:4241');
      expect(text('::', 22, 'lo')).toBe('[::%lo]:22');
      expect(text('fe80::1%eth7', 546, 'eth7')).toBe('[fe80::1%eth7]:546');
      expect(text('eth0', null, 'eth0')).toBe('eth0');
      expect(text('10.0.0.1', 22, null)).toBe('10.0.0.1:22');
      expect(text('10.0.0.1', 22, { absent: 'swapped' })).toBe('10.0.0.1:22');
    });

    it('joins nothing where the user has named the columns', () => {
      expect(drawn(80, true).lines[0]).toMatch(/localAddress.*localPort/);
    });
  });

  it('cuts paths so that the name of the file stays', () => {
    const rows = [
      { path: '/usr/lib/systemd/systemd-journald' },
      { path: '/tmp/a-file-that-is-gone (deleted)' },
      { path: '/a-name-that-is-longer-than-the-column' },
      { path: 'anonymous 0x7f0000000000-0x7f0000001000' },
      { path: '/運用/監視/プロセス.log' },
    ];
    const plugin = drawnPlugin({ path: 'text' }, rows, { paths: ['path'] });
    const shape = { plugin, columns: ['path'], named: false, sorted: false };
    expect(drawTable(shape, rows, { width: 26, header: false, style: plainStyle }).lines).toEqual([
      '/usr/lib…/systemd-journald',
      '…le-that-is-gone (deleted)',
      '…is-longer-than-the-column',
      'anonymous 0x7f0000000000-…',
      '/運用/監視/プロセス.log',
    ]);
    expect(drawTable(shape, rows, { width: 17, header: false, style: plainStyle }).lines[4]).toBe(
      '/運…/プロセス.log',
    );
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
      const [texts, numbers] = (['text', 'int'] as const).map((kind) =>
        names.filter((name) => columns[name] === kind),
      );
      const ends =
        texts!.length < 2 || numbers!.length < 2
          ? {}
          : { ends: { local: [texts![0]!, numbers![0]!], remote: [texts![1]!, numbers![1]!] } as const };
      const uncut = names.filter(() => random.below(3) === 0);
      const paths = names.filter(() => random.below(3) === 0);
      const plugin = drawnPlugin(columns, rows, { dispensable, uncut, paths, ...ends });
      const shape = { plugin, columns: names, named: random.below(2) === 0, sorted: false };
      const { lines, hidden } = drawTable(shape, rows, { width, header: true, style: plainStyle });
      expect(lines.length).toBe(rows.length + 1);
      expect(hidden.length).toBeLessThan(names.length);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });
});

describe('drawRecords', () => {
  const record = (rows: readonly Row[], width: number, header = true): readonly string[] =>
    drawRecords(
      { plugin: drawnPlugin(KINDS, rows), columns: Object.keys(KINDS), named: false, sorted: false },
      rows,
      { width, header, style: plainStyle },
    ).lines;

  it('puts each column on a line of its own, and a long text on as many as it takes', () => {
    const args = `${'word '.repeat(8)}end`;
    expect(record([row(1, args, { kernel: { absent: 'swapped' }, task: null })], 40)).toEqual([
      '── 1 ──',
      'pid      1',
      'name     word word word word word word',
      '         word word end',
      'cpuTime  1.5',
      'kernel   – (swapped)',
      'started  1970-01-01T00:00:00.000Z',
      'task',
    ]);
    expect(record([row(1, 'a'), row(2, 'b')], 40, false)).toContain('── 2 ──');
  });

  it('is at most as wide as the terminal, whatever the rows hold', () => {
    const random = new Hostile(5);
    for (let i = 0; i < 200; i++) {
      const width = 40 + random.below(100);
      const rows = Array.from({ length: 3 }, (_, pid) => row(pid, random.text() + random.text()));
      for (const line of record(rows, width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }
  });
});
