import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BadSnapshot, CutSnapshot, UnreadableFile } from '../../src/base/errors.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
import { Random } from '../support/random.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();

describe('a snapshot file', () => {
  it('is refused with one sentence where it is missing, a folder, a pipe or empty', () => {
    const missing = scratch.path('missing');
    expect(() => new SnapshotFile(missing)).toThrow(
      new UnreadableFile(`cannot open ${missing}: no such file`),
    );
    const folder = scratch.path('folder');
    mkdirSync(folder);
    expect(() => new SnapshotFile(folder)).toThrow(new UnreadableFile(`${folder} is a directory`));
    const pipe = scratch.path('pipe');
    execFileSync('/usr/bin/mkfifo', [pipe]);
    expect(() => new SnapshotFile(pipe)).toThrow(new UnreadableFile(`${pipe} is no regular file`));
    const empty = scratch.file('empty', '');
    expect(() => new SnapshotFile(empty)).toThrow(new BadSnapshot(`${empty} is empty`));
  });

  it('reads what is there and says in bytes what is not', () => {
    const path = scratch.file('ten', '0123456789');
    const file = new SnapshotFile(path);
    expect(file.bytes(2, 3, 'middle').toString()).toBe('234');
    expect(file.read(8, new Uint8Array(5))).toBe(2);
    expect(() => file.bytes(8, 5, 'tail')).toThrow(
      new CutSnapshot(`${path} is cut in its tail: 5 bytes wanted at 8, 2 there`),
    );
    expect(() => file.bytes(2 ** 60, 5, 'far end')).toThrow(
      new CutSnapshot(`${path} is cut in its far end: 5 bytes wanted at ${2 ** 60}, 0 there`),
    );
    expect(file.troubles).toEqual([]);
  });

  it('gives the same bytes whether reads follow each other or not', () => {
    const random = new Random(3);
    const bytes = random.bytes(700_001);
    const file = new SnapshotFile(scratch.file('read in any order', bytes));
    let at = 0;
    for (let turn = 0; turn < 3_000; turn++) {
      if (random.below(40) === 0) at = random.below(bytes.length + 1000);
      const length = 1 + random.below(random.below(10) === 0 ? 40_000 : 5_000);
      const into = new Uint8Array(length).fill(0xee);
      const had = Math.max(0, Math.min(length, bytes.length - at));
      expect(file.read(at, into)).toBe(had);
      const expected = Buffer.concat([bytes.subarray(at, at + had), Buffer.alloc(length - had, 0xee)]);
      expect(Buffer.compare(into, expected)).toBe(0);
      at = Math.max(0, at + length - random.below(2_000)); // extents overlap
    }
    expect(file.troubles).toEqual([]);
    file.close();
  });

  it('reads nothing ahead where only headers are read', () => {
    const file = new SnapshotFile(scratch.file('headers', new Random(6).bytes(400_000)));
    for (let at = 0; at < 300_000; at += 16_400) file.read(at, new Uint8Array(16));
    file.close();
    // What is in no window cannot be had any more.
    for (let at = 32; at < 300_000; at += 16_400) expect(file.read(at, new Uint8Array(16))).toBe(0);
  });

  it('says of what was read ahead no more than of what was asked for', () => {
    const path = scratch.file('closed in between', new Random(4).bytes(600_000));
    const file = new SnapshotFile(path);
    for (const at of [0, 1000]) expect(file.read(at, new Uint8Array(1000))).toBe(1000);
    file.close();
    expect(file.read(50_000, new Uint8Array(5000))).toBe(5000);
    expect(file.troubles).toEqual([]);
    expect(file.read(400_000, new Uint8Array(5000))).toBe(0);
    expect(file.troubles).toEqual([`cannot read ${path} at 400000: EBADF`]);
  });

  it('counts as missing what the system will not read, and remembers why', () => {
    const path = scratch.file('closed', '0123456789');
    const file = new SnapshotFile(path);
    file.close();
    expect(file.read(0, new Uint8Array(4))).toBe(0);
    expect(file.troubles).toEqual([`cannot read ${path} at 0: EBADF`]);
  });

  it('remembers each trouble once, and of many only the first fifty', () => {
    const file = new SnapshotFile(scratch.file('troubled', 'x'));
    for (let round = 0; round < 2; round++)
      for (let page = 0; page < 53; page++) file.trouble(`page ${page} is bad`);
    expect(file.troubles).toHaveLength(51);
    expect(file.troubles.at(-1)).toBe('6 further troubles are not shown');
  });

  it('reads the same with holes as without, in long and short reads, wherever they begin', () => {
    const path = scratch.file('sparse', '');
    const size = 2 ** 31 + 777;
    const islands = [0, 2 ** 20 - 3, 5 * 2 ** 20 + 4096, 2 ** 31 + 700];
    const bytes = new Random(1).bytes(77);
    const fd = openSync(path, 'r+');
    ftruncateSync(fd, size);
    for (const at of islands) writeSync(fd, bytes, 0, bytes.length, at);
    closeSync(fd);
    const file = new SnapshotFile(path);
    expect(file.isSparse).toBe(true);
    for (const [offset, length] of [
      [0, 2 ** 23],
      [4096, 2 ** 21 + 8192],
      [1, 2 ** 22],
      [2 ** 31 - 2 ** 20, 2 ** 21],
      [2 ** 20 - 10, 100],
      [size, 2 ** 20],
    ] as const) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const expected = Buffer.alloc(wanted);
      for (const at of islands) {
        for (const [index, byte] of bytes.entries()) {
          const place = at + index - offset;
          if (place >= 0 && place < wanted) expected[place] = byte;
        }
      }
      const into = Buffer.alloc(length, 0xff);
      expect(file.read(offset, into)).toBe(wanted);
      expect(Buffer.compare(into.subarray(0, wanted), expected)).toBe(0);
    }
    expect(file.troubles).toEqual([]);
    file.close();
  });
});
