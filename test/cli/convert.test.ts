// `vestige convert`: a real snapshot in every format answers as the one that it was made of; and what cannot be done is said.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const AFTER = join(process.cwd(), 'samples/web-1/after.kdump');
const scratch = mkdtempSync(join(tmpdir(), 'vestige-convert-'));
const at = (name: string): string => join(scratch, name);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function vestige(...words: string[]): { code: number | null; out: string; err: string } {
  const program = join(process.cwd(), 'dist/bin/vestige.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    ...{ encoding: 'utf8', cwd: scratch, maxBuffer: 1 << 26 },
    env: { ...process.env, ...{ XDG_CACHE_HOME: at('cache'), XDG_STATE_HOME: at('cache'), NO_COLOR: '1' } },
  });
  return { code: status, out: stdout, err: stderr };
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** The processes in a snapshot, whatever is said of its file. */
function processes(path: string): unknown {
  const { code, out } = vestige('pslist', path, '--no-cache', '--format', 'jsonl', '--columns', 'all');
  expect(code).toBe(0);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return rows.map(({ snapshot: _, ...row }) => row);
}

describe('vestige convert', { timeout: 120_000 }, () => {
  let expected: unknown;
  beforeAll(() => {
    expected = processes(AFTER);
  });

  it.each(['raw', 'elf', 'lime', 'kdump'])('writes %s, which answers as the snapshot does', (format) => {
    const { code, out, err } = vestige('convert', AFTER, `web.${format}`, '--to', format);
    expect(code).toBe(0);
    const { size, mode } = statSync(at(`web.${format}`));
    expect(out).toBe(
      [
        `${sha256(AFTER)}  ${AFTER}  ${statSync(AFTER).size} bytes\n`,
        `${sha256(at(`web.${format}`))}  web.${format}  ${size} bytes\n`,
      ].join(''),
    );
    expect(mode & 0o777).toBe(0o600);
    expect(err.includes('has no room for the registers of the CPUs')).toBe(['raw', 'lime'].includes(format));
    expect(processes(at(`web.${format}`))).toEqual(expected);
  });

  it('takes over registers and VMCOREINFO, and finds VMCOREINFO where the file has none', () => {
    const facts = (
      path: string,
    ): { kernel: { steps: unknown; confidence: string }; snapshot: { format: string } } =>
      JSON.parse(vestige('info', path, '--json', '--no-cache').out) as never;
    expect(vestige('convert', 'web.lime', 'again.kdump', '--to', 'kdump').err).toBe(
      'vestige: the snapshot has no registers of its CPUs\n',
    );
    expect(readFileSync(at('again.kdump')).includes('OSRELEASE=6.1.0')).toBe(true);
    expect(facts('again.kdump').snapshot.format).toBe('kdump');
    const [before, after] = [facts(AFTER), facts('web.elf')];
    expect(after.kernel.confidence).toBe(before.kernel.confidence);
    expect(vestige('convert', 'web.elf', 'back.kdump', '--to', 'kdump').err).toBe('');
    expect(facts('back.kdump').kernel.confidence).toBe(before.kernel.confidence);
  });

  it('tells what it did in JSON', () => {
    const { out } = vestige(
      'convert',
      AFTER,
      '--output',
      'json.lime',
      '--to',
      'lime',
      '--json',
      '--no-digest',
    );
    expect((JSON.parse(out) as { conversion: unknown }).conversion).toMatchObject({
      ...{ format: 'lime', paddedBytes: 0, lostBytes: 0, bytes: statSync(at('json.lime')).size },
      input: [{ path: AFTER, bytes: statSync(AFTER).size, sha256: null }],
      output: { path: 'json.lime', sha256: null },
    });
  });

  it('writes the memory of a file in which no kernel is found, and says so', () => {
    writeFileSync(at('noise.raw'), Buffer.alloc(2 ** 21, 0xa5));
    const { code, err } = vestige('convert', 'noise.raw', 'noise.lime', '--to', 'lime');
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^vestige: .*; its memory is written as the file has it\n$/),
    ]);
    const other = vestige('convert', 'noise.raw', 'noise.elf', '--to', 'elf');
    expect(other.code).toBe(2);
    expect(other.err).toContain(
      'vestige: elf names the machine, and nothing tells which one this is: --to raw or lime\n',
    );
  });

  it.each([
    [[AFTER, 'web.lime', '--to', 'lime'], 'cannot write web.lime: it is there already'],
    [['web.lime', 'web.lime', '--to', 'raw'], 'cannot write web.lime: it is there already'],
    [[AFTER, 'none/x', '--to', 'raw'], 'cannot write none/x: ENOENT'],
    [[AFTER, '/proc/x', '--to', 'raw'], 'cannot write /proc/x: ENOENT'],
    [[AFTER, '--to', 'raw'], 'convert wants a file to write: --output FILE'],
    [[AFTER, 'a', '--output', 'b', '--to', 'raw'], 'a and --output b contradict each other'],
    [[AFTER, 'a', '--to', 'vmem'], '--to wants one of raw, elf, lime, kdump, not vmem'],
    [[AFTER, 'a'], "required option '--to <format>' not specified"],
    [['gone.raw', 'a', '--to', 'raw'], 'cannot open gone.raw: no such file'],
  ])('answers %j in one line', (words, line) => {
    const before = readdirSync(scratch);
    const { code, out, err } = vestige('convert', ...words);
    expect([code, out, err]).toEqual([2, '', `vestige: ${line}\n`]);
    expect(readdirSync(scratch)).toEqual(before);
  });

  it.runIf(process.platform === 'linux')(
    'leaves nothing on a disk that is full, and says so in a line',
    () => {
      // No file may grow past a MiB: the signal of that limit is ignored, and the write fails.
      const shell = `trap '' XFSZ; ulimit -f 1024; exec "$0" "$@"`;
      const words = [
        process.execPath,
        join(process.cwd(), 'dist/bin/vestige.js'),
        'convert',
        AFTER,
        'full.lime',
        '--to',
        'lime',
        '--no-cache',
      ];
      const { status, stderr } = spawnSync('bash', ['-c', shell, ...words], {
        encoding: 'utf8',
        cwd: scratch,
      });
      expect([status, stderr]).toEqual([2, 'vestige: cannot write full.lime: EFBIG\n']);
      expect(readdirSync(scratch).filter((name) => name.startsWith('full'))).toEqual([]);
    },
  );

  it('leaves nothing where somebody ends it', async () => {
    const program = join(process.cwd(), 'dist/bin/vestige.js');
    const words = [program, 'convert', AFTER, 'ended.kdump', '--to', 'kdump', '--no-cache'];
    const running = spawn(process.execPath, words, { cwd: scratch, stdio: 'ignore' });
    const ended = once(running, 'exit');
    while (!existsSync(at('ended.kdump.part')) && running.exitCode === null) await setTimeout(5);
    running.kill('SIGTERM');
    expect(await ended).toEqual([143, null]);
    expect(readdirSync(scratch).filter((name) => name.startsWith('ended'))).toEqual([]);
  });
});
