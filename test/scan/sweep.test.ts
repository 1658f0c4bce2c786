import { describe, expect, it } from 'vitest';
import { physical } from '../../src/base/address.ts';
import { UnreadableFile } from '../../src/base/errors.ts';
import { aes } from '../../src/crypto/aes.ts';
import { PhysicalMemory } from '../../src/memory/physical.ts';
import type { PhysicalSource } from '../../src/memory/source.ts';
import { planBlocks } from '../../src/scan/plan.ts';
import type { Scanner } from '../../src/scan/scanner.ts';
import { type SweepOptions, sweep } from '../../src/scan/sweep.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { Random } from '../support/random.ts';
import { drawMemory } from '../support/writers.ts';
import { noise } from './noise.ts';

const page = 4096;

/** A key schedule, and where it is. */
type Key = { readonly physical: number } & Readonly<Record<string, unknown>>;

async function keysIn(source: PhysicalSource, options: SweepOptions = {}): Promise<Key[]> {
  const hits: Key[] = [];
  for await (const { physical, found } of sweep([aes], new PhysicalMemory(source), null, options))
    hits.push({ physical, ...(found as object) });
  return hits;
}

/** Memory that has bad pages: reading ends before each. */
const damaged = (source: PhysicalSource, bad: (pageAt: number) => boolean): PhysicalSource => ({
  ...source,
  read(at, into) {
    let good = 0;
    while (good < into.length && !bad(at + good)) good += page;
    return good === 0 ? 0 : source.read(at, into.subarray(0, good));
  },
});

/** Reports every byte that is 0x41. */
const letters: Scanner<string> = {
  name: 'letters',
  module: import.meta.url,
  version: 1,
  overlapBytes: 1,
  scan(bytes, from, to, report) {
    for (let at = to - 1; at >= from; at--) if (bytes[at] === 0x41) report(at, 'A');
  },
};

describe('the plan of a sweep', () => {
  const range = (start: number, end: number) => ({ start: physical(start), end: physical(end) });

  it('joins ranges that touch and lets nothing reach over a hole', () => {
    const ranges = [range(0, 0x2000), range(0x2000, 0x5000), range(0x8000, 0x9000)];
    expect(planBlocks(ranges, 0x2000, 0x1000)).toEqual([
      { start: 0, length: 0x2000, lead: 0, tail: 0x1000 },
      { start: 0x2000, length: 0x2000, lead: 0x1000, tail: 0x1000 },
      { start: 0x4000, length: 0x1000, lead: 0x1000, tail: 0 },
      { start: 0x8000, length: 0x1000, lead: 0, tail: 0 },
    ]);
  });

  it('is empty where memory is', () => {
    expect(planBlocks([], 0x2000, 0x1000)).toEqual([]);
  });
});

describe('a sweep', () => {
  const { bytes: schedule, truth } = drawSchedule(new Random(1).bytes(32));

  it('finds a schedule at the first and the last byte, over blocks, and over ranges that touch', async () => {
    const low = new Uint8Array(4 * page);
    low.set(schedule, 0);
    low.set(schedule, 2 * page - 100);
    low.set(schedule.subarray(0, 77), 4 * page - 77);
    const high = new Uint8Array(2 * page);
    high.set(schedule.subarray(77), 0);
    high.set(schedule, 2 * page - 240);
    const source = drawMemory(
      new Map([
        [0x10000, low],
        [0x14000, high],
      ]),
    );
    for (const blockBytes of [page, 2 * page, 1 << 20]) {
      expect(await keysIn(source, { blockBytes })).toEqual(
        [0x10000, 0x12000 - 100, 0x14000 - 77, 0x16000 - 240].map((at) => ({ physical: at, ...truth })),
      );
    }
  });

  it('gives the same finds for every size of block', async () => {
    const random = new Random(2);
    const bytes = noise(64 * page, 2);
    for (let empty = 0; empty < 64; empty += 3) bytes.fill(0, empty * page, (empty + 1) * page);
    for (let i = 0; i < 60; i++) {
      const { bytes: strewn } = drawSchedule(random.bytes(random.pick([16, 24, 32])));
      const at = (random.below(63) + 1) * page - random.below(300);
      bytes.set(random.below(3) === 0 ? strewn.subarray(0, random.below(240)) : strewn, at);
      if (random.below(3) === 0) bytes.set(strewn.subarray(random.below(120)), random.below(63) * page);
    }
    const source = drawMemory(new Map([[0, bytes]]));
    const expected = await keysIn(source, { blockBytes: 64 * page });
    expect(new Set(expected.map(({ part }) => part))).toEqual(new Set(['whole', 'head', 'tail']));
    for (const pages of [1, 2, 5, 16]) {
      expect(await keysIn(source, { blockBytes: pages * page })).toEqual(expected);
    }
  });

  it('tells its progress up to the last byte', async () => {
    const told: [number, number][] = [];
    const source = drawMemory(
      new Map([
        [0, new Uint8Array(3 * page)],
        [0x10000, new Uint8Array(page)],
      ]),
    );
    await keysIn(source, { blockBytes: 2 * page, progress: (done, total) => told.push([done, total]) });
    expect(told).toEqual([
      [2 * page, 4 * page],
      [3 * page, 4 * page],
      [4 * page, 4 * page],
    ]);
  });

  it('skips pages that cannot be read, finds what is around them, and says so in one note', async () => {
    const bytes = new Uint8Array(8 * page);
    bytes.set(schedule, 100);
    bytes.set(schedule, 4 * page);
    bytes.set(schedule, 6 * page + 5);
    const bad = new Set([1, 3, 4].map((number) => number * page));
    const notes: string[] = [];
    for (const blockBytes of [page, 3 * page, 8 * page]) {
      const source = damaged(drawMemory(new Map([[0x100000, bytes]])), (at) => bad.has(at - 0x100000));
      const hits = await keysIn(source, { blockBytes, note: (message) => notes.push(message) });
      expect(hits.map((hit) => hit.physical)).toEqual([0x100064, 0x106005]);
    }
    expect(notes).toEqual(Array(3).fill('aes: 12288 bytes could not be read, the first at 0x101000'));
  });

  it('says why where a whole block cannot be read', async () => {
    const notes: string[] = [];
    const source: PhysicalSource = {
      ...drawMemory(new Map([[0, new Uint8Array(4 * page)]])),
      read() {
        throw new UnreadableFile('cannot read snapshot: EIO');
      },
    };
    expect(await keysIn(source, { blockBytes: page, note: (message) => notes.push(message) })).toEqual([]);
    expect(notes).toEqual([
      'aes: 16384 bytes could not be read, the first at 0x0 (cannot read snapshot: EIO)',
    ]);
  });

  it('loses the finds of a block over which its scanner fails, and says so', async () => {
    const failing: Scanner<string> = {
      ...letters,
      scan(bytes, from, to, report) {
        letters.scan(bytes, from, to, report);
        if (bytes[from] === 0x42) throw new TypeError(`no such thing ${'x'.repeat(1000)}`);
      },
    };
    const bytes = new Uint8Array(3 * page).fill(0x43);
    for (const at of [5, page + 5, 2 * page + 5]) bytes[at] = 0x41;
    bytes[page] = 0x42;
    const memory = new PhysicalMemory(drawMemory(new Map([[0, bytes]])));
    const notes: string[] = [];
    const hits: string[] = [];
    const options: SweepOptions = { blockBytes: page, note: (message, by) => notes.push(`${by} ${message}`) };
    for await (const { by, physical } of sweep([failing, letters], memory, null, options))
      hits.push(`${by} ${physical}`);
    expect(hits).toEqual(['0 5', '1 5', '1 4101', '0 8197', '1 8197']);
    expect(notes).toEqual([
      `0 letters: the scanner failed over one block, whose finds are missing, the first at 0x1000 (no such thing ${'x'.repeat(186)})`,
    ]);
  });

  it('keeps a bounded number of finds a block, in ascending order, and says how many it left out', async () => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, new Uint8Array(2 * page).fill(0x41)]])));
    const notes: string[] = [];
    let count = 0;
    for await (const hit of sweep([letters], memory, null, { note: (message) => notes.push(message) })) {
      expect(hit.found).toBe('A');
      count++;
    }
    expect(count).toBe(4096);
    expect(notes).toEqual(['letters: 4096 finds left out, too many in one block, the first at 0x0']);
  });

  it('stops with a note at the number of finds that is asked for', async () => {
    const memory = new PhysicalMemory(drawMemory(new Map([[0, new Uint8Array(page).fill(0x41)]])));
    const notes: string[] = [];
    const places: number[] = [];
    const options: SweepOptions = { maximumHits: 3, note: (message) => notes.push(message) };
    for await (const hit of sweep([letters], memory, null, options)) places.push(hit.physical);
    expect(places).toEqual([0, 1, 2]);
    expect(notes).toEqual(['letters: stopped after 3 finds, at 0x3']);
  });

  it('reads no further once nobody listens', async () => {
    let reads = 0;
    const source = damaged(drawMemory(new Map([[0, new Uint8Array(64 * page).fill(0x41)]])), () => {
      reads++;
      return false;
    });
    for await (const _ of sweep([letters], new PhysicalMemory(source), null, { blockBytes: page })) break;
    expect(reads).toBeLessThan(4);
  });
});
