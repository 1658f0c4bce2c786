// Raw files that lack what lies between pieces of RAM, drawn and as the sample's memory with more behind it.
// The kernel's own word on RAM, where the file as it stands has it, must put each piece where it belongs.

import { closeSync, copyFileSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wrapped } from '../../src/base/address.ts';
import type { Linux } from '../../src/kernel/linux/linux.ts';
import { firmwareRam, systemRam } from '../../src/kernel/linux/memory/ram.ts';
import { tasks } from '../../src/kernel/linux/process/processes.ts';
import { piecesByRam } from '../../src/session/linux/ram-layout.ts';
import { openSession, type Session } from '../../src/session/session.ts';
import { scratchFolder } from '../support/writers-scratch.ts';

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** A range, or a piece of a file, from and up to so many bytes. */
const ram = (...ranges: readonly (readonly [start: number, end: number])[]) =>
  ranges.map(([start, end]) => ({ start, end }));
/** Below 1 MiB as a PC has it, then up to `end` but for what firmware keeps. */
const low = (end: number) => [[4 * KIB, 639 * KIB] as const, [MIB, end - 152 * KIB] as const] as const;

describe('the layout of a raw file by what its kernel knows of RAM', () => {
  const layout = (ranges: ReturnType<typeof ram>, end: number, sizeBytes: number, base = 0) => {
    const found = piecesByRam(ranges, end, { base, sizeBytes });
    const pieces = found?.pieces.map(({ start, end: last, offset }) => [start, last, offset]);
    return pieces === undefined ? undefined : { pieces, isGuess: found!.isGuess };
  };

  it('has a hole of any width below 4 GiB', () => {
    const odd = 4 * GIB - 1333 * MIB;
    expect(layout(ram(...low(1333 * MIB), [4 * GIB, 4.5 * GIB]), 4.5 * GIB, 4.5 * GIB - odd)).toEqual({
      pieces: [
        [0, 1333 * MIB, 0],
        [4 * GIB, 4.5 * GIB, 1333 * MIB],
      ],
      isGuess: false,
    });
  });

  it('has each piece that was plugged in, and gaps that firmware keeps stay in the file', () => {
    const ranges = ram(
      ...low(3 * GIB),
      [4 * GIB, 5 * GIB],
      [8 * GIB, 8.5 * GIB],
      [8.5 * GIB, 9 * GIB],
      [12 * GIB, 13 * GIB],
    );
    expect(layout(ranges, 13 * GIB, 6 * GIB)?.pieces).toEqual([
      [0, 3 * GIB, 0],
      [4 * GIB, 5 * GIB, 3 * GIB],
      [8 * GIB, 9 * GIB, 4 * GIB],
      [12 * GIB, 13 * GIB, 5 * GIB],
    ]);
  });

  it('begins where RAM does on boards on which that is not 0', () => {
    expect(layout(ram([GIB, 1.5 * GIB], [2 * GIB, 2.5 * GIB]), 2.5 * GIB, GIB, GIB)?.pieces).toEqual([
      [GIB, 1.5 * GIB, 0],
      [2 * GIB, 2.5 * GIB, 0.5 * GIB],
    ]);
  });

  it('is guessed where the last piece is not told of, which begins where memory can be plugged in', () => {
    expect(layout(ram(...low(GIB / 2)), 4.5 * GIB, GIB)).toEqual({
      pieces: [
        [0, GIB / 2, 0],
        [4 * GIB, 4.5 * GIB, GIB / 2],
      ],
      isGuess: true,
    });
    expect(layout([], 4.5 * GIB, 2.5 * GIB)?.pieces).toEqual([
      [0, 2 * GIB, 0],
      [4 * GIB, 4.5 * GIB, 2 * GIB],
    ]);
  });

  it.each([
    ['is whole as it stands', ram(...low(GIB)), GIB - 152 * KIB, GIB],
    ['was cut within its only piece', ram(...low(GIB)), GIB - 152 * KIB, GIB - 300 * MIB],
    ['was cut behind the hole', ram(...low(3 * GIB), [4 * GIB, 7 * GIB]), 7 * GIB, 5.5 * GIB],
    [
      'is longer than its pieces and what lies between',
      ram(...low(GIB), [4 * GIB, 5 * GIB]),
      5 * GIB,
      7 * GIB,
    ],
    ['has ranges that overlap', ram([0, 2 * GIB], [GIB, 5 * GIB]), 5 * GIB, 2 * GIB],
    ['has memory where no machine does', ram(...low(GIB), [2 ** 53 - GIB, 2 ** 53]), 2 ** 53, 2 * GIB],
    ['has no end of RAM', [], 0, GIB],
  ] as const)('is none of a file that %s', (_, ranges, end, sizeBytes) => {
    expect(layout([...ranges], end, sizeBytes)).toBeUndefined();
  });
});

describe('a raw file with memory that the kernel got later', () => {
  const scratch = scratchFolder();
  const END = 0x580_0000;
  const ADDED = 128 * MIB;
  let sample: Session;
  let whole: string;
  let names: string[];
  const namesIn = (kernel: Linux): string[] => [...tasks(kernel)].map(({ name }) => name);

  beforeAll(() => {
    sample = openSession('samples/web-1/after.kdump');
    names = namesIn(sample.kernel);
    const memory = Buffer.alloc(END);
    for (const { start, end } of sample.snapshot.memory.ranges)
      sample.snapshot.memory.source.read(start, memory.subarray(start, end));
    whole = scratch.file('whole.raw', memory);
  });
  afterAll(() => sample.close());

  /** The sample's memory with so much more behind it, and what is written over words of the kernel. */
  function grown(name: string, bytes: number, words: ReadonlyMap<bigint, bigint>): string {
    const path = scratch.path(name);
    copyFileSync(whole, path);
    const file = openSync(path, 'r+');
    ftruncateSync(file, END + bytes);
    const word = Buffer.alloc(8);
    for (const [address, value] of words) {
      word.writeBigUInt64LE(value);
      writeSync(file, word, 0, 8, sample.kernel.space.translate(address));
    }
    closeSync(file);
    return path;
  }

  /** Words that tell the kernel of RAM up to `end`. */
  const upTo = (end: number) => [[sample.kernel.symbol('max_pfn'), BigInt(end / 4096)]] as const;

  /** Words that make entries of the tree of resources, of which there are others than RAM, into these ranges. */
  function inTree(ranges: readonly (readonly [start: number, end: number])[]): [bigint, bigint][] {
    const { kernel } = sample;
    const root = kernel.at('resource', kernel.symbol('iomem_resource'));
    const others: bigint[] = [];
    let name = 0n;
    for (let entry = root.child; entry !== null; entry = entry.sibling) {
      const text = Buffer.from(kernel.space.cString(entry.name, 64)).toString('latin1');
      if (text === 'System RAM') name = entry.name;
      else others.push(entry.address);
    }
    const offsets = sample.profile.types['resource']!.members;
    const [start, end, named] = ['start', 'end', 'name'].map((member) => BigInt(offsets[member]![0]));
    return ranges.flatMap(([first, last], index) => {
      const at = others.at(index - ranges.length)!;
      return [
        [wrapped(at + start!, 8), BigInt(first)],
        [wrapped(at + end!, 8), BigInt(last - 1)],
        [wrapped(at + named!, 8), name],
      ] as [bigint, bigint][];
    });
  }

  /** What is found in a file. */
  function opened(path: string) {
    const { profile } = sample;
    const profileSource = {
      findProfile: () => profile,
      keepProfile: () => undefined,
      findByBanner: () => profile,
      searched: '',
    };
    const session = openSession(path, { profileSource });
    const { snapshot, kernel } = session.facts;
    const steps = kernel.steps.map(({ step, outcome }) => `${step} ${outcome}`);
    const found = { names: namesIn(session.kernel), snapshot, steps, notes: kernel.notes.join('\n') };
    session.close();
    return found;
  }

  const rangesOf = ({ snapshot }: ReturnType<typeof opened>) =>
    snapshot.ranges.map(({ start, end }) => [Number(start), Number(end)]);

  it('puts it where the tree of resources says, of which firmware knows nothing', () => {
    const added = [4 * GIB, 4 * GIB + ADDED] as const;
    expect(firmwareRam(sample.kernel)).toEqual(systemRam(sample.kernel));
    const words = new Map([...upTo(added[1]), ...inTree([added])]);
    const found = opened(grown('added.raw', ADDED, words));
    expect(rangesOf(found)).toEqual([[0, END], added]);
    expect(found.snapshot.missingBytes).toBe(0);
    expect(found.names).toEqual(names);
    expect(found.notes).toBe('');
    expect(found.steps).toContain('layout found');
  });

  it('puts several pieces where they belong, and says so', () => {
    const added = [
      [4 * GIB, 4 * GIB + ADDED],
      [8 * GIB, 8 * GIB + 2 * ADDED],
    ] as const;
    const words = new Map([...upTo(added[1][1]), ...inTree(added)]);
    const found = opened(grown('several.raw', 3 * ADDED, words));
    expect(rangesOf(found)).toEqual([[0, END], ...added]);
    expect(found.snapshot.missingBytes).toBe(0);
    expect(found.names).toEqual(names);
    expect(found.notes).toContain('the ranges of RAM run together');
  });

  it('puts it behind what firmware told of where all ranges of RAM are run together', () => {
    const added = [4 * GIB, 4 * GIB + ADDED] as const;
    const all = readFileSync(grown('apart.raw', 0, new Map([...upTo(added[1]), ...inTree([added])])));
    const told = firmwareRam(sample.kernel);
    const path = scratch.file(
      'together.raw',
      Buffer.concat([...told.map(({ start, end }) => all.subarray(start, end)), Buffer.alloc(ADDED)]),
    );
    const found = opened(path);
    expect(rangesOf(found).at(-1)).toEqual(added);
    expect(found.snapshot.missingBytes).toBe(0);
    expect(found.names).toEqual(names);
  });

  it('puts it where firmware says, behind a hole of odd width', () => {
    const { kernel } = sample;
    const boot = kernel.symbol('boot_params');
    const count = kernel.space.bytes(boot + 0x1e8n, 8);
    const entries = count[0]!;
    const words = Buffer.from(count);
    words[0] = entries + 1;
    const entry = boot + 0x2d0n + BigInt(entries * 20);
    const end = 4 * GIB + 3 * MIB;
    const told = new Map<bigint, bigint>([
      ...upTo(end),
      [boot + 0x1e8n, words.readBigUInt64LE()],
      [entry, BigInt(4 * GIB)],
      [entry + 8n, BigInt(3 * MIB)],
      [entry + 16n, 1n],
    ]);
    const found = opened(grown('odd.raw', 3 * MIB, told));
    expect(rangesOf(found)).toEqual([
      [0, END],
      [4 * GIB, end],
    ]);
    expect(found.names).toEqual(names);
  });

  it('puts it nowhere where nothing tells of it but the end of RAM, and says that the rest is missing', () => {
    const found = opened(grown('untold.raw', ADDED, new Map(upTo(4 * GIB + ADDED))));
    expect(rangesOf(found)).toEqual([[0, END + ADDED]]);
    expect(found.names).toEqual(names);
    expect(found.notes).toContain('the rest is missing');
  });

  it('is laid out the same where no VMCOREINFO leads to the kernel', () => {
    const added = [4 * GIB, 4 * GIB + ADDED] as const;
    const words = new Map<bigint, bigint>([...upTo(added[1]), ...inTree([added])]);
    const path = grown('scanned.raw', ADDED, words);
    blankVmcoreinfo(path);
    const found = opened(path);
    expect(found.steps).toContain('vmcoreinfo failed');
    expect(rangesOf(found)).toEqual([[0, END], added]);
    expect(found.names).toEqual(names);
  });

  /** Writes zeros over every page in which a VMCOREINFO begins, which may be behind the header of a note. */
  function blankVmcoreinfo(path: string): void {
    const file = openSync(path, 'r+');
    const page = Buffer.alloc(4096);
    for (let at = 0; at < END; at += page.length) {
      readSync(file, page, 0, page.length, at);
      if (page.subarray(0, 64).includes('OSRELEASE=')) writeSync(file, Buffer.alloc(4096), 0, 4096, at);
    }
    closeSync(file);
  }
});
