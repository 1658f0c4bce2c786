// `vestige dump`: the bytes of one process as files, and what it says where there are none.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const AFTER = join(process.cwd(), 'samples/web-1/after.kdump');
const scratch = mkdtempSync(join(tmpdir(), 'vestige-dump-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function dump(...words: string[]): { code: number | null; out: string; err: string } {
  const program = join(process.cwd(), 'dist/bin/vestige.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'dump', AFTER, ...words], {
    ...{ encoding: 'utf8', cwd: scratch },
    env: { ...process.env, ...{ XDG_CACHE_HOME: scratch, XDG_STATE_HOME: scratch, NO_COLOR: '1' } },
  });
  return { code: status, out: stdout, err: stderr };
}

const head = (name: string): string => readFileSync(join(scratch, name)).toString('latin1', 0, 4);

describe('vestige dump', () => {
  it('saves a core file in the folder at hand, for its owner alone, and says what it lacks', () => {
    expect(dump('--pid', '199')).toEqual({
      ...{ code: 0, out: 'pid.199.kworker_0_3.core\n' },
      err: expect.stringMatching(
        /^vestige: pid.199.kworker_0_3.core: \d+ bytes are nowhere in memory: never-touched \d+\n$/,
      ),
    });
    expect(head('pid.199.kworker_0_3.core')).toBe('\x7fELF');
    expect(statSync(join(scratch, 'pid.199.kworker_0_3.core')).mode & 0o777).toBe(0o600);
  });

  it('saves the program of a process whose file is deleted, under the name that is wanted', () => {
    expect(dump('--pid', '199', '--what', 'exe', '--output', 'suspect.elf')).toEqual({
      ...{ code: 0, out: 'suspect.elf\n', err: '' },
    });
    const program = readFileSync(join(scratch, 'suspect.elf'));
    expect([program.toString('latin1', 0, 4), program.readUInt16LE(16)]).toEqual(['\x7fELF', 2]);
  });

  it('saves files without a name into a folder, new ones too, each once', () => {
    const { code, out } = dump('--pid', '199', '--what', 'deleted', '--output', 'new/');
    expect([code, out]).toEqual([0, 'new/pid.199.exe.kw\n']);
    expect(readFileSync(join(scratch, out.trim()))).toEqual(readFileSync(join(scratch, 'suspect.elf')));
  });

  it('saves the mapping at an address, and tells of it in JSON', () => {
    const { code, out } = dump('--pid', '1', '--address', '0x400123', '--json');
    expect(code).toBe(0);
    const { what, files } = (JSON.parse(out) as { dump: unknown }).dump as {
      what: string;
      files: { path: string; bytes: number; sha256: string }[];
    };
    expect(what).toBe('map');
    expect(files).toEqual([expect.objectContaining({ path: 'pid.1.400000-401000.r--p', bytes: 4096 })]);
    expect(head(files[0]!.path)).toBe('\x7fELF');
  });

  it('overwrites nothing, and leaves nothing half done', () => {
    const before = readdirSync(scratch).sort();
    writeFileSync(join(scratch, 'mine'), 'mine');
    expect(dump('--pid', '199', '--output', 'mine')).toMatchObject({
      ...{ code: 2, err: 'vestige: cannot write mine: it is there already\n' },
    });
    expect(readFileSync(join(scratch, 'mine'), 'utf8')).toBe('mine');
    rmSync(join(scratch, 'mine'));
    expect(dump('--pid', '199').err).toBe(
      'vestige: cannot write pid.199.kworker_0_3.core: it is there already\n',
    );
    expect(dump('--pid', '199', '--output', 'none/here').err).toBe(
      'vestige: cannot write none/here: ENOENT\n',
    );
    expect(readdirSync(scratch).sort()).toEqual(before);
  });

  it.skipIf(process.getuid?.() === 0)('says in a line that a folder cannot be written', () => {
    mkdirSync(join(scratch, 'closed'));
    chmodSync(join(scratch, 'closed'), 0o500);
    expect(dump('--pid', '1', '--output', 'closed').err).toMatch(
      /^vestige: cannot write closed\/.*: EACCES\n$/,
    );
  });

  it.each([
    [['--pid', '2'], 'process 2 has no memory of its own: it is a thread of the kernel, or has ended'],
    [['--pid', '7777'], 'no process 7777 in the snapshot'],
    [['--pid', 'x'], '--pid wants a whole number, not x'],
    [['--pid', '1', '--what', 'map'], '--what map wants --address: vestige maps lists the mappings'],
    [
      ['--pid', '1', '--address', '1'],
      'process 1 has no mapping at 0x1: vestige maps lists those that it has',
    ],
    [
      ['--pid', '1', '--address', '0xfffffffffffffffff'],
      '--address wants an address like 0x7f3a5c000000, not 0xfffffffffffffffff',
    ],
    [['--pid', '1', '--what', 'exe', '--address', '1'], '--address is of a mapping, and --what exe is none'],
    [['--pid', '1', '--what', 'memfd'], 'process 1 has no memory that passes for a file (memfd)'],
    [
      ['--pid', '1', '--what', 'deleted'],
      'process 1 has no file without a name of which anything is in memory',
    ],
    [['--pid', '1', '--what', 'all'], '--what wants one of core, map, exe, deleted, memfd, not all'],
  ])('answers %j in one line', (words, line) => {
    expect(dump(...words)).toEqual({ code: 2, out: '', err: `vestige: ${line}\n` });
  });

  it('fails with --strict where bytes are missing', () => {
    expect(dump('--pid', '1', '--output', 'strict.core', '--strict').code).toBe(1);
  });
});
