// Folders that are made with those around them, and such as cannot be.
import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { makeFolder } from '../../src/files/make-folder.ts';

const scratch = mkdtempSync(join(tmpdir(), 'vestige-folders-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

it('makes all that are missing, and takes what is there', () => {
  const path = join(scratch, 'a', 'b', 'c');
  makeFolder(path, 0o700);
  makeFolder(path, 0o700);
  expect(statSync(join(scratch, 'a')).mode & 0o777).toBe(0o700);
  symlinkSync(path, join(scratch, 'link'));
  makeFolder(join(scratch, 'link', 'd'), 0o700);
  expect(statSync(join(path, 'd')).isDirectory()).toBe(true);
});

it('ends where a folder that is there will have none', () => {
  expect(() => makeFolder('/proc/nothing/deeper', 0o700)).toThrow('ENOENT');
});

it('says where something else is in the way', () => {
  writeFileSync(join(scratch, 'file'), '');
  expect(() => makeFolder(join(scratch, 'file'), 0o700)).toThrow('EEXIST');
  expect(() => makeFolder(join(scratch, 'file', 'below'), 0o700)).toThrow(/EEXIST|ENOTDIR/);
});
