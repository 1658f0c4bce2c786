import { linkSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSameKey, keyOf } from '../../src/store/key.ts';
import { inScratch, zeros } from './scratch.ts';

const LATER = Date.now() + 60_000;
const MEBIBYTE = 1 << 20;

describe('keyOf', () => {
  it('is the same for the same file, by whatever name', () =>
    inScratch((folder) => {
      const path = zeros(join(folder, 'a.raw'), MEBIBYTE);
      linkSync(path, join(folder, 'b.raw'));
      expect(keyOf(path, LATER)).not.toBeNull();
      expect(keyOf(join(folder, 'b.raw'), LATER)).toEqual(keyOf(path, LATER));
    }));

  it('notices another file in the same place, a changed byte, and a byte changed back in time', () =>
    inScratch((folder) => {
      const path = zeros(join(folder, 'a.raw'), MEBIBYTE);
      const first = keyOf(path, LATER)!;
      renameSync(zeros(join(folder, 'b.raw'), MEBIBYTE), path);
      const second = keyOf(path, LATER)!;
      expect(isSameKey(first, second)).toBe(false);
      const bytes = Buffer.alloc(MEBIBYTE);
      bytes[MEBIBYTE / 2] = 1;
      writeFileSync(path, bytes);
      utimesSync(path, 1, 1);
      const third = keyOf(path, LATER)!;
      writeFileSync(path, Buffer.alloc(MEBIBYTE));
      utimesSync(path, 1, 1);
      const fourth = keyOf(path, LATER)!;
      expect(third.modified).toBe(fourth.modified);
      expect(third.digest).not.toBe(fourth.digest);
      expect(isSameKey(third, fourth)).toBe(false);
    }));

  it('is none for a file that may still be being written, and for no file', () =>
    inScratch((folder) => {
      const path = zeros(join(folder, 'a.raw'), 10);
      expect(keyOf(path)).toBeNull();
      expect(keyOf(path, LATER)).not.toBeNull();
      expect(keyOf(join(folder, 'gone.raw'), LATER)).toBeNull();
      expect(keyOf(folder, LATER)).toBeNull();
    }));

  it('is of all pieces of a snapshot, and another for each that is asked for', () =>
    inScratch((folder) => {
      const paths = ['aa', 'ab', 'ac'].map((end) => zeros(join(folder, `x.${end}`), MEBIBYTE));
      const [one, two, three] = paths as [string, string, string];
      const whole = keyOf(one, LATER, paths)!;
      expect(whole.sizeBytes).toBe(3 * MEBIBYTE);
      expect(keyOf(one, LATER, paths)).toEqual(whole);
      expect(isSameKey(keyOf(two, LATER, paths)!, whole)).toBe(false);
      expect(isSameKey(keyOf(one, LATER)!, whole)).toBe(false);
      expect(keyOf(one, Date.now(), paths)).toBeNull();
      const bytes = Buffer.alloc(MEBIBYTE);
      bytes[5] = 1;
      writeFileSync(two, bytes);
      utimesSync(two, 1, 1);
      expect(isSameKey(keyOf(one, LATER, paths)!, whole)).toBe(false);
      expect(isSameKey(keyOf(one, LATER, [one, two])!, keyOf(one, LATER, paths)!)).toBe(false);
      rmSync(three);
      expect(keyOf(one, LATER, paths)).toBeNull();
    }));
});
