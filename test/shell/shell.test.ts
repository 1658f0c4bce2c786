// The shell on the shipped sample: scripts and their ends, what is typed and remembered, completion, and what it prints.
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plugins } from '../../plugins/index.ts';
import { type LibrarySession, openSession } from '../../src/library/library-session.ts';
import { completionsOf } from '../../src/shell/complete.ts';
import { runShell, type ShellEnd } from '../../src/shell/shell.ts';
import { escapeLines, writerFor } from '../../src/shell/text.ts';
import { spawning } from '../cli/spawned.ts';

const SAMPLE = 'samples/web-1/after.kdump';
const folder = mkdtempSync(join(tmpdir(), 'vestige-shell-'));
let session: LibrarySession;

beforeAll(() => {
  session = openSession(SAMPLE);
});
afterAll(() => {
  session.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Ran extends ShellEnd {
  readonly out: string;
  readonly said: readonly string[];
  readonly asked: readonly (readonly string[])[];
}

/** Runs lines as a script, or as if they were typed. */
async function shell(lines: readonly string[], history?: string, isTerminal = false): Promise<Ran> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const said: string[] = [];
  const asked: (readonly string[])[] = [];
  let out = '';
  output.on('data', (piece: Buffer) => {
    out += piece.toString('utf8');
  });
  const run = async (words: readonly string[]): Promise<void> => {
    asked.push(words);
    if (words[0] === 'nope') throw new Error('there is no plugin nope');
  };
  input.end(`${lines.join('\n')}\n`);
  const say = (message: string): number => said.push(message);
  const end = await runShell({ session, questions: plugins, input, output, isTerminal, history, run, say });
  return { ...end, out, said, asked };
}

describe('a script', () => {
  it('has the kernel’s structs, symbols, types, memory and questions in scope', async () => {
    const { out, said, hasFailed } = await shell([
      'task(1).comm',
      "symbol('init_task') === struct('task_struct', 'init_task').$address",
      "types('list_head')",
      "hexdump('linux_banner', 13)",
      "disasm('do_exit', 5)",
      "sizeof('list_head') + offsetof('list_head', 'prev')",
      "memory.cString(symbol('linux_banner')).slice(0, 13)",
      "const answer = await ask('pslist')",
      'answer.rows.length > 10',
      "list(BigInt(offsetof('task_struct', 'tasks')) + symbol('init_task'), 'task_struct', 'tasks').next().value.pid",
    ]);
    expect({ said, hasFailed }).toEqual({ said: [], hasFailed: false });
    expect(out.split('\n').map((line) => line.trim())).toEqual([
      "'init'",
      'true',
      'struct list_head {',
      expect.stringContaining('struct list_head *next;'),
      expect.stringContaining('struct list_head *prev;'),
      '',
      '/* size: 16, cachelines: 1, members: 2 */',
      '};',
      expect.stringMatching(/Linux version$/),
      expect.stringMatching(/<do_exit> .* nop /),
      '24',
      "'Linux version'",
      'true',
      '1',
      '',
    ]);
  });

  it('may go on over lines, and declare what later lines use', async () => {
    const lines = [
      'function twice(x) {',
      '  return 2 * x;',
      '}',
      'let y = 4',
      'twice(y)',
      'console.log(twice(5))',
    ];
    expect((await shell(lines)).out).toBe('8\n10\n');
  });

  it.each([
    [['1', 'symbol("nope_at_all")', '2'], /this kernel has no symbol nope_at_all/],
    [['1', 'undefined.x', '2'], /TypeError: Cannot read properties of undefined/],
    [['1', 'let = = 3', '2'], /SyntaxError/],
    [['1', 'await ask("nope")', '2'], /there is no question nope/],
    [['1', '.run nope', '2'], /there is no plugin nope/],
    [['1', 'for (const x of [1]) {'], /ends within a statement/],
    [['1', 'hexdump(2 ** 60)', '2'], /one past 2\^53 wants an n behind it/],
  ])('ends at its first error, which is no data: %j', async (lines, complaint) => {
    const { out, said, hasFailed } = await shell(lines);
    expect({ out, hasFailed }).toEqual({ out: '1\n', hasFailed: true });
    expect(said).toEqual([expect.stringMatching(complaint)]);
  });

  it('asks questions as the command line does, and waits for them', async () => {
    const { asked, out } = await shell(['.run pslist  --pid 1', '5']);
    expect(asked).toEqual([['pslist', '--pid', '1']]);
    expect(out).toBe('5\n');
  });

  it('shows nothing that acts on a terminal', async () => {
    const { out } = await shell(['"\\u202e"', 'console.log("\\x1b[2J")', '({ a: "\\u202e" })']);
    expect(out).toBe("'\\u202e'\n\\x1b[2J\n{ a: '\\u202e' }\n");
  });

  it('is told by the exit code of the command', () => {
    const vestige = spawning(folder);
    expect(vestige('shell', './package.json')).toMatchObject({ status: 2, stdout: '' });
  });
});

describe('what is typed', () => {
  it('is remembered where its owner alone reads it', async () => {
    const path = join(folder, 'state', 'vestige', 'shell-history');
    const { hasFailed } = await shell(['nonsense(', 'task(1).comm', '.exit'], path, true);
    expect(hasFailed).toBe(false);
    // Node writes it when nothing more has been typed for some milliseconds, also behind the end.
    await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('task(1).comm'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('is not remembered through a link, which is said', async () => {
    const [path, elsewhere] = [join(folder, 'linked'), join(folder, 'elsewhere')];
    writeFileSync(elsewhere, 'mine\n');
    symlinkSync(elsewhere, path);
    const { said } = await shell(['1', '.exit'], path, true);
    expect(said).toEqual([expect.stringContaining('what is typed is not remembered')]);
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine\n');
  });
});

describe('completion', () => {
  const names = plugins.map(({ name }) => name);
  const complete = (line: string, scope: Readonly<Record<string, unknown>> = {}) =>
    completionsOf(line, session, (name) => scope[name], names);

  it('knows members along any path, by types alone', () => {
    expect(complete('task(1).mm.total_v')).toEqual([['total_vm'], 'total_v']);
    expect(complete('x = task(7).se.run_node.rb_')![0]).toEqual(['rb_left', 'rb_right']);
    expect(complete("struct('list_head', symbol('x')).ne")).toBeUndefined(); // a call in a call is Node's affair
    expect(complete("struct('list_head', 0n).next.pre")).toEqual([['prev'], 'pre']);
    expect(complete('t.cred.ui', { t: session.process(1).raw })).toEqual([['uid'], 'ui']);
    expect(complete('Math.ma')).toBeUndefined();
  });

  it('knows names of symbols, types, members and questions in quotes', () => {
    expect(complete("symbol('init_tas")![0]).toContain('init_task');
    expect(complete('types("task_str')![0]).toEqual(['task_struct']);
    expect(complete("offsetof('list_head', 'ne")).toEqual([['next'], 'ne']);
    expect(complete("ask('psl")).toEqual([['pslist'], 'psl']);
    expect(complete("console.log('psl")).toBeUndefined();
  });

  it('offers no more than can be looked at, and nothing but plain names', () => {
    const [words] = complete("symbol('")!;
    expect(words.length).toBe(500);
    expect(words.filter((word) => !/^\w+$/.test(word))).toEqual([]);
  });
});

describe('a value', () => {
  const write = writerFor((address) => (address === 0xffff_ffff_8100_0000n ? '_stext' : null));

  it('that may be an address is shown as one, with its symbol', () => {
    expect(write(0xffff_ffff_8100_0000n)).toBe('18446744071578845184n /* 0xffffffff81000000 _stext */');
    expect(write(12n)).toBe('12n');
  });

  it('that is large is cut', () => {
    expect(write(new Uint8Array(5000))).toContain('… 3976 more bytes');
    expect(write('x'.repeat(20_000)).length).toBeLessThan(11_000);
    expect(escapeLines('a\nb\x1b')).toBe('a\nb\\x1b');
  });
});
