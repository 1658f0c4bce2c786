// Snapshots in pieces among those that a scan finds: each is read, counted, told and deleted as one.
import { existsSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lookBeside } from '../../src/snapshot/pieces.ts';
import { listFiles } from '../../src/watch/listing.ts';
import { joinPieces, stateNow } from '../../src/watch/piece-groups.ts';
import { settle } from '../../src/watch/settling.ts';
import { Random } from '../support/random.ts';
import { atBench, type Bench, type Drawn, draw, machine } from './drawn.ts';

const BYTES = 70_000;

/** Draws a snapshot in three pieces. @returns their paths */
function drawPieces(bench: Bench, name: string, drawn: Drawn, ageSeconds = 3600): string[] {
  const first = draw(join(bench.folder, `${name}.aa`), { ...drawn, bytes: BYTES }, ageSeconds);
  const others = ['ab', 'ac'].map((end, nth) => {
    const path = join(bench.folder, `${name}.${end}`);
    writeFileSync(path, new Random(nth + 1).bytes(BYTES - nth * 1000));
    const time = Date.now() / 1000 - ageSeconds;
    utimesSync(path, time, time);
    return path;
  });
  return [first, ...others];
}

describe('a snapshot in pieces', () => {
  it('is read once, and seen after that', () =>
    atBench(async (bench) => {
      drawPieces(bench, 'web', { names: ['init'], kernel: machine('web', 1) });
      expect(await bench.scan()).toEqual(['web web.aa: first']);
      expect(await bench.scan()).toEqual(['web.aa: seen: seen before']);
    }));

  it('that cannot be read fails once, and not once for each piece', () =>
    atBench(async (bench) => {
      drawPieces(bench, 'web', { fails: 'cut' });
      const told = await bench.scan();
      expect(told).toHaveLength(1);
      expect(told[0]).toContain('web.aa');
    }));

  it('is new when any of its pieces changes, and when one comes', () =>
    atBench(async (bench) => {
      const [, second, third] = drawPieces(bench, 'web', { names: ['init'], kernel: machine('web', 1) });
      const [file] = joinPieces(listFiles([bench.folder]).files);
      expect(file!.pieces).toHaveLength(3);
      expect(file!.state.sizeBytes).toBe(3 * BYTES - 1000);
      expect(stateNow(file!)).toEqual(file!.state);
      writeFileSync(second!, new Random(9).bytes(BYTES));
      utimesSync(second!, 1, 1);
      expect(stateNow(file!)).not.toEqual(file!.state);
      rmSync(third!);
      expect(stateNow(file!)).toBeUndefined();
    }));

  it('is still being written where the last piece grows, or another follows it', () =>
    atBench(async (bench) => {
      const paths = drawPieces(bench, 'web', { kernel: machine('web', 1) });
      rmSync(paths[2]!);
      const files = joinPieces(listFiles([bench.folder]).files);
      const { moving, still } = await settle(files, 5_000, {
        now: () => Date.now(),
        wait: async () => writeFileSync(paths[2]!, new Random(3).bytes(100)),
        stateOf: (path) => listFiles([bench.folder]).files.find((one) => one.path === path)?.state,
      });
      expect(moving.map(({ path }) => path)).toEqual([paths[0]]);
      expect(still).toEqual([]);
    }));

  it('is deleted with all its pieces', () =>
    atBench(async (bench) => {
      const old = drawPieces(bench, 'one', { names: ['init'], kernel: machine('web', 1) }, 7200);
      const young = drawPieces(bench, 'two', { names: ['init'], kernel: machine('web', 2) });
      await bench.scan();
      const told = await bench.scan({ keep: 1, deleteFiles: true });
      expect(told).toEqual([
        'one.aa: seen: seen before',
        'two.aa: seen: seen before',
        'one.aa: forgotten',
        'one.aa: deleted',
        'one.ab: deleted',
        'one.ac: deleted',
      ]);
      expect(old.map((path) => existsSync(path))).toEqual([false, false, false]);
      expect(young.map((path) => existsSync(path))).toEqual([true, true, true]);
    }));
});

describe('snapshots that are called like pieces', () => {
  it('are each read by themselves, also in the next scan', () =>
    atBench(async (bench) => {
      const bytes = BYTES;
      bench.draw('dump.1', { names: ['init'], kernel: machine('web', 1), bytes, isWhole: true }, 7200);
      bench.draw('dump.2', { names: ['init', 'sshd'], kernel: machine('web', 2), bytes, isWhole: true });
      const [first, second] = await bench.scan();
      expect(first).toBe('web dump.1: first');
      expect(second).toMatch(/^web dump\.2: 1 .*new!$/);
      expect(await bench.scan()).toEqual(['dump.1: seen: seen before', 'dump.2: seen: seen before']);
    }));

  it('are read all the same where the first is none', () =>
    atBench(async (bench) => {
      bench.draw('dump.1', { fails: 'no-kernel', bytes: BYTES }, 7200);
      bench.draw('dump.2', { names: ['init'], kernel: machine('web', 2), bytes: BYTES, isWhole: true });
      const told = await bench.scan();
      expect(told).toContain('web dump.2: first');
      expect(told).toHaveLength(2);
    }));

  it('are looked at once, and not once for each', () =>
    atBench(async (bench) => {
      for (let nth = 1; nth <= 300; nth++)
        writeFileSync(join(bench.folder, `dump.${nth}`), new Random(nth).bytes(100 + nth));
      const { files } = listFiles([bench.folder]);
      const names: string[] = [];
      const look = (path: string) => {
        names.push(path);
        return lookBeside(path);
      };
      expect(joinPieces(files, look)).toEqual(files);
      expect(names).toHaveLength(1);
    }));
});
