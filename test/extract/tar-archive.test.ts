// Archives of recovered files as the system's own tar reads them: hostile names, holes, links, devices, large numbers.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { TarArchive, type TarEntry } from '../../src/extract/tar-archive.ts';
import { TarNames, tarName } from '../../src/extract/tar-name.ts';
import { CannotSave, WholeFile } from '../../src/files/whole-file.ts';
import type { Piece } from '../../src/plugin/artefact.ts';
import { actingIn, Hostile } from '../report/hostile.ts';

const scratch = mkdtempSync(join(tmpdir(), 'vestige-tar-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const TIMES = { mtime: '1015218367.987654321', atime: '978307200.123456789', ctime: '978307200.000000000' };
const entry = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  ...{ path, type: 'file', mode: 0o100640, uid: 0, gid: 0, times: TIMES },
  ...more,
});
const file = (text: string) => ({
  size: text.length,
  *pieces(): Generator<Piece> {
    if (text !== '') yield { at: 0, bytes: Buffer.from(text) };
  },
});
const free = (): void => undefined;

function tar(...words: string[]): string {
  const { status, stdout, stderr } = spawnSync('tar', words, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

/** Writes an archive and unpacks it into a folder. */
async function unpacked(name: string, write: (archive: TarArchive) => Promise<unknown>): Promise<string> {
  const path = join(scratch, `${name}.tar`);
  const archive = new TarArchive(path);
  await write(archive);
  await archive.end();
  const folder = join(scratch, name);
  mkdirSync(folder);
  tar('-xf', path, '-C', folder);
  return folder;
}

describe('names in an archive', () => {
  it.each([
    ['..', '\\x2e\\x2e'],
    ['.', '\\x2e'],
    ['', '\\empty'],
    ['/etc/passwd', '\\x2fetc\\x2fpasswd'],
    ['a\x1b[2J\nb\0', 'a\\x1b[2J\\x0ab\\x00'],
    ['\u202egpj.exe', '\\u{202e}gpj.exe'],
    ['...', '...'],
    ['-rf', '-rf'],
  ])('%j is %s', (wanted, name) => {
    expect(tarName(wanted)).toBe(name);
  });

  it('are no longer than a file system takes, and those that differ stay different', () => {
    const [one, other] = [tarName(`${'\x01'.repeat(200)}a`), tarName(`${'\x01'.repeat(200)}b`)];
    for (const name of [one, other, tarName('ü'.repeat(200))])
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(one).not.toBe(other);
    const names = new TarNames();
    const given = ['x', 'x', 'x~2', 'x', '\x1b', '\\x1b'].map((name) => names.pathOf('top', name));
    expect(new Set(given).size).toBe(6);
    expect(names.pathOf('other', 'x')).toBe('other/x');
  });
});

describe('an archive', () => {
  it('is read by tar: rights, times, links, devices', async () => {
    const folder = await unpacked('plain', async (archive) => {
      await archive.add(entry('top/', { type: 'directory', mode: 0o041777 }));
      await archive.addFile(entry('top/note'), file('text'), free);
      await archive.add(entry('top/again', { type: 'link', linkname: 'top/note' }));
      await archive.add(entry('top/link', { type: 'symlink', linkname: 'x'.repeat(300) }));
      await archive.add(entry('top/pipe', { type: 'fifo' }));
      await archive.addFile(entry(`top/${'n'.repeat(255)}`), file('long'), free);
    });
    expect(readFileSync(join(folder, 'top/again'), 'utf8')).toBe('text');
    const note = statSync(join(folder, 'top/note'), { bigint: true });
    expect([note.mtimeNs, note.mode, note.nlink]).toEqual([1015218367987654321n, 0o100640n, 2n]);
    expect(readlinkSync(join(folder, 'top/link'))).toBe('x'.repeat(300));
    expect(statSync(join(folder, 'top/pipe')).isFIFO()).toBe(true);
    expect(readFileSync(join(folder, 'top', 'n'.repeat(255)), 'utf8')).toBe('long');
  });

  it('keeps owners and devices of large numbers', async () => {
    const path = join(scratch, 'owners.tar');
    const archive = new TarArchive(path);
    await archive.addFile(entry('big', { uid: 3_000_000_000, gid: 4_000_000_000 }), file(''), free);
    await archive.add(entry('null', { type: 'character-device', device: { major: 1, minor: 3 } }));
    await archive.end();
    const listed = tar('--numeric-owner', '-tvf', path);
    expect(listed).toMatch(/^-rw-r----- 3000000000\/4000000000 +0 2002-03-04 .* big$/m);
    expect(listed).toMatch(/^crw-r----- 0\/0 +1,3 .* null$/m);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('has holes where nothing is, and says what is missing', async () => {
    const page = Buffer.alloc(4096, 0x41);
    const size = 2 ** 40;
    const pieces = function* (): Generator<Piece> {
      yield { at: 0, bytes: page };
      yield { at: 4096, missing: 4096, why: 'not-cached' };
      yield { at: 8192, bytes: Buffer.alloc(4096) };
      yield { at: 12_288, bytes: page };
      yield { at: 16_384, zeros: size - 16_384 };
    };
    const small = { size: 16_384, pieces: () => [...pieces()].slice(0, 4) };
    const told: unknown[] = [];
    const folder = await unpacked('holes', async (archive) => {
      told.push(await archive.addFile(entry('top/small'), small, free));
      told.push(await archive.addFile(entry('top/huge'), { size, pieces }, free));
      told.push(
        await archive.addFile(
          entry('top/nothing'),
          {
            size: 9,
            *pieces() {
              yield { at: 0, missing: 9, why: 'x' };
            },
          },
          free,
        ),
      );
    });
    const whole = Buffer.concat([page, Buffer.alloc(8192), page]);
    const sha256 = createHash('sha256').update(whole).digest('hex');
    expect(told[0]).toEqual({ bytes: 16_384, missing: { 'not-cached': 4096 }, missingBytes: 4096, sha256 });
    expect(told[1]).toMatchObject({ bytes: size, missingBytes: 4096, sha256: null });
    expect(readFileSync(join(folder, 'top/small'))).toEqual(whole);
    expect(readFileSync(join(folder, 'top/nothing'))).toEqual(Buffer.alloc(9));
    expect(statSync(join(folder, 'top/huge')).size).toBe(size);
    expect(statSync(join(scratch, 'holes.tar')).size).toBeLessThan(100_000);
    expect(tar('-tvf', join(scratch, 'holes.tar'))).toMatch(/ 16384 .* top\/small$/m);
  });

  it('leads nowhere, whatever names are in it', async () => {
    const names = new TarNames();
    const hostile = new Hostile(7);
    const wanted = [
      ...Array.from({ length: 300 }, () => hostile.text()),
      '..',
      '.',
      '',
      '/etc/x',
      '../../x',
      'a/../../../x',
      '\0',
      'x'.repeat(5000),
    ];
    const folder = await unpacked('hostile', async (archive) => {
      for (const name of wanted) await archive.addFile(entry(names.pathOf('top', name)), file('x'), free);
    });
    expect(readdirSync(folder)).toEqual(['top']);
    expect(readdirSync(join(folder, 'top')).length).toBe(wanted.length);
    const listed = readdirSync(join(folder, 'top'));
    expect(actingIn(listed.join('\n'))).toEqual([]);
  });

  it('is not there where it could not be written, and takes the place of nothing', async () => {
    const path = join(scratch, 'ended.tar');
    const archive = new TarArchive(path);
    const broken = {
      size: 8192,
      *pieces(): Generator<Piece> {
        yield { at: 0, bytes: Buffer.alloc(4096, 1) };
      },
    };
    await expect(archive.addFile(entry('x'), broken, free)).rejects.toThrow('pieces of 4096');
    archive.abandon();
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
    // As on a full disk: what cannot be written is told by the entry that it is of, and by every later one.
    const full = new TarArchive(join(scratch, 'full.tar'));
    const write = vi.spyOn(WholeFile.prototype, 'write').mockImplementation(() => {
      throw new CannotSave('cannot write full.tar: ENOSPC');
    });
    const large = file('x'.repeat(1 << 20));
    await expect(full.addFile(entry('y'), large, free)).rejects.toThrow('ENOSPC');
    await expect(full.add(entry('z', { type: 'fifo' }))).rejects.toThrow('ENOSPC');
    full.abandon();
    write.mockRestore();
    expect(existsSync(join(scratch, 'full.tar.part'))).toBe(false);
    expect(() => new TarArchive(join(scratch, 'owners.tar'))).toThrow('it is there already');
    expect(() => new TarArchive(join(scratch, 'no/folder.tar'))).toThrow('ENOENT');
  });
});
