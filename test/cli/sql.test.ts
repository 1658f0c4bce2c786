import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { main } from '../../src/cli/main.ts';
import { connect } from '../../src/store/connection.ts';
import { originColumns } from '../../src/store/rows.ts';
import { Store } from '../../src/store/store.ts';
import { finding, verdict } from '../store/kept.ts';
import { drawStore } from '../store/month.ts';
import { OLD_SCHEMAS } from '../store/old-schemas.ts';
import { desk, folder } from './desk.ts';

vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  ...(await import('./desk.ts')).output,
}));

const VESTIGE = join(process.cwd(), 'dist/bin/vestige.js');
const cache = join(folder, 'sql.sqlite');
const listener = {
  process: 'sshd',
  protocol: 'tcp',
  localAddress: '0.0.0.0',
  localPort: 22,
  state: 'LISTEN',
};

beforeAll(() => {
  drawStore(cache, [
    {
      machine: 'web-1',
      taken: '2026-01-01T10:00:00.000Z',
      answers: {
        pslist: [
          { pid: 1, name: 'init', task: 0xffff_8880_0000_1000n },
          { pid: 200, name: 'sshd', task: 0x1000n },
          { pid: 202, name: 'evil\x1b[2J', args: '=1+1' },
        ],
        sockets: [listener],
        modules: [
          { name: 'ext4', buildId: 'aa', base: 0xffff_ffff_c000_0000n },
          { name: 'dummy', buildId: 'bb' },
        ],
        keys: [
          { fingerprint: '470731e6', size: 256 },
          { fingerprint: '11111111', size: 128 },
        ],
        files: [{ pid: 200, path: '/var/log/syslog' }],
      },
    },
    {
      machine: 'web-2',
      taken: '2026-01-01T11:00:00.000Z',
      answers: {
        pslist: [
          { pid: 1, name: 'init', task: { absent: 'swapped' } },
          { pid: 300, name: 'sshd' },
        ],
        sockets: [listener],
        modules: [
          { name: 'ext4', buildId: 'aa' },
          { name: 'dummy', buildId: 'cc' },
        ],
        keys: [{ fingerprint: '470731e6', size: 256 }],
        files: [],
      },
    },
    {
      machine: 'web-1',
      taken: '2026-01-03T10:00:00.000Z',
      answers: {
        pslist: [
          { pid: 1, name: 'init' },
          { pid: 666, name: 'miner' },
        ],
        sockets: [listener, { ...listener, process: 'nc', localPort: 31337 }],
        modules: [{ name: 'ext4', buildId: 'aa' }],
        files: [
          { pid: 666, path: '/dev/shm/.x' },
          { pid: 666, path: '/var/log/syslog' },
        ],
      },
    },
  ]);
  const store = Store.open(cache, '1');
  store.findings.keep(1, verdict([finding('a'), finding('b')]));
  store.findings.keep(2, verdict([finding('a'), finding('c', { rule: 'odd' })]));
  store.findings.keep(3, verdict([finding('d', { rule: 'odd', suppressed: 'ours' })]));
  store.close();
});
beforeEach(() => Object.assign(desk, { out: '', err: '', width: Number.POSITIVE_INFINITY }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks the drawn store. */
async function sql(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  Object.assign(desk, { out: '', err: '' });
  const code = await main(['sql', '--cache', cache, ...words]);
  return { code, out: desk.out, err: desk.err };
}

const rowsOf = async (query: string): Promise<unknown[]> => {
  const { out, err } = await sql(query, '--json');
  expect(err).toBe('');
  return (JSON.parse(out) as { rows: unknown[] }).rows;
};

/** What a query that cannot be answered is told. */
const refusal = async (query: string): Promise<string> => {
  const { code, out, err } = await sql(query);
  expect([code, out]).toEqual([2, '']);
  return err.replace(/^vestige: /, '').trimEnd();
};

describe('vestige sql QUERY', () => {
  it('shows a table like any other: numbers to the right, hostile names harmless', async () => {
    expect(await sql('select pid, name, task, cpuTime from pslist where snapshot_id = 1')).toEqual({
      code: 0,
      err: '',
      out: [
        'pid  name                       task  cpuTime',
        '  1  init         0xffff888000001000',
        '200  sshd                     0x1000',
        '202  evil\\x1b[2J',
        '',
      ].join('\n'),
    });
    expect((await sql('select pid from pslist limit 1', '--no-header')).out).toBe('1\n');
    expect((await sql("select 1 as a, 'x' as b where 0")).out).toBe('a  b\n');
  });

  it('is fitted to the terminal, and says what found no room', async () => {
    desk.width = 30;
    const { out, err } = await sql(
      'select name, task, snapshot, hostname, machine, boot from pslist limit 1',
    );
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(30);
    expect(out).toContain('0xffff888000001000');
    expect(err).toMatch(/^hidden at this width: .*; a\swider/s);
  });

  it('gives JSON, JSON lines and CSV, every number to its last digit', async () => {
    const query =
      "select 9223372036854775807 as big, 7 as a, 8 as a, x'00ff' as bytes, '=1' as text, -1 as less, null as none";
    const row = {
      big: '9223372036854775807',
      a: 7,
      a_2: 8,
      bytes: "x'00ff'",
      text: '=1',
      less: -1,
      none: null,
    };
    expect(JSON.parse((await sql(query, '--json')).out)).toMatchObject({
      schema: 1,
      columns: ['big', 'a', 'a_2', 'bytes', 'text', 'less', 'none'],
      rows: [row],
    });
    expect((await sql(query, '--format', 'jsonl')).out).toBe(`${JSON.stringify(row)}\n`);
    expect((await sql(query, '--format', 'csv')).out).toBe(
      "big,a,a_2,bytes,text,less,none\r\n9223372036854775807,7,8,x'00ff','=1,-1,\r\n",
    );
    expect((await sql('select name from pslist where pid = 202', '--format', 'jsonl')).out).toBe(
      '{"name":"evil\\u001b[2J"}\n',
    );
  });

  it('knows addresses by the text they are shown as, and reckons with them', async () => {
    expect(
      await rowsOf(
        `select name, base, address(base) as number, address('0xffffffffc0000010') - address(base) as apart,
           address('x') as none from modules where base = '0xffffffffc0000000'`,
      ),
    ).toEqual([{ name: 'ext4', base: '0xffffffffc0000000', number: -1073741824, apart: 16, none: null }]);
    expect(await rowsOf("select pid, task, absent from pslist where hostname = 'web-2' and pid = 1")).toEqual(
      [{ pid: 1, task: null, absent: '{"task":"swapped"}' }],
    );
  });

  it('offers a view of every plugin, of those too that nobody asked', async () => {
    for (const { name, columns } of plugins) {
      const { out } = await sql(`select * from "${name}" limit 0`, '--format', 'csv');
      expect(out).toBe(`${[...originColumns, ...Object.keys(columns), 'absent'].join(',')}\r\n`);
      // SQL does not tell capitals from small letters.
      const own = Object.keys(columns).map((column) => column.toLowerCase());
      expect(originColumns.filter((column) => own.includes(column))).toEqual([]);
    }
    expect(await rowsOf('select count(*) as n from env')).toEqual([{ n: 0 }]);
    expect(
      await rowsOf(
        'select id, path, machine, hostname, taken, release, architecture, format, size from snapshots where id = 3',
      ),
    ).toEqual([
      {
        id: 3,
        path: '/snapshots/3.raw',
        machine: 'id of web-1',
        hostname: 'web-1',
        taken: '2026-01-03T10:00:00.000Z',
        release: '6.1.0-50-cloud-amd64',
        architecture: 'x86-64',
        format: 'raw',
        size: 4096,
      },
    ]);
    expect(await rowsOf('select * from notes')).toEqual([]);
  });

  it('lists the views where no query is given', async () => {
    const { code, out } = await sql();
    expect(code).toBe(0);
    for (const { name } of plugins) expect(out).toMatch(new RegExp(`^${name} `, 'm'));
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'a view VIEW_COLUMN joins both: pslist_ppid, pslist_container, ',
    );
    const listed = (await sql('--format', 'csv')).out;
    expect(listed).toContain('pslist,pid\r\n');
    expect(listed).toContain('pslist_ppid,ppid_is_there\r\npslist_ppid,ppid_pid\r\n');
  });

  it('shows any number of rows, so many at a time', async () => {
    const many =
      'with recursive n(i) as (select 1 union all select i + 1 from n where i < 12345) select i from n';
    const count = (text: string): number => text.split('\n').length - 1;
    expect(JSON.parse((await sql(many, '--json')).out)).toMatchObject({ rows: { length: 12345 } });
    expect(count((await sql(many, '--format', 'csv')).out)).toBe(1 + 12345);
    // A table is measured anew, and so it says anew what its columns are.
    expect(count((await sql(many)).out)).toBe(3 + 12345);
    const wide = "select printf('%.*c', 3000000, 'x') as t union all select 'y' union all select 'z'";
    expect((await sql(wide, '--format', 'csv')).out.length).toBe(3_000_000 + 't\r\n\r\ny\r\nz\r\n'.length);
  });

  it('reads the query from stdin', () => {
    const { stdout } = spawnSync(process.execPath, [VESTIGE, 'sql', '--cache', cache, '-'], {
      input: '-- a comment; with a semicolon\nselect count(*) as n from pslist;\n',
      encoding: 'utf8',
    });
    expect(stdout).toBe('n\n7\n');
  });
});

describe('a query that cannot be answered', () => {
  it.each([
    ['select nmae from pslist', 'no such column: nmae (did you mean name?) at line 1, column 8'],
    [
      'select ppid_nmae from pslist_ppid',
      'no such column: ppid_nmae (did you mean ppid_name?) at line 1, column 8',
    ],
    [
      'select 1 from pslist_ppdi',
      `no such table: pslist_ppdi (did you mean pslist_ppid?) at line 1, column 15; there are snapshots, answers, notes, findings, verdicts, ${plugins.map(({ name }) => name).join(', ')}`,
    ],
    ['select p.nmae\nfrom pslist p', 'no such column: p.nmae (did you mean name?) at line 1, column 8'],
    [
      'select 1\n  from pslits',
      `no such table: pslits (did you mean pslist?) at line 2, column 8; there are snapshots, answers, notes, findings, verdicts, ${plugins.map(({ name }) => name).join(', ')}`,
    ],
    ['select pid from pslist whre pid = 1 and pid', 'near "pid": syntax error at line 1, column 29'],
    ['select \'from\', "from" /* from */ from from', 'near "from": syntax error at line 1, column 39'],
    ['select pid from', 'the query ends too early at line 1, column 16'],
    ["select 'abc", 'unrecognized token: "\'abc" at line 1, column 8'],
    ['select pid from pslist p, pslist q', 'ambiguous column name: pid at line 1, column 8'],
    ['select foo(pid) from pslist', 'no such function: foo at line 1, column 8'],
    ['select count(1, 2)', 'wrong number of arguments to function count() at line 1, column 8'],
    [
      'select pid from pslist where name = "sshd"',
      'no such column: "sshd" - should this be a string literal in single-quotes? at line 1, column 37',
    ],
    ['', 'the query is empty'],
    ['/* nothing', 'the query is empty'],
    ['select 1; select 2', 'one statement at a time, please'],
    ['select ?', 'the query has a parameter (?, :name), and nothing to put there'],
    ['select :name', 'the query has a parameter (?, :name), and nothing to put there'],
    ['select abs(-9223372036854775808)', 'integer overflow'],
    ["select load_extension('x')", 'not authorized'],
    ['with x as (select 1) delete from snapshot', 'the store is only read here'],
    [
      "with x as (select 1) insert into snapshot (path) values ('') returning id",
      'the store is only read here',
    ],
  ])('is told why and where: %s', async (query, message) => {
    expect(await refusal(query)).toBe(message);
  });

  it.each([
    "attach '/tmp/x' as x",
    'pragma query_only = 0',
    'explain pragma query_only = 0',
    'explain query plan pragma query_only = 0',
    'delete from snapshot',
    'create temp table x (y)',
    "vacuum into '/tmp/x'",
    '/* select */ drop table snapshot',
  ])('is refused before SQLite sees it where it would do more than read: %s', async (query) => {
    const before = readFileSync(cache);
    expect(await refusal(query)).toMatch(/^the store is only read here: a query begins with SELECT/);
    expect(readFileSync(cache).equals(before)).toBe(true);
  });

  it('ends a JSON document that it has begun', async () => {
    const { code, out } = await sql(
      'select abs(-9223372036854775807 - value) from (select 0 as value union all select 1)',
      '--json',
    );
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'bad-query', message: 'integer overflow' } });
  });

  it('has an older store brought up to date first', async () => {
    const old = join(folder, 'old.sqlite');
    const database = connect(old);
    database.exec(OLD_SCHEMAS[0]!);
    database.exec(
      `INSERT INTO snapshot VALUES (1, '/old.raw', '1', '1', 1, '5', '6', 'ab', '', '1', '{}', '2026')`,
    );
    database.close();
    expect(await main(['sql', 'select snapshot, hostname, pid from drawn', '--cache', old, '--json'])).toBe(
      0,
    );
    expect(JSON.parse(desk.out)).toMatchObject({ rows: [{ snapshot: '/old.raw', hostname: null, pid: 7 }] });
  });

  it('is told where there is no store of ours, and makes none', async () => {
    const none = join(folder, 'none.sqlite');
    const ask = async (path: string): Promise<string> => {
      Object.assign(desk, { out: '', err: '' });
      expect(await main(['sql', 'select 1', '--cache', path])).toBe(2);
      return desk.err;
    };
    const missing = `vestige: cache ${none}: there is no such file: nothing has been remembered yet\n`;
    expect([await ask(none), await ask(none)]).toEqual([missing, missing]);
    const database = connect(none);
    database.exec('CREATE TABLE x (y)');
    database.close();
    expect(await ask(none)).toBe(`vestige: cache ${none}: the file is a database of another program\n`);
  });

  it('can be interrupted', async () => {
    const endless = 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n';
    const child = spawn(process.execPath, [VESTIGE, 'sql', '--cache', cache, endless], { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill('SIGINT');
    expect((await once(child, 'close')) as unknown[]).toEqual([null, 'SIGINT']);
  });
});

describe('vestige cache list', () => {
  it('tells whose memory each snapshot is, and from when', async () => {
    expect(await main(['cache', 'list', '--cache', cache])).toBe(0);
    expect(desk.out).toMatch(
      /^\/snapshots\/1\.raw\n {2}web-1 at 2026-01-01T10:00:00\.000Z, 4 KiB, 9 rows of \S.*, 2 findings, last asked at \S+Z$/m,
    );
  });
});

/** The queries of the guide, by the line of prose before each. */
const documented = new Map(
  [
    ...readFileSync('docs/guide/sql-and-cache.md', 'utf8')
      .split('\n## Queries\n')[1]!
      .split('\n## ')[0]!
      .matchAll(/^(?<what>[^\n]+):\n\n```sql\n(?<query>[^`]+)```/gm),
  ].map(({ groups }) => [groups!['what']!, groups!['query']!]),
);

describe('the queries of the guide', () => {
  it.each([
    [
      'Processes that were seen on one machine only',
      [
        {
          name: 'evil\x1b[2J',
          hostname: 'web-1',
          first: '2026-01-01T10:00:00.000Z',
          last: '2026-01-01T10:00:00.000Z',
        },
        {
          name: 'miner',
          hostname: 'web-1',
          first: '2026-01-03T10:00:00.000Z',
          last: '2026-01-03T10:00:00.000Z',
        },
      ],
    ],
    [
      'Listeners that are new since the day before the last snapshot of their machine',
      [
        // Of a machine with one snapshot everything is new.
        { hostname: 'web-2', process: 'sshd', localPort: 22, first: '2026-01-01T11:00:00.000Z' },
        { hostname: 'web-1', process: 'nc', localPort: 31337, first: '2026-01-03T10:00:00.000Z' },
      ],
    ],
    ['The same key on two machines', [{ fingerprint: '470731e6', size: 256, machines: 'web-1,web-2' }]],
    [
      'Modules that are not the same on machines of one kernel',
      [
        { release: '6.1.0-50-cloud-amd64', name: 'dummy', hostname: 'web-1', buildId: 'bb' },
        { release: '6.1.0-50-cloud-amd64', name: 'dummy', hostname: 'web-2', buildId: 'cc' },
      ],
    ],
    [
      'When a file was first open, and in which process',
      [
        {
          path: '/dev/shm/.x',
          hostname: 'web-1',
          first: '2026-01-03T10:00:00.000Z',
          pid: 666,
          process: 'miner',
        },
      ],
    ],
    [
      'Rules that fire on more than one machine',
      [{ rule: 'hidden-program', severity: 'high', machines: 2, first: '2026-01-01T10:00:00.000Z' }],
    ],
  ])('%s', async (what, rows) => {
    expect([...documented.keys()]).toContain(what);
    expect(await rowsOf(documented.get(what)!)).toMatchObject(rows);
    expect(await rowsOf(documented.get(what)!)).toHaveLength(rows.length);
  });

  it('are all tried here', () => expect(documented.size).toBe(6));
});
