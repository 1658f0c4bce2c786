import { describe, expect, it } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { globOf } from '../../src/base/glob.ts';
import { cellTest } from '../../src/cli/flags/cell-filter.ts';
import { RowFilter } from '../../src/cli/flags/row-filter.ts';
import { selectFor } from '../../src/cli/flags/selection.ts';
import { whereTest } from '../../src/cli/flags/where.ts';
import type { Cell, Row } from '../../src/plugin/cell.ts';
import type { AnyPlugin, ColumnKind } from '../../src/plugin/contract.ts';
import { drawnPlugin } from '../support/fake-session.ts';

const pluginNamed = (name: string): AnyPlugin => plugins.find((plugin) => plugin.name === name)!;

/** Which of the cells pass the words after a column's flag. */
const kept = (kind: ColumnKind, words: string, cells: readonly Cell[], known?: readonly string[]): Cell[] => {
  const passes = cellTest({ flag: '--it', kind, words: known }, words);
  return cells.filter((cell) => passes(cell as number));
};

describe('the words after a filter', () => {
  it('match text in any case, by its letters or by a pattern', () => {
    const cells = ['sshd', 'SSHD', 'bash', 'a.b', null, ''];
    expect(kept('text', 'sshd', cells)).toEqual(['sshd', 'SSHD']);
    expect(kept('text', 'S?h*,BASH', cells)).toEqual(['sshd', 'SSHD', 'bash']);
    expect(kept('text', 'a?b', ['a.b', 'ab', 'a👍b', 'a\nb'])).toEqual(['a.b', 'a👍b', 'a\nb']);
    expect(kept('text', 'a.b', ['a.b', 'axb'])).toEqual(['a.b']);
    expect(kept('text', '', cells)).toEqual([null, '']);
    expect(kept('text', 'a\\x1b*', ['a\x1bb', 'axb'])).toEqual(['a\x1bb']); // as tables print it
  });

  it('leave out what stands after an exclamation mark', () => {
    const cells = ['kworker/0:1', 'sshd', 'bash', null];
    expect(kept('text', '!kworker*', cells)).toEqual(['sshd', 'bash', null]);
    expect(kept('text', '*s*,!bash', cells)).toEqual(['sshd']);
    expect(kept('text', '!', cells)).toEqual(['kworker/0:1', 'sshd', 'bash']);
    expect(kept('int', '!1,!5..7', [1, 2, 5, 7, 8, null])).toEqual([2, 8, null]);
  });

  it('are numbers, ranges of them, or bounds', () => {
    const cells = [-1, 0, 5, 100, 150, 200, 2n ** 60n, null];
    expect(kept('int', '100..200', cells)).toEqual([100, 150, 200]);
    expect(kept('int', '150..', cells)).toEqual([150, 200, 2n ** 60n]);
    expect(kept('int', '..0,5', cells)).toEqual([-1, 0, 5]);
    expect(kept('int', '>150', cells)).toEqual([200, 2n ** 60n]);
    expect(kept('int', '>=150', cells)).toEqual([150, 200, 2n ** 60n]);
    expect(kept('int', '<0', cells)).toEqual([-1]);
    expect(kept('int', '<=0x5', cells)).toEqual([-1, 0, 5]);
    expect(kept('address', '0xffff000000000000..0xffff0000000000ff', [0xffff000000000010n, 5n])).toEqual([
      0xffff000000000010n,
    ]);
    expect(kept('seconds', '1.5..2', [1, 1.5, 1.75, 2, 2.5])).toEqual([1.5, 1.75, 2]);
  });

  it('are times, which stand for all that they leave open', () => {
    const at = (text: string): Date => new Date(text);
    const cells = [
      '2026-01-01T23:59:59.999Z',
      '2026-01-02T00:00:00Z',
      '2026-01-02T10:30:00.5Z',
      '2026-01-03T00:00:00Z',
    ];
    const times = (words: string): string[] =>
      kept('time', words, cells.map(at)).map((cell) => (cell as Date).toISOString());
    expect(times('2026-01-02')).toEqual(['2026-01-02T00:00:00.000Z', '2026-01-02T10:30:00.500Z']);
    expect(times('2026-01-02T10:30')).toEqual(['2026-01-02T10:30:00.500Z']);
    expect(times('2026-01-02T10:30:00.500Z')).toEqual(['2026-01-02T10:30:00.500Z']);
    expect(times('>2026-01-02')).toEqual(['2026-01-03T00:00:00.000Z']);
    expect(times('<2026-01-02')).toEqual(['2026-01-01T23:59:59.999Z']);
    expect(times('2026-01-02T11:30+01:00..2026-01-02')).toEqual(['2026-01-02T10:30:00.500Z']);
  });

  it('of a column whose words are known are some of these, or numbers for what has no name', () => {
    const states = ['LISTEN', 'ESTABLISHED', 'T', 't'];
    expect(kept('text', 'listen', ['LISTEN', 'ESTABLISHED'], states)).toEqual(['LISTEN']);
    expect(kept('text', 'est*', ['LISTEN', 'ESTABLISHED'], states)).toEqual(['ESTABLISHED']);
    expect(kept('text', 't', ['T', 't'], states)).toEqual(['t']);
    expect(kept('text', '253', ['253', '25'], states)).toEqual(['253']);
    for (const words of ['listne', '!listne', 'x*'])
      expect(() => kept('text', words, [], states)).toThrow(
        /^--it wants one of LISTEN, ESTABLISHED, T, t, not /,
      );
    expect(() => kept('text', 'listne', [], states)).toThrow('(did you mean LISTEN?)');
  });

  it.each([
    ['int', 'one'],
    ['int', '5..x'],
    ['int', '9..3'],
    ['int', '..'],
    ['int', '>'],
    ['address', '0xg'],
    ['seconds', '5s'],
    ['time', 'yesterday'],
    ['time', '2026-13-01'],
    ['flag', 'maybe'],
  ] as const)('of kind %s are refused where they are %s', (kind, words) => {
    expect(() => kept(kind, words, [])).toThrow(
      new RegExp(`^--it wants .*, not ${words.replaceAll('.', '\\.')}$`),
    );
  });
});

describe('a pattern', () => {
  it('takes steps that grow with the lengths only, whatever the text is', () => {
    const text = 'a'.repeat(50_000);
    expect(globOf(`${'*a'.repeat(30)}*b`)(text)).toBe(false);
    expect(globOf(`${'*a'.repeat(30)}*`)(text)).toBe(true);
  });
});

describe('--columns', () => {
  const select = (columns?: string) =>
    selectFor(pluginNamed('sockets'), { filters: new Map(), ...(columns === undefined ? {} : { columns }) });
  const all = Object.keys(pluginNamed('sockets').columns);

  it('names columns as the answers do or as flags do, in this order', () => {
    expect(select('localPort,remote-port,PID').columns).toEqual(['localPort', 'remotePort', 'pid']);
    expect(select('pid,pid,all').columns).toEqual(['pid', ...all.filter((name) => name !== 'pid')]);
    expect(select('all')).toMatchObject({ columns: all, named: true });
  });

  it('adds to the usual columns and takes from them', () => {
    expect(select('+uid,-netns')).toMatchObject({
      columns: all.filter((name) => name !== 'netns'),
      named: false,
      kept: ['uid'],
    });
    expect(select('all,-netns')).toMatchObject({
      columns: all.filter((name) => name !== 'netns'),
      named: true,
    });
    expect(select('pid,+uid').columns).toEqual(['pid', 'uid']);
  });

  it.each([
    ['', 'leaves no column to show'],
    [all.map((name) => `-${name}`).join(','), 'leaves no column to show'],
    ['+uid,-uid', '--columns has both +uid and -uid'],
    ['-nets', 'sockets has no column nets (did you mean netns?); it has '],
  ])('refuses %j', (columns, message) => {
    expect(() => select(columns)).toThrow(message);
  });
});

const ROWS: readonly Row[] = [
  { pid: 1, name: 'init', state: 'LISTEN' },
  { pid: 200, name: 'sshd', state: 'LISTEN' },
  { pid: 201, name: 'evil\x1bc', state: 'ESTABLISHED' },
  { pid: 202, name: { absent: 'swapped' }, state: null },
];
const drawn = drawnPlugin({ pid: 'int', name: 'text', state: 'text' }, ROWS);

/** What is kept of the rows, and what is said of the rest. */
function sifted(filters: Readonly<Record<string, string>>, rows = ROWS, plugin = drawn) {
  const rowFilter = new RowFilter(selectFor(plugin, { filters: new Map(Object.entries(filters)) }).tests());
  const pids = rows.filter((row) => rowFilter.passes(row)).map(({ pid }) => pid);
  return { pids, notes: rowFilter.notes, remarks: rowFilter.remarks };
}

describe('filters', () => {
  it('count the rows that they leave open, but for those that another filter leaves out', () => {
    expect(sifted({ name: 'sshd' })).toEqual({
      pids: [200],
      notes: ['1 row left out: the cell to filter by could not be read'],
      remarks: [],
    });
    expect(sifted({ name: 'sshd', pid: '1..200' }).notes).toEqual([]);
    expect(sifted({ pid: '1..200', name: 'sshd' }).notes).toEqual([]);
  });

  it('that keep nothing say what there is', () => {
    expect(sifted({ state: 'closing' }).remarks).toEqual([
      'no row has state closing; there are LISTEN (2), ESTABLISHED (1), no value (1)',
    ]);
    expect(sifted({ name: 'sshdd' }).remarks).toEqual([
      'no row has name sshdd (did you mean sshd?); there are init (1), sshd (1), evil\x1bc (1)',
    ]);
    const many = Array.from({ length: 5_000 }, (_, at): Row => ({ pid: at + 1, name: 'x', state: null }));
    expect(sifted({ pid: '>9000' }, many).remarks).toEqual(['no row has pid >9000; they go from 1 to 5000']);
    const long = [{ pid: 1, name: 'x'.repeat(1_000), state: null }];
    expect(sifted({ name: 'y' }, long).remarks[0]).toBe(`no row has name y; there is ${'x'.repeat(60)}… (1)`);
    const flags = drawnPlugin({ kernel: 'flag' }, []);
    expect(sifted({ kernel: 'yes' }, [{ kernel: false }], flags).remarks).toEqual([
      'no row has kernel yes; it is no (1)',
    ]);
    expect(sifted({ pid: '1' }, []).remarks).toEqual(['there are no rows to filter']);
  });

  it('that only together keep nothing say how many each keeps', () => {
    expect(sifted({ state: 'listen', pid: '201' }).remarks).toEqual([
      'no row passes all of --state listen (2 rows pass), --pid 201 (1 row passes)',
    ]);
    expect(sifted({ state: 'listen', pid: '7' }).remarks).toEqual([
      'no row has pid 7; there are 1 (1), 200 (1), 201 (1), 202 (1)',
    ]);
  });
});

describe('--where', () => {
  const judged = async (text: string, rows = ROWS, plugin: AnyPlugin = drawn) => {
    const rowFilter = new RowFilter([(await whereTest(text, plugin))()]);
    const pids = rows.filter((row) => rowFilter.passes(row)).map(({ pid }) => pid);
    return { pids, notes: rowFilter.notes, remarks: rowFilter.remarks };
  };

  it('keeps the rows that fulfil a condition of policies, columns with row and without', async () => {
    expect((await judged('row.pid > 100 && name.startsWith("ssh")')).pids).toEqual([200]);
    expect((await judged('row.name.matches("^i.*t$") || state == "ESTABLISHED"')).pids).toEqual([1, 201]);
  });

  it('leaves out and tells of rows that nobody can decide; what does not apply fulfils nothing', async () => {
    expect(await judged('name != "init"')).toEqual({
      pids: [200, 201],
      notes: ['1 row left out: drawn.name could not be read (swapped) (1)'],
      remarks: [],
    });
    expect((await judged('name != "init" && pid < 202')).notes).toEqual([]);
    expect(await judged('!(state == "LISTEN")')).toMatchObject({ pids: [201], notes: [] });
    expect((await judged('!has(row.state)')).pids).toEqual([202]);
    expect((await judged('state == "NONE"')).remarks).toEqual([`no row passes --where 'state == "NONE"'`]);
  });

  it('gives a row up that takes too many steps, and goes on with the next', async () => {
    const rows = [{ pid: 1, name: 'a'.repeat(1 << 22), state: null }, ROWS[1]!];
    expect(await judged(`name.matches("${'(a|b)*'.repeat(8)}$")`, rows)).toMatchObject({
      notes: ['1 row left out: the condition takes too many steps (1)'],
    });
  });

  it.each([
    [
      'pidd > 1',
      '--where:1:1: there is no variable pidd (did you mean pid?); there are row, pid, name, state',
    ],
    ['row.nmae == ""', '--where:1:5: there is no column nmae in drawn (did you mean name?)'],
    ['pid', '--where:1:1: this is of type int, and must be a condition: true or false'],
    ['pid > 1 &&\n name == 1', '--where:2:2: no such overload: string == int'],
    ['process.pid == 1', '--where:1:1: there is no variable process; each row is judged by itself here'],
    ['name.matches("(")', '--where:1:14: '],
    ['', '--where:1:1: '],
  ])('refuses %j, and says where it is wrong', async (text, message) => {
    await expect(judged(text)).rejects.toThrow(message);
  });

  it.each(plugins.map((plugin) => [plugin.name, plugin] as const))(
    'of %s can name every column that is no word of the language',
    async (_, plugin) => {
      const unnamed: string[] = [];
      for (const column of Object.keys(plugin.columns)) {
        await whereTest(`has(row.${column})`, plugin);
        await whereTest(`${column} == row.${column}`, plugin).catch(() => void unnamed.push(column));
      }
      expect(unnamed).toEqual(Object.keys(plugin.columns).filter((column) => column === 'type'));
    },
  );
});
