// What makedumpfile writes into several files at once: each finds the others by their headers, and all are read as one.
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { mayBePiece } from '../../src/snapshot/may-be-piece.ts';
import type { Snapshot } from '../../src/snapshot/open.ts';
import { piecesOf } from '../../src/snapshot/pieces.ts';
import { lettersOf, splitFile, withSnapshot } from '../support/split.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { type KdumpOptions, writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const memory = variedMemory(3, false);
const FRAMES = 0x10_0000 / 4096 + 300;
const takenAt = new Date('2026-01-02T12:00:00Z');
let folders = 0;

/** Writes a dump into files that begin with these frames. */
function written(starts: readonly number[], options: KdumpOptions = {}): string[] {
  const dir = scratch.path(`folder-${folders++}`);
  mkdirSync(dir);
  return starts.map((start, nth) => {
    const path = join(dir, ['web', 'core-b', 'z'][nth] ?? `more${nth}`);
    const share = { start, end: starts[nth + 1] ?? FRAMES };
    writeKdump(path, memory, { takenAt, release: '6.1.0', ...options, share });
    return path;
  });
}

/** Pages of a snapshot that are not those of memory. */
function wrongPages({ contents: { source } }: Snapshot): number[] {
  const [a, b] = [Buffer.alloc(4096), Buffer.alloc(4096)];
  return source.ranges.flatMap(({ start, end }) =>
    Array.from({ length: (end - start) / 4096 }, (_, nth) => start + nth * 4096).filter((at) => {
      memory.read(physical(at), a);
      return source.read(physical(at), b) !== 4096 || !a.equals(b);
    }),
  );
}

describe('a dump that makedumpfile split', () => {
  it.each<[string, KdumpOptions]>([
    ['of 64 bits', {}],
    ['of 32 bits', { bits: 32 }],
    ['uncompressed', { level: 0 }],
  ])('is read as one, whichever file is asked for: %s', (_what, options) => {
    const paths = written([0, 17, 300, 400], options);
    for (const path of paths)
      withSnapshot(path, (snapshot) => {
        expect(snapshot.file.pieces.map((piece) => piece.path)).toEqual(paths);
        expect(snapshot.contents.cut).toBeNull();
        expect(snapshot.contents.notes).toEqual([]);
        expect(wrongPages(snapshot)).toEqual([]);
        const held = snapshot.contents.source.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
        expect(held).toBeGreaterThanOrEqual(324 * 4096);
      });
    for (const path of paths) expect(mayBePiece(path)).toBe(true);
  });

  it.each([0, 1, 2])('lacks the frames of file %i where that is not there, and says which', (nth) => {
    const starts = [0, 270, 400, FRAMES];
    const paths = written(starts.slice(0, 3));
    rmSync(paths[nth]!);
    withSnapshot(paths[(nth + 1) % 3]!, (snapshot) => {
      const { cut, notes, source } = snapshot.contents;
      expect(notes[0]).toContain(`page frames ${starts[nth]} to ${starts[nth + 1]! - 1} (memory 0x`);
      expect(cut).toBe(notes[0]);
      expect(
        source.ranges.some(({ start }) => start >= starts[nth]! * 4096 && start < starts[nth + 1]! * 4096),
      ).toBe(false);
      expect(wrongPages(snapshot)).toEqual([]);
    });
  });

  it('says what is missing where one file is all that there is', () => {
    const [, second] = written([0, 300]);
    rmSync(join(second!, '../web'));
    withSnapshot(second!, (snapshot) => {
      expect(snapshot.contents.cut).toContain('page frames 0 to 299');
      expect(wrongPages(snapshot)).toEqual([]);
    });
  });

  it('is put together with no file of another dump, no copy and no link', () => {
    const paths = written([0, 300]);
    const dir = join(paths[0]!, '..');
    const of = (name: string) => join(dir, name);
    writeKdump(of('later'), memory, {
      takenAt: new Date(0),
      release: '6.1.0',
      share: { start: 300, end: FRAMES },
    });
    writeKdump(of('other-pages'), memory, {
      ...{
        takenAt,
        release: '6.1.0',
        share: { start: 300, end: FRAMES },
        isExcluded: (frame) => frame === 3,
      },
    });
    writeKdump(of('whole'), memory, { takenAt, release: '6.1.0' });
    copyFileSync(paths[1]!, of('copy'));
    symlinkSync(paths[1]!, of('a-link'));
    writeFileSync(of('cut'), readFileSync(paths[1]!).subarray(0, 600));
    expect(piecesOf(paths[1]!).map(({ path }) => path)).toEqual(paths);
    expect(piecesOf(of('whole'))).toEqual([]);
    expect(mayBePiece(of('whole'))).toBe(false);
  });

  it('is cut where one of its files is', () => {
    const paths = written([0, 300]);
    truncateSync(paths[0]!, readFileSync(paths[0]!).length - 5000);
    withSnapshot(paths[1]!, (snapshot) => {
      expect(snapshot.contents.cut).toMatch(
        /^the file is cut or damaged: \d+ of 324 stored pages are missing$/,
      );
      expect(wrongPages(snapshot)).toEqual([]);
    });
  });

  it('may have been split once more', () => {
    const [first] = written([0, 300]);
    const dir = join(first!, '..');
    const bytes = readFileSync(first!).length;
    splitFile(first!, Math.ceil(bytes / 3), (index) => join(dir, `half.${lettersOf(index)}`));
    rmSync(first!);
    rmSync(join(dir, 'core-b'));
    withSnapshot(join(dir, 'half.ab'), (snapshot) => {
      expect(snapshot.file.pieces).toHaveLength(3);
      expect(snapshot.contents.cut).toContain('page frames 300 to');
      expect(wrongPages(snapshot)).toEqual([]);
    });
  });
});
