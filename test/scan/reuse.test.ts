import { truncateSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aes } from '../../src/crypto/aes.ts';
import { type ExtentMemory, TAG_BYTES } from '../../src/memory/extents.ts';
import type { PhysicalSource } from '../../src/memory/source.ts';
import type { Scanner } from '../../src/scan/scanner.ts';
import { type SweepOptions, sweep } from '../../src/scan/sweep.ts';
import { MAXIMUM_TAGS } from '../../src/scan/tag-table.ts';
import { openSnapshot } from '../../src/snapshot/open.ts';
import { drawSchedule } from '../crypto/schedules.ts';
import { Random } from '../support/random.ts';
import { drawMemory, writeLime, writeRaw } from '../support/writers.ts';
import { type KdumpOptions, writeKdump } from '../support/writers-kdump.ts';
import { scratchFolder } from '../support/writers-scratch.ts';
import { noise } from './noise.ts';

const folder = scratchFolder();
const page = 4096;
const PAGES = 160;
/** What is recognised as one piece. */
const EXTENT_PAGES = 8;
/** And together before that, where they lie side by side. */
const STRETCH_PAGES = 64;
/** A tag for each of them. */
const ALL_TAGS = PAGES / EXTENT_PAGES + Math.ceil(PAGES / STRETCH_PAGES);

/** What a store would keep, in memory. */
class Kept implements ExtentMemory {
  readonly secret: Uint8Array;
  tags: Uint8Array = new Uint8Array(0);

  constructor(secret = 1) {
    this.secret = new Uint8Array(32).fill(secret);
  }

  recall = (): Uint8Array => this.tags;
  remember = (tags: Uint8Array): void => {
    this.tags = new Uint8Array(tags);
  };
}

/** Everything that a sweep tells: finds, and notes about what it could not look at. */
async function told(
  path: string,
  scanner: Scanner<unknown>,
  { known, ...options }: Omit<SweepOptions, 'known'> & { readonly known: ExtentMemory | null },
): Promise<unknown> {
  const snapshot = openSnapshot(path, path.endsWith('.raw') ? { base: 0 } : {});
  const notes: string[] = [];
  const hits: unknown[] = [];
  const memories = known === null ? null : () => known;
  const asked = { ...options, known: memories, note: (m: string) => notes.push(m) };
  for await (const hit of sweep([scanner], snapshot.memory, null, asked)) hits.push(hit);
  snapshot.file.close();
  return { hits, notes };
}

/** A scanner that counts the bytes it is shown. */
function counting(scanner: Scanner<unknown>): Scanner<unknown> & { bytes: number } {
  const counted = {
    ...scanner,
    bytes: 0,
    scan(bytes: Uint8Array, from: number, to: number, report: (at: number, found: unknown) => void) {
      counted.bytes += to - from;
      scanner.scan(bytes, from, to, report);
    },
  };
  return counted;
}

/** The same search over bytes that it would be too fast for: hashing plain memory pays for slow scanners. */
const slowAes: Scanner<unknown> = { ...(aes as Scanner<unknown>), isSlow: true };

/** Three letters in a row, however they lie over borders: dense enough that many extents have finds. */
const letters: Scanner<unknown> = {
  name: 'letters',
  module: import.meta.url,
  version: 1,
  isSlow: true,
  overlapBytes: 3,
  scan(bytes, from, to, report) {
    for (let at = from; at < to; at++) {
      if (bytes[at] === 0x41 && bytes[at + 1] === 0x42 && bytes[at + 2] === 0x43) report(at, 'ABC');
    }
  },
};

const kdumpOf = (options: KdumpOptions) => (path: string, memory: PhysicalSource) =>
  writeKdump(path, memory, options);
const formats: Readonly<Record<string, (path: string, memory: PhysicalSource) => void>> = {
  'plain.raw': writeRaw,
  'plain.lime': writeLime,
  'zlib.kdump': kdumpOf({}),
  'shared.kdump': kdumpOf({ level: 9, sharesEqual: true }),
  'stored.kdump': kdumpOf({ level: 0 }),
  'wide.kdump': kdumpOf({ blockBytes: 65536 }),
  'flattened.kdump': kdumpOf({ isFlattened: true }),
  'filtered.kdump': kdumpOf({ isExcluded: (frame) => frame % 11 === 3 }),
};

function drawBytes(random: Random): Uint8Array {
  const bytes = noise(PAGES * page, random.below(1 << 20));
  for (let i = 0; i < 30; i++) bytes.fill(0, ...pagesFrom(random, 3));
  for (let i = 0; i < 12; i++) plant(random, bytes);
  return bytes;
}

const pagesFrom = (random: Random, most: number): [number, number] => {
  const first = random.below(PAGES - most);
  return [first * page, (first + 1 + random.below(most)) * page];
};

/** A schedule, or a word of letters, mostly about the border of a page or an extent. */
function plant(random: Random, bytes: Uint8Array): void {
  const schedule = drawSchedule(random.bytes(random.pick([16, 24, 32]))).bytes;
  const thing = random.below(3) === 0 ? new Uint8Array([0x41, 0x42, 0x43]) : schedule;
  const border = (1 + random.below(PAGES - 2)) * page;
  const at = random.below(4) === 0 ? border + random.below(page) : border - random.below(thing.length + 2);
  bytes.set(random.below(4) === 0 ? thing.subarray(0, random.below(thing.length)) : thing, at);
}

/** What may happen to memory in some minutes. */
function change(random: Random, before: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(before);
  for (let i = random.below(6); i >= 0; i--) {
    const [from, to] = pagesFrom(random, 8);
    const border = (1 + random.below(PAGES - 2)) * page;
    const kind = random.below(6);
    if (kind === 0) bytes.fill(0, from, to);
    else if (kind === 1) bytes.copyWithin(random.below(PAGES - 8) * page, from, to);
    else if (kind === 2) bytes.set(noise(to - from, random.below(1 << 20)), from);
    else if (kind === 3) bytes[border - 1 + random.below(2)]! ^= 1 + random.below(255);
    else plant(random, bytes);
  }
  return bytes;
}

const asMemory = (bytes: Uint8Array): PhysicalSource =>
  drawMemory(
    new Map([
      [0, bytes.subarray(0, 40 * page)],
      [48 * page, bytes.subarray(40 * page)],
    ]),
  );

describe('a sweep that knows what earlier ones found nothing in', () => {
  it.each(Object.keys(formats))('finds in %s what one finds that knows nothing', async (name) => {
    for (let seed = 0; seed < 12; seed++) {
      const random = new Random(seed);
      const path = folder.path(`${seed}-${name}`);
      for (const scanner of [slowAes, letters]) {
        const known = new Kept();
        let bytes = drawBytes(random);
        for (let round = 0; round < 3; round++) {
          formats[name]!(path, asMemory(bytes));
          const blockBytes = random.pick([page, 5 * page, 16 * page, 1 << 20]);
          const expected = await told(path, scanner, { known: null });
          expect(await told(path, scanner, { known, blockBytes })).toEqual(expected);
          bytes = change(random, bytes);
        }
      }
    }
  });

  it.each(['plain.raw', 'zlib.kdump', 'wide.kdump'])('says what a cut %s lacks each time', async (name) => {
    const bytes = drawBytes(new Random(5));
    const path = folder.path(`cut-${name}`);
    formats[name]!(path, asMemory(bytes));
    const known = new Kept();
    await told(path, slowAes, { known });
    truncateSync(path, 200_000);
    const expected = await told(path, slowAes, { known: null });
    for (let round = 0; round < 2; round++) expect(await told(path, slowAes, { known })).toEqual(expected);
  });

  it('looks again only at what is new, and at what had finds', async () => {
    const bytes = noise(PAGES * page, 7);
    bytes.set(drawSchedule(new Random(7).bytes(32)).bytes, 20 * page + 100);
    const path = folder.path('again.kdump');
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const known = new Kept();
    const first = counting(aes);
    await told(path, first, { known });
    expect(first.bytes).toBe(PAGES * page);
    const second = counting(aes);
    await told(path, second, { known });
    expect(second.bytes).toBe(EXTENT_PAGES * page);
    bytes[50 * page]! ^= 1; // in the midst of an extent
    bytes[64 * page]! ^= 1; // the first byte of one: the extent before it reaches over the border
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const third = counting(aes);
    await told(path, third, { known });
    expect(third.bytes).toBe(4 * EXTENT_PAGES * page);
  });

  it('never shows zero pages to a scanner, and needs no tags for them', async () => {
    const path = folder.path('zeros.kdump');
    writeKdump(path, drawMemory(new Map([[0, new Uint8Array(PAGES * page)]])));
    const known = new Kept();
    const scanner = counting(aes);
    await told(path, scanner, { known });
    expect([scanner.bytes, known.tags.length]).toEqual([0, 0]);
  });

  it('recognises extents that moved, as far as they moved together', async () => {
    const bytes = noise(PAGES * page, 8);
    const path = folder.path('moved.kdump');
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const known = new Kept();
    await told(path, aes, { known });
    writeKdump(path, drawMemory(new Map([[64 * page, bytes]])));
    const scanner = counting(aes);
    await told(path, scanner, { known });
    expect(scanner.bytes).toBe(0);
  });

  it('takes nothing for known that another secret, version or scanner left', async () => {
    const path = folder.path('others.kdump');
    writeKdump(path, drawMemory(new Map([[0, noise(PAGES * page, 9)]])));
    const known = new Kept();
    await told(path, aes, { known });
    const other = new Kept(2);
    other.tags = known.tags;
    for (const [scanner, memory] of [
      [counting(aes), other],
      [counting({ ...aes, version: 2 }), known],
      [counting({ ...aes, name: 'others' }), known],
    ] as const) {
      const tags = known.tags;
      await told(path, scanner, { known: memory });
      expect(scanner.bytes).toBe(PAGES * page);
      known.tags = tags;
    }
  });

  it('is not misled by tags that are damaged', async () => {
    const random = new Random(10);
    const bytes = drawBytes(random);
    const path = folder.path('damaged.kdump');
    writeKdump(path, asMemory(bytes));
    const known = new Kept();
    const expected = await told(path, aes, { known });
    const sound = known.tags;
    for (const tags of [
      sound.map((byte) => byte ^ 1),
      sound.subarray(5),
      sound.subarray(0, sound.length - 3),
      new Uint8Array(TAG_BYTES * 3),
      random.bytes(10_001),
    ]) {
      known.tags = tags;
      expect(await told(path, aes, { known })).toEqual(expected);
    }
  });

  it('takes and leaves a bounded number of tags', async () => {
    const path = folder.path('bounded.kdump');
    writeKdump(path, drawMemory(new Map([[0, noise(PAGES * page, 11)]])));
    const known = new Kept();
    known.tags = new Uint8Array((MAXIMUM_TAGS + 1000) * TAG_BYTES).fill(7);
    await told(path, aes, { known });
    expect(known.tags.length).toBe(ALL_TAGS * TAG_BYTES);
  });

  it('takes tags for what they are wherever they stand in memory', async () => {
    const path = folder.path('pooled.kdump');
    writeKdump(path, drawMemory(new Map([[0, noise(PAGES * page, 15)]])));
    const known = new Kept();
    await told(path, aes, { known });
    // As buffers from a pool do: with other things around them, on no multiple of four.
    const pool = Buffer.from(noise(8192, 16));
    pool.set(known.tags, 1001);
    known.tags = pool.subarray(1001, 1001 + known.tags.length);
    const scanner = counting(aes);
    await told(path, scanner, { known });
    expect(scanner.bytes).toBe(0);
  });

  it('remembers nothing of a sweep that was ended early', async () => {
    const bytes = noise(PAGES * page, 12);
    bytes.set(drawSchedule(new Random(12).bytes(32)).bytes, 20 * page);
    const path = folder.path('early.kdump');
    writeKdump(path, drawMemory(new Map([[0, bytes]])));
    const known = new Kept();
    const { memory } = openSnapshot(path);
    for await (const _ of sweep([aes], memory, null, { known: () => known, blockBytes: page })) break;
    expect(known.tags.length).toBe(0);
  });

  it('does not hash plain memory for a scanner that is faster than that', async () => {
    const path = folder.path('fast.raw');
    writeRaw(path, drawMemory(new Map([[0, noise(PAGES * page, 13)]])));
    const known = new Kept();
    await told(path, aes, { known });
    expect(known.tags.length).toBe(0);
  });

  it('asks the memory itself what is known where it is not told', async () => {
    const path = folder.path('itself.kdump');
    writeKdump(path, drawMemory(new Map([[0, noise(PAGES * page, 14)]])));
    const known = new Kept();
    const { memory } = openSnapshot(path);
    memory.extents = (scanner) => (scanner === 'aes' ? known : null);
    for await (const _ of sweep([aes], memory, null));
    expect(known.tags.length).toBe(ALL_TAGS * TAG_BYTES);
  });
});
