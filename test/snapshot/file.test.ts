import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BadSnapshot, UnreadableFile } from '../../src/base/errors.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
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
      new BadSnapshot(`${path} is cut in its tail: 5 bytes wanted at 8, 2 there`),
    );
    expect(() => file.bytes(2 ** 60, 5, 'far end')).toThrow(
      new BadSnapshot(`${path} is cut in its far end: 5 bytes wanted at ${2 ** 60}, 0 there`),
    );
    expect(file.troubles).toEqual([]);
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
});
