import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { main } from '../../src/cli/main.ts';
import { version } from '../../src/files/version.ts';
import { kindText } from '../../src/plugin/contract.ts';
import { cache, desk, folder, settle, snapshotFile } from './desk.ts';

vi.mock('../../src/session/session.ts', async () => (await import('./desk.ts')).session);
vi.mock('../../src/session/traced.ts', async () => (await import('./desk.ts')).traced);
vi.mock('../../src/cli/terminal/output.ts', async (original) => ({
  ...(await original<object>()),
  ...(await import('./desk.ts')).output,
}));

let memory: string;
let damaged: string;
let noKernel: string;

beforeAll(async () => {
  memory = snapshotFile('memory.raw');
  damaged = snapshotFile('damaged.raw');
  noKernel = snapshotFile('no-kernel.raw');
  await settle();
});
beforeEach(() => {
  Object.assign(desk, {
    out: '',
    err: '',
    opened: 0,
    width: Number.POSITIVE_INFINITY,
    meanwhile: () => undefined,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command line without a cache. */
async function run(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  return remembering(...words, '--no-cache');
}

/** Runs a command line as it stands. */
async function remembering(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  Object.assign(desk, { out: '', err: '' });
  const code = await main(words);
  return { code, out: desk.out, err: desk.err };
}

describe('vestige PLUGIN SNAPSHOT', () => {
  it('prints a table on stdout and nothing else', async () => {
    expect(await run('pslist', memory, '--columns', 'pid,ppid,name,kernel')).toEqual({
      code: 0,
      err: '',
      out: [
        'pid  ppid  name       kernel',
        '  1     0  init       no',
        '  2     0  kthreadd   yes',
        '200     1  sshd       no',
        '201   200  bash       no',
        '202   201  evil\\x1bc  no',
        '',
      ].join('\n'),
    });
  });

  it('filters, sorts and limits, in this order', async () => {
    const ask = async (...words: string[]): Promise<string[]> =>
      (await run('pslist', memory, '--columns', 'pid', '--no-header', ...words)).out.trim().split(/\s+/);
    expect(await ask('--pid', '1,200')).toEqual(['1', '200']);
    expect(await ask('--pid', '1', '--pid', '200')).toEqual(['1', '200']);
    expect(await ask('--name', '?shd,*as*')).toEqual(['200', '201']);
    expect(await ask('--sort', '-pid')).toEqual(['202', '201', '200', '2', '1']);
    expect(await ask('--sort', 'kernel,-pid', '--limit', '2')).toEqual(['202', '201']);
  });

  it('says on stderr what there is where filters keep nothing, in every format', async () => {
    for (const format of ['table', 'json', 'jsonl', 'csv']) {
      expect(await run('pslist', memory, '--name', 'ssh', '--format', format)).toMatchObject({
        code: 0,
        err: 'pslist: no row has name ssh (did you mean sshd?); there are init (1), kthreadd (1), sshd (1), bash (1), evil\\x1bc (1)\n',
      });
    }
  });

  it('knows flags and columns in kebab-case and as the answers name them', async () => {
    const ask = async (flag: string): Promise<unknown> => {
      const { results } = JSON.parse((await run('sockets', memory, flag, '1', '--json')).out) as {
        results: unknown;
      };
      return results;
    };
    expect(await ask('--local-port')).toEqual(await ask('--localPort'));
    const { out } = await remembering('sockets', '--help');
    expect(out).toContain('--local-port <list>');
    expect(out).not.toContain('--localPort');
    expect((await run('pslist', memory, '--columns', 'cpu-time', '--limit', '0')).out).toBe('cpuTime\n');
  });

  it('shows a column that was added however narrow the terminal is', async () => {
    desk.width = 70;
    expect((await run('pslist', memory, '--limit', '1')).out).not.toContain('threads');
    const { out } = await run('pslist', memory, '--limit', '1', '--columns', '+threads,-uid');
    expect(out).toContain('threads');
    expect(out).not.toContain('uid');
  });

  it('says on stderr how much a limit left out of a table', async () => {
    expect(await run('pslist', memory, '--columns', 'pid', '--limit', '4')).toEqual({
      code: 0,
      out: 'pid\n  1\n  2\n200\n201\n',
      err: 'pslist: 1 more row, left out by --limit\n',
    });
    const two = ['--columns', 'pid,name', '--pid', '1,2', '--limit', '2'];
    expect((await run('pslist', memory, ...two)).err).toBe('');
    expect((await run('pslist', memory, '--columns', 'pid', '--limit', '0')).out).toBe('pid\n');
  });

  it('is one JSON document with --json', async () => {
    const { out, err, code } = await run('pslist', memory, '--json', '--columns', 'pid,name', '--limit', '1');
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      vestige: version(),
      schema: 1,
      snapshot: expect.objectContaining({ path: memory, format: 'raw' }),
      kernel: expect.objectContaining({ release: '6.1.0-50-cloud-amd64' }),
      results: [
        {
          plugin: 'pslist',
          version: plugins.find(({ name }) => name === 'pslist')!.version,
          rows: [{ pid: 1, name: 'init' }],
          notes: [],
          observations: [],
        },
      ],
    });
  });

  it('says notes on stderr, and ends with 1 for them only under --strict', async () => {
    expect(await run('pslist', damaged, '--columns', 'pid', '--pid', '1')).toEqual({
      code: 0,
      out: 'pid\n  1\n',
      err: 'note: task list breaks after 5 entries\n',
    });
    expect((await run('pslist', damaged, '--strict')).code).toBe(1);
    expect((await run('pslist', memory, '--strict', '--columns', 'pid')).code).toBe(0);
  });

  it('ends with 1 under --strict for a cell that is shown and could not be read, remembered or not', async () => {
    const [lost, lacking] = ['lost.raw', 'lacking.raw'].map(snapshotFile) as [string, string];
    const strictly = async (...words: string[]) => (await run('pslist', ...words, '--strict')).code;
    expect((await run('pslist', lost, '--json')).out).toContain('"exe":{"absent":"not-in-snapshot"}');
    expect(await strictly(lost)).toBe(1);
    for (const columns of ['pid,exe', 'pid,args']) expect(await strictly(lost, '--columns', columns)).toBe(1);
    expect(await strictly(lost, '--columns', 'pid,name')).toBe(0);
    expect(await strictly(lost, '--columns', 'pid,exe', '--pid', '1')).toBe(0);
    expect(await strictly(lost, '--sort', 'exe', '--json')).toBe(1);
    // What this kernel does not have at all is no loss.
    expect((await run('pslist', lacking, '--json')).out).toContain('"exe":{"absent":"not-in-kernel"}');
    expect(await strictly(lacking, '--columns', 'pid,exe')).toBe(0);
    const words = ['pslist', lost, '--strict', '--cache', join(folder, 'strict.sqlite')];
    expect([(await remembering(...words)).code, (await remembering(...words)).code]).toEqual([1, 1]);
  });

  it('fits the terminal, and says what it hid', async () => {
    desk.width = 80;
    const { out, err } = await run('pslist', memory);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(err).toMatch(/^hidden at this width: [^;]*; --columns\sshows\sthem,\sand\s--vertical\n/);
  });

  it('draws a box with --style box, and only around tables', async () => {
    const ask = (...words: string[]) =>
      run('pslist', memory, '--columns', 'pid,name', '--pid', '202', '--style', ...words);
    expect(await ask('box')).toEqual({
      code: 0,
      err: '',
      out: '┌─────┬───────────┐\n│ pid │ name      │\n├─────┼───────────┤\n│ 202 │ evil\\x1bc │\n└─────┴───────────┘\n',
    });
    expect((await ask('plain')).out).toBe('pid  name\n202  evil\\x1bc\n');
    const complaint = async (...words: string[]): Promise<unknown> => {
      const { code, out, err } = await ask(...words);
      expect([code, out]).toEqual([2, '']);
      return err;
    };
    expect(await complaint('oval')).toBe('vestige: there is no style oval; there are plain, box\n');
    expect(await complaint('box', '--json')).toBe('vestige: --style is of tables, and the format is json\n');
    expect(await complaint('box', '--vertical')).toBe(
      'vestige: --style box contradicts --vertical: records have no box\n',
    );
  });

  it('shows rows as records with --vertical, whatever the width, and only as tables', async () => {
    desk.width = 40;
    const { out, err } = await run(
      'pslist',
      memory,
      '--vertical',
      '--pid',
      '202',
      '--columns',
      'pid,name,kernel',
    );
    expect(out).toBe('── 1 ──\npid     202\nname    evil\\x1bc\nkernel  no\n');
    expect(err).toBe('');
    expect(await run('pslist', memory, '--vertical', '--json')).toEqual({
      code: 2,
      out: '',
      err: 'vestige: --vertical is a form of tables, and the format is json\n',
    });
  });

  it('goes on after a snapshot that cannot be answered, and ends with 2', async () => {
    const gone = join(folder, 'gone.raw');
    expect(
      await run('pslist', gone, noKernel, memory, '--columns', 'pid', '--pid', '1', '--format', 'csv'),
    ).toEqual({
      code: 2,
      out: `snapshot,pid\r\n${memory},1\r\n`,
      err: `vestige: cannot open ${gone}: no such file\nvestige: ${noKernel}: no kernel was found\n`,
    });
    const { out } = await run('pslist', gone, memory, '--json');
    expect((JSON.parse(out) as { error?: unknown }[]).map(({ error }) => error)).toEqual([
      { code: 'unreadable-file', message: `cannot open ${gone}: no such file` },
      undefined,
    ]);
  });
});

describe('vestige run', () => {
  it('asks several questions of one opened snapshot', async () => {
    const { out, code } = await run('run', 'pslist,pstree', memory, '--json', '--pid', '200');
    expect(code).toBe(0);
    expect(desk.opened).toBe(1);
    const { results } = JSON.parse(out) as { results: { plugin: string; rows: { pid: number }[] }[] };
    expect(results.map(({ plugin, rows }) => [plugin, rows.map(({ pid }) => pid)])).toEqual([
      ['pslist', [200]],
      ['pstree', [200]],
    ]);
  });

  it('narrows by --where the questions that have its columns, and says which have not', async () => {
    const { out, err, code } = await run('run', 'pslist,dmesg', memory, '--json', '--where', 'ppid == 200');
    const { results } = JSON.parse(out) as { results: { rows: { pid?: number }[] }[] };
    expect(results[0]!.rows.map(({ pid }) => pid)).toEqual([201]);
    expect(err).toContain('vestige: --where does not narrow dmesg: --where:1:1: there is no variable ppid;');
    expect(code).toBe(0);
    expect((await run('run', 'pslist,dmesg', memory, '--where', 'nosuch == 1')).code).toBe(2);
  });

  it('refuses what it cannot do', async () => {
    expect((await run('run', 'pslist,pstre', memory)).err).toContain(
      'there is no plugin pstre (did you mean pstree?)',
    );
    expect((await run('run', 'pslist,pstree', memory, '--format', 'csv')).err).toBe(
      'vestige: csv holds one table: ask one plugin at a time, or use --format jsonl\n',
    );
    expect((await run('run', 'pslist')).code).toBe(2);
  });
});

describe('a wrong command line', () => {
  it.each([
    [['pslst', 'x'], 'there is no command pslst (did you mean pslist?)'],
    [['pslst', '--help'], 'there is no command pslst (did you mean pslist?)'],
    [['cache', 'purne', '--help'], 'there is no command purne (did you mean prune?)'],
    [['help', 'cache', 'purne'], 'there is no command purne (did you mean prune?)'],
    [
      ['pidhashtable', 'x'],
      'there is no command pidhashtable; nearest is pslist: what other views of the kernel have is in its table',
    ],
    [
      ['linux.perf_events.PerfEvents', 'x'],
      'there is no command linux.perf_events.PerfEvents; no question answers that yet',
    ],
    [['windows.pslist', 'x'], 'there is no command windows.pslist; guests of this system cannot be read'],
    [['pslist', 'x', '--pdi', '1'], "unknown option '--pdi' (did you mean --pid?)"],
    [['pslist'], "missing required argument 'snapshot'"],
    [['pslist', 'x', '--limit', 'many'], '--limit wants a whole number, not many'],
    [['pslist', 'x', '--pid', 'one'], '--pid wants numbers such as 7, 100..200 or >1000, not one'],
    [
      ['modules', 'x', '--state', 'alive'],
      '--state wants one of Live, Loading, Unloading, Unformed, not alive (did you mean Live?)',
    ],
    [['pslist', 'x', '--where', 'pid = 1'], '--where:1:5: unexpected character: ='],
    [['pslist', 'x', '--format', 'xml'], 'there is no format xml; there are table, json, jsonl, csv'],
    [['pslist', 'x', '--json', '--format', 'csv'], '--json contradicts --format'],
    [['pslist', 'x', '--color', 'blue'], '--color wants auto, always or never, not blue'],
    [['pslist', 'x', '--base', '0x10'], '--base wants an address that is a multiple of 4096, not 0x10'],
    [['pslist', 'x', '--profile', '/gone.json'], 'cannot read /gone.json: no such file'],
    [['completion', 'csh'], 'there is no completion for csh; there is one for bash, zsh, fish'],
    [['cache', 'prune', '--days', 'x'], '--days wants a whole number, not x'],
    [['--plugin'], '--plugin wants the file of a plugin'],
    [['--json', 'pslist', 'x'], '--json must stand after the command: vestige pslist memory.raw --json'],
    [['help', 'pslst'], 'there is no command pslst (did you mean pslist?)'],
    [['pslist', '-', '--no-cache'], '- is no file: a snapshot cannot be read from a pipe'],
    [['triage', '-', '--no-cache'], '- is no file: a snapshot cannot be read from a pipe'],
    [['run'], 'run wants plugins and at least one snapshot: vestige run pslist,sockets memory.raw'],
  ])('%j costs one line and exit code 2', async (words, message) => {
    expect(await remembering(...words)).toEqual({ code: 2, out: '', err: `vestige: ${message}\n` });
  });

  it('names the column that was probably meant, and all that there are', async () => {
    const { err, code } = await run('pslist', memory, '--columns', 'pdi');
    expect(err).toMatch(
      /^vestige: pslist has no column pdi \(did you mean pid\?\); it has pid, ppid, name, .*\n$/,
    );
    expect(code).toBe(2);
  });

  it('says how to look at a snapshot that was given in place of a command', async () => {
    expect((await remembering(memory)).err).toBe(
      `vestige: ${memory} is no command; to look at a snapshot: vestige triage ${memory}\n`,
    );
  });
});

describe('another name of a command', () => {
  it.each([...['ps', 'psaux', 'linux.pslist', 'linux.pslist.PsList', 'linux_pslist', 'linux.psaux.PsAux']])(
    '%s is taken for it, and that is said',
    async (word) => {
      const expected = await run('pslist', memory, '--pid', '200');
      expect(await run(word, memory, '--pid', '200')).toEqual({
        ...expected,
        err: `vestige: ${word} is called pslist here\n${expected.err}`,
      });
    },
  );

  it.each([
    ...[
      ['lsof', 'files'],
      ['linux.lsof.Lsof', 'files'],
      ['netstat', 'sockets'],
      ['ss', 'sockets'],
    ],
    ...[
      ['linux.sockstat.Sockstat', 'sockets'],
      ['lsmod', 'modules'],
      ['linux.proc.Maps', 'maps'],
    ],
    ...[
      ['linux_proc_maps', 'maps'],
      ['linux.envars', 'env'],
      ['kmsg', 'dmesg'],
      ['aeskeyfind', 'keys'],
    ],
    ...[
      ['imageinfo', 'info'],
      ['banners', 'info'],
      ['linux.pstree', 'pstree'],
    ],
  ])('%s leads to %s', async (word, command) => {
    const { code, out } = await remembering(word, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Usage: vestige ${command} `);
  });

  it('that is nobody else is an error of its own', async () => {
    for (const word of ['bash', 'strings', 'hashdump', 'linux.perf_events.PerfEvents']) {
      const { code, err } = await remembering(word, 'x');
      expect(code).toBe(2);
      expect(err).toMatch(new RegExp(`^vestige: there is no command ${word}; .+\n$`));
    }
  });

  it('gives way to a plugin of the user that has it', async () => {
    const path = join(folder, 'ps.mjs');
    writeFileSync(
      path,
      `export default { name: 'ps', summary: 'List mine', example: '--limit 1', version: 1, subjects: () => [1],
        columns: { n: { int: (n) => n } }, identity: [] };`,
    );
    expect(await run('--plugin', path, 'ps', memory)).toEqual({ code: 0, out: 'n\n1\n', err: '' });
  });
});

describe('help', () => {
  it('of the program lists every plugin', async () => {
    const { code, out } = await remembering('--help');
    expect(code).toBe(0);
    for (const { name, summary } of plugins) {
      expect(out).toContain(`  ${name} `);
      expect(out.replace(/\s+/g, ' ')).toContain(summary);
    }
    const bare = await remembering();
    expect(bare.code).toBe(0);
    expect(bare.out).toContain('Usage: vestige ');
  });

  it.each(plugins.map(({ name }) => name))(
    'of %s has its columns with their kinds and an example',
    async (name) => {
      const { code, out } = await remembering(name, '--help');
      const plugin = plugins.find((one) => one.name === name)!;
      expect(code).toBe(0);
      expect(out).toContain(`vestige ${name} memory.raw ${plugin.example}\n`);
      for (const [column, reader] of Object.entries(plugin.columns)) {
        const [, kind, help] = new RegExp(`^  ${column} +(\\w+(?: \\(\\w+\\))?) +(.+)$`, 'm').exec(out)!;
        expect(kind).toBe(kindText(reader));
        expect(reader.help).toContain(help);
      }
    },
  );

  it('prints the version', async () => {
    expect(await remembering('--version')).toEqual({ code: 0, out: `${version()}\n`, err: '' });
  });
});

describe('the cache', () => {
  const asked = (...words: string[]): Promise<{ code: number; out: string; err: string }> =>
    remembering(...words, '--cache', cache);

  it('answers the same question again, notes and all, without opening the snapshot', async () => {
    const first = await asked('pslist', damaged);
    expect(desk.opened).toBe(1);
    expect(await asked('pslist', damaged)).toEqual(first);
    expect(desk.opened).toBe(1);
    expect(first.err).toContain('note: task list breaks after 5 entries\n');
  });

  it('answers other columns, filters, orders and formats from the same rows', async () => {
    await asked('pslist', memory);
    desk.opened = 0;
    for (const words of [
      ['--pid', '200'],
      ['--sort', '-name'],
      ['--json'],
      ['--format', 'csv'],
      ['--limit', '2'],
    ]) {
      expect(await asked('pslist', memory, ...words)).toEqual(await run('pslist', memory, ...words));
    }
    expect(desk.opened).toBe(5); // those without the cache
  });

  it('asks again where the file is another, and remembers nothing of one that changes meanwhile', async () => {
    const path = snapshotFile('changing.raw');
    await asked('pslist', path);
    await asked('pslist', path);
    expect(desk.opened).toBe(2); // still settling
    await settle();
    desk.meanwhile = () => writeFileSync(path, Buffer.alloc(8192, 1));
    await asked('pslist', path);
    desk.meanwhile = () => undefined;
    await settle();
    await asked('pslist', path);
    expect(desk.opened).toBe(4);
    await asked('pslist', path);
    expect(desk.opened).toBe(4);
  });

  it('is left alone by whoever wants none, wherever the flag stands', async () => {
    await asked('pslist', memory);
    desk.opened = 0;
    await remembering('pslist', memory, '--no-cache', '--cache', cache);
    await remembering('pslist', memory, '--cache', cache, '--no-cache');
    expect(desk.opened).toBe(2);
  });

  it.runIf(existsSync('/dev/shm'))('remembers nothing of a file in memory, and info says so', async () => {
    const place = mkdtempSync('/dev/shm/vestige-cli-');
    try {
      const path = join(place, 'memory.raw');
      writeFileSync(path, Buffer.alloc(8192));
      await settle();
      await asked('pslist', path);
      await asked('pslist', path);
      expect(desk.opened).toBe(2);
      const { err } = await asked('info', path);
      expect(err).toContain(`no answer about ${path} is remembered: it lies in a file system (tmpfs)`);
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it('costs one warning where it cannot be used, never the answer', async () => {
    const bad = join(folder, 'bad.sqlite');
    writeFileSync(bad, 'this is no database, but somebody may need it');
    const plain = await run('pslist', memory, memory, '--format', 'csv');
    expect(await remembering('pslist', memory, memory, '--cache', bad, '--format', 'csv')).toEqual({
      ...plain,
      err: `vestige: cache ${bad}: the file is no cache; going on without it\n${plain.err}`,
    });
  });

  it('is listed, pruned and cleared', async () => {
    expect((await asked('cache', 'path')).out).toBe(`${cache}\n`);
    const listed = JSON.parse((await asked('cache', 'list', '--json')).out) as {
      path: string;
      plugins: string[];
    }[];
    expect(listed.find(({ path }) => path === memory)?.plugins).toEqual(['pslist']);
    const before = listed.length;
    rmSync(join(folder, 'changing.raw'));
    expect((await asked('cache', 'prune')).out).toBe('1 snapshot and 0 outdated answers forgotten\n');
    expect((JSON.parse((await asked('cache', 'list', '--json')).out) as unknown[]).length).toBe(before - 1);
    const refused = await asked('cache', 'clear');
    expect([refused.code, refused.out]).toEqual([2, '']);
    expect(refused.err).toMatch(
      / holds \d+ answers about \d+ snapshots and 0 profiles\n.*: --yes says so\n$/,
    );
    expect((JSON.parse((await asked('cache', 'list', '--json')).out) as unknown[]).length).toBe(before - 1);
    expect((await asked('cache', 'clear', '--yes')).out).toBe(`${cache} is empty\n`);
    expect(await asked('cache', 'clear')).toEqual({ code: 0, out: `${cache} is empty\n`, err: '' });
    expect(await asked('cache', 'list')).toEqual({ code: 0, out: '', err: '' });
    writeFileSync(cache, 'x');
    expect(await asked('cache', 'clear')).toEqual({
      code: 2,
      out: '',
      err: `vestige: cache ${cache}: the file is no cache\n`,
    });
    rmSync(cache);
  });
});

describe('--plugin', () => {
  const column = 'columns: { pid: { int: (task) => task.pid } }, identity: []';
  const plugin = (more: string): string =>
    `export default { name: 'mine', summary: 'List mine', example: '--limit 1', version: 1, walker: 'processes', ${more} };`;
  const file = (text: string): string => {
    const path = join(folder, `mine-${Math.random()}.mjs`);
    writeFileSync(path, text);
    return path;
  };

  it('offers what a plugin declares: choices, what is usual, words, and what shows its secrets', async () => {
    const path = file(
      plugin(`columns: {
          size: { text: (task) => task.size ?? 's' },
          code: { text: () => 'sesame', secret: true, help: 'opens it' },
        },
        identity: ['size'], filters: ['size', 'code'], words: { size: ['s', 'm'] },
        options: { order: { help: 'how', value: 'order', choices: ['up', 'down'], default: 'up' } }`).replace(
        "walker: 'processes'",
        'subjects: (kernel, { order }) => [{ size: order }]',
      ),
    );
    const mine = (...words: string[]) => run('--plugin', path, 'mine', memory, ...words);
    expect((await mine()).out).toBe('size  code\nup    hidden\n');
    expect((await mine('--order', 'down', '--reveal')).out).toBe('size  code\ndown  sesame\n');
    expect((await mine('--order', 'dwn')).err).toBe(
      'vestige: --order wants one of up, down, not dwn (did you mean down?)\n',
    );
    // Nobody finds out by asking.
    expect((await mine('--code', 'sesame')).out).toBe('size  code\n');
    expect((await run('--plugin', path, 'mine', '--help')).out).toMatch(
      /--order <order> +how: up, down; up where[\s\S]*--reveal +show what[\s\S]*opens it/,
    );
    const { out } = await remembering('--plugin', path, 'completion', 'bash');
    expect(out).toContain(`'mine --order') COMPREPLY=($(compgen -W 'up down' -- "$word"))`);
    expect(out).toContain(`'mine --size') COMPREPLY=($(compgen -W 's m' -- "$word"))`);
    expect(out).toMatch(/'mine'\) .*columns='size code'/);
  });

  it('offers a plugin of the user, and remembers nothing of it', async () => {
    const path = file(
      `let asked = 0; ${plugin('columns: { n: { int: () => ++asked } }, identity: []').replace("walker: 'processes'", 'subjects: () => [1]')}`,
    );
    const words = ['--plugin', path, 'mine', memory, '--cache', cache];
    expect(await remembering(...words)).toEqual({ code: 0, out: 'n\n1\n', err: '' });
    expect(await remembering(...words)).toEqual({ code: 0, out: 'n\n2\n', err: '' });
  });

  it.each([
    ['export default 1;', 'its default export is no object'],
    [plugin(column).replace("'mine'", "'Mine'"), 'name must be a lowercase word'],
    [plugin(column).replace("'mine'", "'run'"), 'run is a command already'],
    [plugin(column).replace("'mine'", "'findings'"), 'findings is a view of the cache already'],
    [plugin('columns: {}, identity: []'), 'columns are missing'],
    [
      plugin('columns: { a: { float: () => 1 } }, identity: []'),
      'column a must be one of int, text, flag, address, time, seconds with a function',
    ],
    [plugin('columns: { note: { int: () => 1 } }, identity: []'), 'no column may be called note'],
    [plugin(column.replace('[]', "['x']")), 'identity must name columns'],
    [plugin(`${column}, filters: ['x']`), 'filters must name columns'],
    [plugin(`${column}, lists: 'files'`), 'lists must be one of processes, modules, containers'],
    [plugin(`${column}, processName: 'who'`), 'processName must name columns'],
    [
      plugin(`${column}, references: { pid: 'pslis.pid' }`),
      'pid references pslis, and there is no such question (did you mean pslist?)',
    ],
    [
      plugin(`${column}, references: { pid: 'pslist.pd' }`),
      'pid references pslist.pd, and pslist has no such column (did you mean pid?)',
    ],
    [plugin(`${column}, references: { id: 'pslist.pid' }`), 'references must name columns'],
    [
      plugin(`${column}, options: { size: { help: '' } }`),
      'option size must be a switch, or have choices or parse',
    ],
    [
      plugin(`${column}, options: { size: { help: '', choices: ['s'], default: 'm' } }`),
      'option size must have one of its choices as default',
    ],
    [
      plugin('columns: { n: { int: () => 1, secret: true } }, identity: []'),
      'column n is secret and no text',
    ],
    [plugin(`${column}, options: { limit: { help: '', switch: true } }`), '--limit is a flag already'],
  ])('refuses %s', async (text, flaw) => {
    const path = file(text);
    expect(await remembering('--plugin', path, 'plugins')).toEqual({
      code: 2,
      out: '',
      err: `vestige: ${path} exports no plugin: ${flaw}\n`,
    });
  });
});
