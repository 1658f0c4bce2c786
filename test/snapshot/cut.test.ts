/**
 * That a file was cut is told in one way by every format: by what it says of its contents, or by the kind of error.
 * Scans rest on it: somebody may still be writing such a file.
 */
import { readFileSync, truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CutSnapshot } from '../../src/base/errors.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { writeLime } from '../support/writers.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { writeElfCore } from '../support/writers-elf.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const memory = variedMemory();

/** Formats whose headers say how much is to come, and bytes at their beginning that are needed to tell the format. */
const written = {
  lime: { write: (path: string) => writeLime(path, memory), least: 4 },
  elf: { write: (path: string) => writeElfCore(path, memory), least: 18 },
  kdump: { write: (path: string) => writeKdump(path, memory), least: 8 },
  flattened: { write: (path: string) => writeKdump(path, memory, { isFlattened: true }), least: 6000 },
};

/** What is said of the file: why it is cut, or null. */
function cutOf(path: string): string | null {
  try {
    const { contents, file } = openSnapshot(path);
    file.close();
    if (contents.cut !== null) expect(contents.notes).toContain(contents.cut);
    return contents.cut;
  } catch (error) {
    if (!(error instanceof CutSnapshot)) throw error;
    return error.message;
  }
}

describe.each(Object.entries(written))('a file of the format %s', (name, { write, least }) => {
  it('is not cut where all of it is there', () => {
    const path = scratch.path(`${name}-whole`);
    write(path);
    expect(cutOf(path)).toBeNull();
  });

  it('says that it is cut wherever it ends before its end', () => {
    const path = scratch.path(`${name}-cut`);
    write(path);
    const { length } = readFileSync(path);
    const unsaid: number[] = [];
    for (let nth = 31; nth >= 0; nth--) {
      const end = least + Math.floor(((length - least - 1) * nth) / 31);
      truncateSync(path, end);
      if (cutOf(path) === null) unsaid.push(end);
    }
    // A LiME file says of nothing behind its last range: one that ends with a range may be whole.
    expect(unsaid).toEqual([]);
  });
});
