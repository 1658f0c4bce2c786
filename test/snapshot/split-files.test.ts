// Pieces of a file that was split: told by what is beside them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { splitText } from '../../src/snapshot/split-files.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
let folders = 0;

function textOf(name: string, beside: readonly string[]): string | undefined {
  const folder = scratch.path(`folder-${folders++}`);
  mkdirSync(folder);
  for (const each of [name, ...beside]) writeFileSync(join(folder, each), '');
  return splitText({ file: { path: join(folder, name), pieces: [] } });
}

describe('a file that is one of several pieces', () => {
  it.each([
    [
      'x.raw.aa',
      ['x.raw.ab'],
      /x\.raw\.aa is called like one of 2 pieces .*put them together first \(cat x\.raw\.aa x\.raw\.ab\)/,
    ],
    [
      'x.002',
      ['x.001', 'x.003', 'y.001'],
      /x\.002 is called like one of 3 pieces .*cat x\.001 x\.002 x\.003\)/,
    ],
    ['x.part1', ['x.part2'], /one of 2 pieces/],
    ['x.001', ['x.002', 'x.003', 'x.004', 'x.005'], /one of 5 pieces .*x\.004 …\)/],
  ])('is told so: %s', (name, beside, said) => {
    expect(textOf(name, beside)).toMatch(said);
  });

  it.each([
    ['x.raw', ['y.raw', 'x.elf']],
    ['x.aa', []],
    ['x.001', ['x.1', 'y.002']],
    ['snapshot', ['snapshot.txt']],
  ])('is not made up of names that only look so: %s', (name, beside) => {
    expect(textOf(name, beside)).toBeUndefined();
  });
});
