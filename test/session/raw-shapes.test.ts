// Raw files that hold the sample's memory otherwise than from address 0 on.
// Each must answer as the sample does, and say what is odd about it.

import { closeSync, openSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { firmwareRam, ramOf, systemRam } from '../../src/kernel/linux/memory/ram.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { openSession, type Session, type SessionOptions } from '../../src/session/session.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const scratch = scratchFolder();
let sample: Session;
let memory: Buffer;
let names: string[];

const namesIn = (kernel: Linux): string[] => [...tasks(kernel)].map(({ name }) => name);

beforeAll(() => {
  sample = openSession('samples/web-1/after.kdump');
  names = namesIn(sample.kernel);
  memory = Buffer.alloc(sample.snapshot.memory.end);
  for (const { start, end } of sample.snapshot.memory.ranges)
    sample.snapshot.memory.source.read(start, memory.subarray(start, end));
});
afterAll(() => sample.close());

/** A raw file of these pieces of memory, and zeros before them. */
function raw(
  name: string,
  pieces: readonly (readonly [start: number, end: number])[],
  before = 0,
  from = memory,
): string {
  const path = scratch.path(name);
  const file = openSync(path, 'w');
  writeSync(file, Buffer.alloc(before));
  for (const [start, end] of pieces) writeSync(file, from.subarray(start, end));
  closeSync(file);
  return path;
}

/** The same memory with zeros for every page in which a VMCOREINFO begins, which may be behind the header of a note. */
function withoutVmcoreinfo(bytes: Buffer): Buffer {
  const blanked = Buffer.from(bytes);
  for (let at = 0; at < bytes.length; at += 4096)
    if (bytes.subarray(at, at + 64).includes('OSRELEASE=')) blanked.fill(0, at, at + 4096);
  return blanked;
}

/** What is found in a file, and what is said of it. */
function opened(path: string, options: SessionOptions = {}) {
  const { profile } = sample;
  const session = openSession(path, { profileSource: sourceOf(profile), ...options });
  const { snapshot, kernel } = session.facts;
  const found = { names: namesIn(session.kernel), snapshot, notes: kernel.notes };
  session.close();
  return found;
}

/** A remembered profile, which spares time. */
const sourceOf = (profile: Session['profile']) => ({
  findProfile: () => profile,
  keepProfile: () => undefined,
  findByBanner: () => undefined,
  searched: '',
});

const END = 0x580_0000;
const MIB = 1 << 20;

describe('a raw file', () => {
  it('that is whole lacks nothing, and nothing is said of it', () => {
    const { names: found, snapshot, notes } = opened(raw('whole', [[0, END]]));
    expect(found).toEqual(names);
    expect(snapshot.missingBytes).toBe(0);
    expect(notes).toEqual([]);
  });

  it.each([
    ['begins at 1 MiB', [[MIB, END]], 0, /the file lacks 1048576 bytes of memory before it/, 632 * 1024],
    ['has 512 bytes in front', [[0, END]], 512, /begins with 512 bytes that are no memory/, 0],
    ['has a page in front', [[0, END]], 4096, /begins with 4096 bytes that are no memory/, 0],
  ] as const)('that %s is laid out by where the kernel is', (name, pieces, before, said, missing) => {
    const { names: found, snapshot, notes } = opened(raw(name, pieces, before));
    expect(found).toEqual(names);
    expect(notes.join('\n')).toMatch(said);
    expect(snapshot.missingBytes).toBe(missing);
  });

  it.each([
    ['begins at 1 MiB', [[MIB, END]], 0, /the file lacks 1048576 bytes of memory before it/],
    ['has a page in front', [[0, END]], 4096, /begins with 4096 bytes that are no memory/],
  ] as const)('that %s is laid out by the image’s own tables where no VMCOREINFO is left', (...shape) => {
    const [name, pieces, before, said] = shape;
    const path = raw(`${name}, blanked`, pieces, before, withoutVmcoreinfo(memory));
    const { names: found, notes } = opened(path);
    expect(found).toEqual(names);
    expect(notes.join('\n')).toMatch(said);
  });

  it('that has the ranges of RAM run together is laid out by what firmware told', () => {
    const pieces = firmwareRam(sample.kernel).map(({ start, end }) => [start, end] as const);
    expect(pieces.length).toBeGreaterThan(1);
    const { names: found, snapshot, notes } = opened(raw('together', pieces));
    expect(found).toEqual(names);
    expect(snapshot.ranges.map(({ start }) => start)).toEqual(['0x1000', '0x100000']);
    expect(snapshot.missingBytes).toBe(0);
    expect(notes.join('\n')).toContain('the ranges of RAM run together');
    expect(notes.join('\n')).toContain('format=lime');
  });

  it('is laid out as --map says, and then nothing is said of it', () => {
    const half = 0x300_0000;
    const path = raw('by hand', [
      [half, END],
      [0, half],
    ]);
    const { names: found, notes } = opened(path, {
      map: [
        { start: 0, end: half, offset: END - half },
        { start: half, end: END, offset: 0 },
      ],
    });
    expect(found).toEqual(names);
    expect(notes).toEqual([]);
  });

  it('that was cut lacks what was cut', () => {
    const cut = 0x50_0000;
    const { snapshot, notes } = opened(raw('cut', [[0, END - cut]]));
    const [last] = ramOf(sample.kernel).slice(-1);
    expect(snapshot.missingBytes).toBe(last!.end - (END - cut));
    expect(notes.join('\n')).toMatch(
      /the kernel knows of RAM up to 0x[0-9a-f]+, the file ends at 0x5300000: the rest is missing/,
    );
  });
});

describe('where RAM is', () => {
  it('is the same to the kernel and to firmware, but for what the kernel keeps whole pages of', () => {
    const { kernel } = sample;
    expect(systemRam(kernel)).toEqual(firmwareRam(kernel));
    expect(systemRam(kernel)[0]).toEqual({ start: 0x1000, end: 0x9fc00 });
    expect(physical(systemRam(kernel).at(-1)!.end)).toBeLessThanOrEqual(END);
  });
});
