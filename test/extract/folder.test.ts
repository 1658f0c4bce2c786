// Artefacts that are written into a folder: whole or not at all, with holes, and never over what is there.
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ArtefactFolder } from '../../src/extract/folder.ts';
import { TooLargeToSave } from '../../src/files/whole-file.ts';
import type { Artefact, Piece } from '../../src/plugin/artefact.ts';

const scratch = mkdtempSync(join(tmpdir(), 'vestige-extract-'));
let count = 0;
const fresh = (): string => join(scratch, `folder-${++count}`);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const artefact = (name: string, size: number, pieces: readonly Piece[]): Artefact => ({
  ...{ name, size },
  pieces: () => pieces,
});
const bytes = (at: number, text: string): Piece => ({ at, bytes: Buffer.from(text) });
const hole = (at: number, missing: number, why = 'not-present'): Piece => ({ at, missing, why });
const WHAT = { snapshot: 'web.kdump', question: 'maps', row: { pid: 1 } };

function filled(...artefacts: Artefact[]): string {
  const path = fresh();
  const folder = new ArtefactFolder(path);
  folder.allow(2 ** 20);
  for (const one of artefacts) folder.save(WHAT, one);
  folder.close();
  return path;
}

describe('a folder of artefacts', () => {
  it('has each as it is, zeros where it has holes, and says which and why', () => {
    const path = filled(
      artefact('x', 12, [bytes(0, 'abcd'), hole(4, 3), hole(7, 1, 'swapped'), bytes(8, 'wxyz')]),
    );
    const content = readFileSync(join(path, 'x'));
    expect(content.toString('latin1')).toBe('abcd\0\0\0\0wxyz');
    expect(JSON.parse(readFileSync(join(path, 'manifest.jsonl'), 'utf8'))).toEqual({
      ...WHAT,
      ...{ name: 'x', bytes: 12, missingBytes: 4, missing: { 'not-present': 3, swapped: 1 } },
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    expect(statSync(join(path, 'x')).mode & 0o777).toBe(0o600);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('takes a terabyte that is not there as a hole', () => {
    const path = filled(artefact('large', 2 ** 40, [bytes(0, 'a'), hole(1, 2 ** 40 - 1)]));
    const { size, blocks } = statSync(join(path, 'large'));
    expect([size, blocks * 512 < 2 ** 20]).toEqual([2 ** 40, true]);
    expect(JSON.parse(readFileSync(join(path, 'manifest.jsonl'), 'utf8'))).toMatchObject({ sha256: null });
  });

  it('writes once what several rows stand for, and lists it for each', () => {
    const shared = { ...artefact('log', 4, [bytes(0, 'abcd')]), same: 'file 1' };
    const path = filled(shared, { ...shared, name: 'again' }, { ...shared, name: 'other', same: 'file 2' });
    expect(readdirSync(path).sort()).toEqual(['log', 'manifest.jsonl', 'other']);
    const listed = readFileSync(join(path, 'manifest.jsonl'), 'utf8').trim().split('\n');
    expect(listed.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
      'log',
      'log',
      'other',
    ]);
  });

  it('refuses a file that the file system takes in no size, in a line of its own kind, and goes on', () => {
    const path = fresh();
    const folder = new ArtefactFolder(path);
    folder.allow(2 ** 20);
    const exabytes = 2 ** 70;
    expect(() => folder.save(WHAT, artefact('huge', exabytes, [hole(0, exabytes)]))).toThrow(TooLargeToSave);
    folder.save(WHAT, artefact('small', 4, [bytes(0, 'abcd')]));
    folder.close();
    expect(readdirSync(path).sort()).toEqual(['manifest.jsonl', 'small']);
  });

  it('gives names of evidence no way out, and two of one name two files', () => {
    const path = filled(
      ...['../up', '../up', 'manifest.jsonl'].map((name) => artefact(name, 1, [bytes(0, 'a')])),
    );
    expect(readdirSync(path).sort()).toEqual(['__up', '__up.2', 'manifest.jsonl', 'manifest.jsonl.2']);
  });

  it('leaves nothing of what could not be written as a whole', () => {
    const path = fresh();
    const folder = new ArtefactFolder(path);
    folder.allow(6);
    folder.save(WHAT, artefact('small', 4, [bytes(0, 'abcd')]));
    expect(() => folder.save(WHAT, artefact('more', 4, [bytes(0, 'efgh')]))).toThrow(
      `${path}: more is to be saved than the machine has memory`,
    );
    folder.close();
    expect(readdirSync(path).sort()).toEqual(['manifest.jsonl', 'small']);
    expect(readFileSync(join(path, 'manifest.jsonl'), 'utf8').split('\n')).toHaveLength(2);
  });

  it('is not one that has something in it, a link or a file', () => {
    const [full, link, file] = [fresh(), fresh(), fresh()];
    mkdirSync(full);
    writeFileSync(join(full, 'mine'), '');
    symlinkSync(scratch, link);
    writeFileSync(file, '');
    expect(() => new ArtefactFolder(full)).toThrow(`cannot save into ${full}: it is not empty`);
    expect(() => new ArtefactFolder(link)).toThrow(`cannot save into ${link}: it is a link`);
    expect(() => new ArtefactFolder(file)).toThrow(`cannot save into ${file}: it is no folder`);
    expect(() => new ArtefactFolder('/proc/nothing')).toThrow('cannot write /proc/nothing: ENOENT');
    expect(readdirSync(full)).toEqual(['mine']);
  });
});
