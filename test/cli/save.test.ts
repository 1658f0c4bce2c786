// `--save`: the bytes behind the rows that are shown, as files, with the filters that the question has.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const AFTER = 'samples/web-1/after.kdump';
const scratch = mkdtempSync(join(tmpdir(), 'vestige-save-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function run(...words: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/bin/vestige.js', ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...{ XDG_CACHE_HOME: scratch, XDG_STATE_HOME: scratch, NO_COLOR: '1' } },
  });
  return { code: status, out: stdout, err: stderr };
}

interface Saved {
  readonly name: string;
  readonly row: { readonly pid: number; readonly path: string | null };
  readonly bytes: number;
  readonly missingBytes: number;
  readonly sha256: string;
}

const listed = (folder: string): Saved[] =>
  readFileSync(join(folder, 'manifest.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Saved);

describe('--save', () => {
  it('writes the mappings of the rows that are shown, and only those', () => {
    const folder = join(scratch, 'one');
    const { code, err, out } = run(
      'maps',
      AFTER,
      '--path',
      '[vdso]',
      '--pid',
      '1',
      '--save',
      folder,
      '--no-cache',
      '--format',
      'jsonl',
    );
    expect([code, err]).toEqual([
      0,
      `1 file saved in ${folder}, 1 of them with gaps (manifest.jsonl tells)\n`,
    ]);
    expect(out).toContain('[vdso]');
    const [saved, ...more] = listed(folder);
    expect(more).toEqual([]);
    expect(saved).toMatchObject({
      row: { pid: 1, path: '[vdso]' },
      bytes: 8192,
      missingBytes: 4096,
      missing: { 'never-touched': 4096 },
    });
    const content = readFileSync(join(folder, saved!.name));
    // The process has touched its first page alone.
    expect(content.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(createHash('sha256').update(content).digest('hex')).toBe(saved!.sha256);
    expect(readdirSync(folder)).toHaveLength(2);
  });

  it('saves as many as --limit and --sort show, whether or not the answer was remembered', () => {
    const folder = join(scratch, 'two');
    const { code } = run('modules', AFTER, '--sort', '-size', '--limit', '2', '--save', folder, '--json');
    expect(code).toBe(0);
    const saved = listed(folder);
    expect(saved).toHaveLength(2);
    expect(saved[0]!.bytes).toBeGreaterThanOrEqual(saved[1]!.bytes);
  });

  it('refuses a folder with something in it before anything is read, in one line', () => {
    const { code, err, out } = run('maps', AFTER, '--save', 'samples', '--no-cache');
    expect([code, err, out]).toEqual([2, 'vestige: cannot save into samples: it is not empty\n', '']);
  });

  it('is a flag of questions that have bytes alone', () => {
    const { code, err } = run('sockets', AFTER, '--save', join(scratch, 'none'));
    expect(code).toBe(2);
    expect(err).toContain("unknown option '--save'");
  });

  it('writes a core file of a process, with what it lacks in the manifest', () => {
    const folder = join(scratch, 'core');
    const { code } = run('pslist', AFTER, '--pid', '1,2', '--save', folder, '--json');
    expect(code).toBe(0);
    const [saved, ...more] = listed(folder);
    expect(more).toEqual([]);
    expect(saved).toMatchObject({ name: 'pid.1.init.core', row: { pid: 1 } });
    const core = readFileSync(join(folder, saved!.name));
    expect([core.toString('latin1', 0, 4), core.readUInt16LE(16), core.readUInt16LE(18)]).toEqual([
      '\x7fELF',
      4,
      62,
    ]);
    expect(core.length).toBe(saved!.bytes);
    expect(saved!.missingBytes).toBeGreaterThan(0);
  });
});
