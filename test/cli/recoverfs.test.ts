// `vestige recoverfs`: what is cached of the sample's file systems as one tar, with its manifest.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const AFTER = join(process.cwd(), 'samples/web-1/after.kdump');
const scratch = mkdtempSync(join(tmpdir(), 'vestige-recoverfs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function recoverfs(...words: string[]): { code: number | null; out: string; err: string } {
  const program = join(process.cwd(), 'dist/bin/vestige.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'recoverfs', AFTER, ...words], {
    ...{ encoding: 'utf8', cwd: scratch },
    env: { ...process.env, ...{ XDG_CACHE_HOME: scratch, XDG_STATE_HOME: scratch, NO_COLOR: '1' } },
  });
  return { code: status, out: stdout, err: stderr };
}

interface Line {
  readonly archived: string;
  readonly type: string;
  readonly bytes?: number;
  readonly missingBytes?: number;
  readonly sha256?: string | null;
}

const manifest = (name: string): Line[] =>
  readFileSync(join(scratch, `${name}.manifest.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('vestige recoverfs', () => {
  it('saves the trees, of which tar unpacks what the manifest says', () => {
    expect(recoverfs('--output', 'all.tar')).toEqual({
      ...{ code: 0, out: 'all.tar\n' },
      err: expect.stringMatching(
        /^vestige: \d+ bytes of \d+ files are nowhere in memory: all\.tar\.manifest/,
      ),
    });
    for (const name of ['all.tar', 'all.tar.manifest.jsonl'])
      expect(statSync(join(scratch, name)).mode & 0o777).toBe(0o600);
    const folder = join(scratch, 'all');
    mkdirSync(folder);
    spawnSync('tar', ['-xf', join(scratch, 'all.tar'), '-C', folder]);
    const files = manifest('all.tar').filter(({ bytes }) => bytes !== undefined);
    expect(files.length).toBeGreaterThan(20);
    for (const { archived, bytes, sha256 } of files) {
      const content = readFileSync(join(folder, archived));
      expect([archived, content.length]).toEqual([archived, bytes]);
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
    }
    expect(readdirSync(folder).some((name) => /^ext4\.fd-00\.[0-9a-f-]{36}$/.test(name))).toBe(true);
  });

  it('saves file systems of a type alone, and tells of it in JSON', () => {
    const { code, out } = recoverfs('--output', 'memory.tar', '--type', 'tmpfs', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ archive: 'memory.tar', missingBytes: 0, gapped: 0 });
    expect(manifest('memory.tar').every(({ archived }) => archived.startsWith('tmpfs.'))).toBe(true);
  });

  it('saves what is below a folder, and says with --strict that bytes are missing', () => {
    const { code } = recoverfs('--output', 'fonts.tar', '--path', '/var/lib/.fonts', '--strict');
    expect(code).toBe(1);
    expect(manifest('fonts.tar').map(({ archived }) => archived.split('/').at(-1))).toContain('messages.enc');
    expect(manifest('fonts.tar').every(({ archived }) => archived.startsWith('ext4.fd-00.'))).toBe(true);
  });

  it('overwrites nothing, and leaves nothing where it cannot write', () => {
    writeFileSync(join(scratch, 'mine.tar'), 'mine');
    expect(recoverfs('--output', 'mine.tar')).toMatchObject({
      code: 2,
      err: expect.stringMatching('there already'),
    });
    expect(readFileSync(join(scratch, 'mine.tar'), 'utf8')).toBe('mine');
    expect(recoverfs('--output', 'no/such/folder.tar')).toMatchObject({
      code: 2,
      err: expect.stringMatching('ENOENT'),
    });
    expect(recoverfs('--output', '/dev/full/x.tar').code).toBe(2);
    expect(recoverfs().code).toBe(2);
    expect(readdirSync(scratch).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});
