// Pieces of a split file: read as one where they are one file, and only there. What is missing of them is said.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PhysicalAddress, physical } from '../../src/base/address.ts';
import type { PhysicalSource } from '../../src/memory/source.ts';
import { countingsOf } from '../../src/snapshot/piece-names.ts';
import { piecesOf } from '../../src/snapshot/pieces.ts';
import { Random } from '../support/random.ts';
import { lettersOf, splitFile, withSnapshot } from '../support/split.ts';
import { writeLime, writeRaw } from '../support/writers.ts';
import { variedMemory } from '../support/writers-drawn.ts';
import { writeElfCore } from '../support/writers-elf.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
let folders = 0;
/** A folder of a test's own. */
function folder(): string {
  const path = scratch.path(`folder-${folders++}`);
  mkdirSync(path);
  return path;
}

const wide = variedMemory();
/** What a bitmap of frames is small for. */
const narrow = variedMemory(1, false);
const MIB = 2 ** 20;
/** Memory of 3 MiB in which nothing repeats. */
const noise = new Random(7).bytes(3 * MIB);

const containers = {
  lime: { memory: wide, write: (path: string) => writeLime(path, wide) },
  'elf-core': { memory: wide, write: (path: string) => writeElfCore(path, wide) },
  kdump: { memory: narrow, write: (path: string) => writeKdump(path, narrow) },
  flattened: {
    memory: narrow,
    write: (path: string) => writeKdump(path, narrow, { isFlattened: true }),
  },
  'kdump without compression': {
    memory: narrow,
    write: (path: string) => writeKdump(path, narrow, { level: 0 }),
  },
};

/** The pages in which two memories differ, or which one of them lacks. */
function differences(one: PhysicalSource, other: PhysicalSource): PhysicalAddress[] {
  const [a, b] = [Buffer.alloc(4096), Buffer.alloc(4096)];
  const wrong: PhysicalAddress[] = [];
  for (const { start, end } of one.ranges) {
    for (let at: number = start; at < end; at += 4096) {
      const had = [one.read(physical(at), a), other.read(physical(at), b)];
      if (had[0] !== 4096 || had[1] !== 4096 || !a.equals(b)) wrong.push(physical(at));
    }
  }
  return wrong;
}

describe.each(Object.entries(containers))('a split file: %s', (name, { memory, write }) => {
  const written = (pieceCount: number): string[] => {
    const dir = folder();
    const whole = join(dir, 'whole');
    write(whole);
    const pieceBytes = Math.ceil(statSync(whole).size / pieceCount);
    const paths = splitFile(whole, pieceBytes, (index) => join(dir, `x.${lettersOf(index)}`));
    rmSync(whole);
    return paths;
  };

  it.each([2, 3, 40])('is read as one of %i pieces, whichever is asked for', (count) => {
    const paths = written(count);
    for (const path of [paths[0]!, paths.at(-1)!, paths[1]!])
      withSnapshot(path, ({ file, contents }) => {
        expect(file.pieces.map((piece) => piece.path)).toEqual(paths);
        expect(contents.cut).toBeNull();
        expect(contents.facts['pieces']).toContain(`${paths.length} read as one (x.aa x.ab`);
        expect(contents.source.ranges).toEqual(memory.ranges);
        expect(differences(memory, contents.source)).toEqual([]);
        expect(file.troubles).toEqual([]);
      });
  });

  it('lacks the memory of a piece that is missing, and says which', () => {
    const paths = written(12);
    const bytes = statSync(paths[8]!).size;
    rmSync(paths[8]!);
    withSnapshot(paths[3]!, ({ contents }) => {
      const said = `a piece of the file is missing, ${bytes} bytes: x.ai`;
      expect(contents.notes[0]).toBe(said);
      expect(contents.cut).not.toBeNull();
      const held = contents.source.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
      const all = memory.ranges.reduce((sum, { start, end }) => sum + end - start, 0);
      expect(held).toBeLessThan(all);
      // Behind a record that is not there nothing tells where the next begins.
      if (name !== 'flattened') expect(held).toBeGreaterThan(all / 4);
      // What is there is right.
      expect(differences(contents.source, memory)).toEqual([]);
    });
  });

  it('is cut where the last pieces are missing, and says that it goes on', () => {
    const paths = written(6);
    rmSync(paths[5]!);
    withSnapshot(paths[0]!, ({ contents }) => {
      expect(contents.cut).not.toBeNull();
      expect(contents.notes[0]).toBe('the last piece that is here is x.ae: the file goes on behind it');
    });
  });

  it('is not put together with snapshots that are whole', () => {
    const dir = folder();
    for (const name of ['dump.1', 'dump.2', 'dump.3']) write(join(dir, name));
    for (const name of ['dump.1', 'dump.3']) expect(piecesOf(join(dir, name))).toEqual([]);
  });

  it('is not put together with a file that only is called so', () => {
    const dir = folder();
    write(join(dir, 'web.1'));
    const { size } = statSync(join(dir, 'web.1'));
    writeFileSync(join(dir, 'web.2'), new Random(1).bytes(Math.floor(size / 2)));
    expect(piecesOf(join(dir, 'web.1'))).toEqual([]);
    expect(piecesOf(join(dir, 'web.2'))).toEqual([]);
    // Nor is one that was cut, with more behind it than it lacks.
    const [first, second] = written(2);
    appendFileSync(second!, new Random(2).bytes(200_000));
    renameSync(first!, join(dir, 'x.aa'));
    renameSync(second!, join(dir, 'x.ab'));
    expect(piecesOf(join(dir, 'x.aa'))).toEqual([]);
  });
});

describe('raw pieces', () => {
  it('are one memory, byte for byte', () => {
    const dir = folder();
    writeFileSync(join(dir, 'm'), noise);
    const paths = splitFile(join(dir, 'm'), MIB, (index) => join(dir, `m.00${index}`));
    withSnapshot(paths[2]!, ({ contents, file }) => {
      const had = Buffer.alloc(noise.length);
      expect(contents.source.read(physical(0), had)).toBe(noise.length);
      expect(had.equals(Buffer.from(noise))).toBe(true);
      expect(contents.cut).toBeNull();
      expect(contents.source.fileOffset(physical(MIB + 5))).toBe(MIB + 5);
      expect(file.sizeBytes).toBe(3 * MIB);
    });
    rmSync(paths[1]!);
    withSnapshot(paths[0]!, ({ contents }) => {
      expect(contents.source.ranges).toEqual([
        { start: 0, end: MIB },
        { start: 2 * MIB, end: 3 * MIB },
      ]);
      expect(contents.notes).toEqual([
        `a piece of the file is missing, ${MIB} bytes: m.001`,
        `the file is cut: ${MIB} bytes of memory are missing, from 0x100000 on`,
      ]);
    });
  });

  it('that have the same pages at the same places are snapshots of one machine', () => {
    const dir = folder();
    writeFileSync(join(dir, 'dump.1'), noise);
    const later = Buffer.from(noise);
    for (let at = 0; at < later.length; at += 3 * 4096) later.fill(1, at, at + 4096);
    writeFileSync(join(dir, 'dump.2'), later);
    expect(piecesOf(join(dir, 'dump.1'))).toEqual([]);
  });

  it('that begin with the vectors of a BIOS are snapshots of other machines', () => {
    const dir = folder();
    writeFileSync(join(dir, 'dump.1'), noise);
    const other = Buffer.from(new Random(8).bytes(3 * MIB));
    for (let vector = 0; vector < 256; vector++) other.writeUInt32LE(0xf000ff53, vector * 4);
    writeFileSync(join(dir, 'dump.2'), other);
    expect(piecesOf(join(dir, 'dump.2'))).toEqual([]);
  });

  it.each([
    ['shorter in the middle', [MIB, MIB - 4096, MIB]],
    ['longer at the end', [MIB, MIB, MIB + 4096]],
    ['empty in the middle', [MIB, 0, MIB]],
  ])('of other sizes are none: %s', (_what, sizes) => {
    const dir = folder();
    sizes.forEach((size, index) => {
      writeFileSync(join(dir, `m.${index}`), new Random(index).bytes(size));
    });
    expect(piecesOf(join(dir, 'm.0'))).toEqual([]);
  });

  it('of texts are none', () => {
    const dir = folder();
    for (const name of ['log.1', 'log.2']) writeFileSync(join(dir, name), 'a line\n'.repeat(9000));
    expect(piecesOf(join(dir, 'log.1'))).toEqual([]);
  });
});

describe('what is called like a piece', () => {
  const laid = (change: (dir: string) => void, asked = 'm.aa') => {
    const dir = folder();
    writeFileSync(join(dir, 'm'), noise);
    splitFile(join(dir, 'm'), MIB, (index) => join(dir, `m.${lettersOf(index)}`));
    change(dir);
    return piecesOf(join(dir, asked)).map(({ state }) => state !== null);
  };

  it('is none where it is a link, a pipe or a folder: it is missing', () => {
    const other = scratch.file('other', noise.subarray(0, MIB));
    expect(laid((dir) => [rmSync(join(dir, 'm.ab')), symlinkSync(other, join(dir, 'm.ab'))])).toEqual([
      true,
      false,
      true,
    ]);
    expect(laid((dir) => [rmSync(join(dir, 'm.ab')), mkdirSync(join(dir, 'm.ab'))])).toEqual([
      true,
      false,
      true,
    ]);
    expect(laid((dir) => [rmSync(join(dir, 'm.ab')), execFileSync('mkfifo', [join(dir, 'm.ab')])])).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('may be a link where a link is asked for', () => {
    const links = folder();
    laid((dir) => readdirSync(dir).map((name) => symlinkSync(join(dir, name), join(links, name))));
    expect(piecesOf(join(links, 'm.ab'))).toHaveLength(3);
  });

  it('is read no more once it was changed', () => {
    const dir = folder();
    writeFileSync(join(dir, 'm'), noise);
    splitFile(join(dir, 'm'), MIB, (index) => join(dir, `m.${lettersOf(index)}`));
    withSnapshot(join(dir, 'm.aa'), ({ contents, file }) => {
      rmSync(join(dir, 'm.ab'));
      copyFileSync(join(dir, 'm.ac'), join(dir, 'm.ab'));
      expect(contents.source.read(physical(MIB), Buffer.alloc(4096))).toBe(0);
      expect(file.troubles).toEqual([`${join(dir, 'm.ab')} was changed since the pieces were put together`]);
      expect(contents.source.read(physical(2 * MIB), Buffer.alloc(4096))).toBe(4096);
    });
  });

  it('may be one of ten thousand: few of them are open at a time', () => {
    const dir = folder();
    const bytes = noise.subarray(0, 10_000 * 256);
    writeFileSync(join(dir, 'm'), bytes);
    splitFile(join(dir, 'm'), 256, (index) => join(dir, `m.${String(index).padStart(5, '0')}`));
    withSnapshot(join(dir, 'm.04711'), ({ contents, file }) => {
      const had = Buffer.alloc(bytes.length);
      contents.source.read(physical(0), had);
      expect(had.equals(Buffer.from(bytes))).toBe(true);
      expect(file.pieces).toHaveLength(10_000);
      const mine = readdirSync('/proc/self/fd').filter((fd) => isIn(dir, fd));
      expect(mine.length).toBeLessThanOrEqual(16);
    });
  });

  /** Whether a descriptor of this process is of a file in the folder. */
  function isIn(dir: string, fd: string): boolean {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`) !== null &&
        statSync(`/proc/self/fd/${fd}`).dev === statSync(dir).dev
        ? readdirInodes(dir).has(statSync(`/proc/self/fd/${fd}`).ino)
        : false;
    } catch {
      return false;
    }
  }

  function readdirInodes(dir: string): Set<number> {
    return new Set(readdirSync(dir).map((name) => statSync(join(dir, name)).ino));
  }
});

describe('names of pieces', () => {
  it.each([
    ['xab', 'xaa', 'xba', 26],
    ['x.raw.aab', 'x.raw.aaa', 'x.raw.bre', 1122],
    ['x-aa', 'x-aa', 'x-ac', 2],
    ['x.zaab', 'x.aa', 'x.zaaa', 650],
    ['x.001', 'x.000', 'x.012', 12],
    ['x.10', 'x.0', 'x.7', 7],
    ['x.9001', 'x.00', 'x.9000', 90],
    ['x.part1.raw', 'x.part0.raw', 'x.part12.raw', 12],
    ['x-s003.vmem', 'x-s000.vmem', 'x-s009.vmem', 9],
    ['x.E01', 'x.E00', 'x.E05', 5],
  ])('%s is one after %s, and %s a later one', (name, first, later, index) => {
    const fitting = countingsOf(name).filter(({ nameOf }) => nameOf(0) === first);
    expect(fitting.map(({ indexOf }) => indexOf(later))).toContain(index);
    expect(fitting[0]!.indexOf(name)).toBeDefined();
  });

  it('are no others', () => {
    for (const name of ['web-20261128', 'x.txt1234567', '.1x']) expect(countingsOf(name)).toEqual([]);
  });
});

describe('raw files of drawn memory', () => {
  it('keep their holes', () => {
    const dir = folder();
    writeRaw(join(dir, 'm'), narrow);
    const paths = splitFile(join(dir, 'm'), MIB, (index) => join(dir, `m-${index + 1}`));
    expect(paths.length).toBeGreaterThan(1);
    withSnapshot(paths[0]!, ({ contents }) => {
      expect(differences(narrow, contents.source)).toEqual([]);
    });
  });
});
