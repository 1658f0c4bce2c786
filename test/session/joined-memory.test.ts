// The sample's memory in pieces, and whole snapshots that are called like pieces: the kernel says which is which.
import { linkSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import type { ProfileSource } from '../../src/profile/profile.ts';
import { openSession } from '../../src/session/session.ts';
import { Random } from '../support/random.ts';
import { lettersOf, splitFile } from '../support/split.ts';
import { writeLime, writeRaw } from '../support/writers.ts';
import { writeElfCore } from '../support/writers-elf.ts';
import { writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
const SAMPLE = 'samples/web-1/after.kdump';
const sample = openSession(SAMPLE);
const names = [...tasks(sample.kernel)].map(({ name }) => name);
/** A remembered profile, which spares time. */
const profileSource: ProfileSource = {
  findProfile: () => sample.profile,
  keepProfile: () => undefined,
  findByBanner: () => sample.profile,
  searched: 'a test',
};
const raw = scratch.path('after.raw');
let folders = 0;

function folder(): string {
  const path = scratch.path(`folder-${folders++}`);
  mkdirSync(path);
  return path;
}

/** What is found in a file. */
function found(path: string) {
  const session = openSession(path, { profileSource });
  const { snapshot, kernel } = session.facts;
  const here = { names: [...tasks(session.kernel)].map(({ name }) => name), snapshot, kernel };
  session.close();
  return here;
}

beforeAll(() => writeRaw(raw, sample.snapshot.memory.source));
afterAll(() => sample.close());

describe('a sample in pieces', () => {
  const { source } = sample.snapshot.memory;
  it.each([
    ['raw', (path: string) => writeRaw(path, source), 2],
    ['lime', (path: string) => writeLime(path, source), 3],
    ['elf-core', (path: string) => writeElfCore(path, source), 5],
    ['kdump', (path: string) => writeKdump(path, source), 30],
  ] as const)('answers as the whole does: %s', (format, write, count) => {
    const dir = folder();
    write(join(dir, 'whole'));
    const bytes = Math.ceil(found(join(dir, 'whole')).snapshot.sizeBytes / count);
    const paths = splitFile(join(dir, 'whole'), bytes, (index) => join(dir, `x.${lettersOf(index)}`));
    const { names: had, snapshot, kernel } = found(paths[1]!);
    expect(had).toEqual(names);
    expect(snapshot).toMatchObject({ format, pieceCount: count, cut: null, missingBytes: 0, notes: [] });
    expect(snapshot.pieces.map(({ path }) => path)).toEqual(paths);
    expect(kernel.confidence).toBe('verified');
    rmSync(dir, { recursive: true });
  });
});

describe('whole memory that is called like a piece', () => {
  it('is read by itself where RAM ends in it', () => {
    const dir = folder();
    linkSync(raw, join(dir, 'web.1'));
    writeFileSync(join(dir, 'web.2'), new Random(1).bytes(2 ** 24));
    const { names: had, snapshot } = found(join(dir, 'web.1'));
    expect(had).toEqual(names);
    expect(snapshot).toMatchObject({ pieces: [], pieceCount: 0, missingBytes: 0, notes: [] });
    expect(() => found(join(dir, 'web.2'))).toThrow(/no Linux kernel found in .*web\.2/);
  });
});

describe('half of a memory', () => {
  it('is not put together with a file of something else', () => {
    const dir = folder();
    writeRaw(join(dir, 'web.1'), sample.snapshot.memory.source);
    truncateSync(join(dir, 'web.1'), 44 * 2 ** 20);
    writeFileSync(join(dir, 'web.2'), new Random(2).bytes(2 ** 24));
    const session = openSession(join(dir, 'web.1'));
    const { snapshot, kernel } = session.facts;
    session.close();
    expect(snapshot.pieces).toEqual([]);
    expect(kernel.confidence).not.toBe('verified');
  });

  it('says which piece is missing where the kernel is in others', () => {
    const dir = folder();
    const paths = splitFile(raw, 8 * 2 ** 20, (index) => join(dir, `x.${String(index).padStart(3, '0')}`));
    rmSync(paths[9]!);
    const session = openSession(paths[0]!, { profileSource });
    const { snapshot } = session.facts;
    session.close();
    expect(snapshot.pieces.at(9)).toEqual({ path: paths[9], sizeBytes: null });
    expect(snapshot.notes[0]).toMatch(/^a piece of the file is missing, 8388608 bytes: x\.009$/);
    expect(snapshot.cut).not.toBeNull();
    expect(snapshot.missingBytes).toBeGreaterThan(0);
  });
});
