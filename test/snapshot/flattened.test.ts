import { describe, expect, it } from 'vitest';
import { BadSnapshot } from '../../src/base/errors.ts';
import { SnapshotFile } from '../../src/snapshot/file.ts';
import { FlattenedFile } from '../../src/snapshot/flattened.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { FlattenedOutput } from '../support/writers-output.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const text = (content: string) => Buffer.from(content, 'latin1');

/** A flattened file of these records, in this order. */
function flattened(name: string, records: readonly (readonly [offset: number, content: string])[]): string {
  const output = new FlattenedOutput(scratch.path(name));
  for (const [offset, content] of records) output.writeAt(offset, text(content));
  output.close();
  return scratch.path(name);
}

function readAll(file: FlattenedFile, offset = 0, length = file.sizeBytes - offset): string {
  const into = Buffer.alloc(length, '?');
  return into.toString('latin1', 0, file.read(offset, into));
}

describe('a flattened file', () => {
  it('reads as the file that it stands for, in whatever order it was written', () => {
    const path = flattened('order', [
      [6, 'ghi'],
      [0, 'abc'],
      [9, 'jkl'],
      [3, 'def'],
    ]);
    const file = new FlattenedFile(new SnapshotFile(path));
    expect(file.sizeBytes).toBe(12);
    expect(readAll(file)).toBe('abcdefghijkl');
    expect(readAll(file, 2, 8)).toBe('cdefghij');
    expect(readAll(file, 10, 100)).toBe('kl');
    expect(file.notes).toEqual([]);
  });

  it('has zeros where nothing was written', () => {
    const path = flattened('holes', [
      [2, 'ab'],
      [8, 'cd'],
    ]);
    const file = new FlattenedFile(new SnapshotFile(path));
    expect(readAll(file)).toBe('\0\0ab\0\0\0\0cd');
    expect(readAll(file, 5, 2)).toBe('\0\0');
    expect(file.position(5)).toBeNull();
    expect(file.position(0)).toBeNull();
    expect(file.position(9)).toBe(4096 + 16 + 2 + 16 + 1);
  });

  it('has what was written last where a record was written again', () => {
    const path = flattened('again', [
      [0, 'abcd'],
      [4, 'efgh'],
      [0, 'ABCD'],
    ]);
    expect(readAll(new FlattenedFile(new SnapshotFile(path)))).toBe('ABCDefgh');
  });

  it('is refused where records overlap otherwise', () => {
    const path = flattened('overlap', [
      [0, 'abcd'],
      [3, 'efgh'],
    ]);
    expect(() => new FlattenedFile(new SnapshotFile(path))).toThrow(
      new BadSnapshot(`${path} is a flattened file whose records overlap at 3`),
    );
  });

  it('keeps the beginning of the record in which it is cut', () => {
    const whole = flattened('whole', [
      [0, 'abcd'],
      [4, 'efgh'],
    ]);
    const bytes = new SnapshotFile(whole).bytes(0, 4096 + 16 + 4 + 16 + 2, 'whole');
    const file = new FlattenedFile(new SnapshotFile(scratch.file('cut', bytes)));
    expect(readAll(file)).toBe('abcdef');
    expect(file.notes).toEqual(['the flattened file is cut: it has no end record']);
  });

  it('ends before a record that makes no sense', () => {
    const path = flattened('damaged', [
      [0, 'abcd'],
      [-5, 'efgh'],
    ]);
    const file = new FlattenedFile(new SnapshotFile(path));
    expect(readAll(file)).toBe('abcd');
    expect(file.notes).toEqual([
      'the flattened file is damaged: the record at 4116 makes no sense, it and those after it are left out',
    ]);
  });

  it('is refused where it holds no snapshot', () => {
    const path = flattened('text', [[0, 'nothing of ours']]);
    expect(() => openSnapshot(path)).toThrow(`${path} is a flattened file that holds neither kdump nor ELF`);
    const empty = flattened('empty', []);
    expect(() => openSnapshot(empty)).toThrow(
      `${empty} is a flattened file that holds neither kdump nor ELF`,
    );
  });
});
